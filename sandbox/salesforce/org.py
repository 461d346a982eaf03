"""What every org is born with: itself, its users, stages, the standard price book, what sends change events.

The firm's data is seed.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.salesforce.store import Store
from sandbox.salesforce.streaming.channels import DEFAULT_ENTITIES, entity_channel
from sandbox.salesforce.transaction import Transaction

_DOMAIN = "brindlewick.example"

#: Who made the first user: nobody that the org lists.
_PLATFORM = "005000000000000AAA"

#: label, probability, closed, won, forecast category, its name
_STAGES: tuple[tuple[str, int, bool, bool, str, str], ...] = (
    ("Prospecting", 10, False, False, "Pipeline", "Pipeline"),
    ("Qualification", 10, False, False, "Pipeline", "Pipeline"),
    ("Needs Analysis", 20, False, False, "Pipeline", "Pipeline"),
    ("Proposal/Price Quote", 75, False, False, "BestCase", "Best Case"),
    ("Negotiation/Review", 90, False, False, "Forecast", "Commit"),
    ("Closed Won", 100, True, True, "Closed", "Closed"),
    ("Closed Lost", 0, True, False, "Omitted", "Omitted"),
)


@dataclass(frozen=True)
class Org:
    """Ids of what is always there. The integration user is whom the app's client credentials run as."""

    id: str
    admin_id: str
    sales_id: str
    integration_id: str
    standard_book_id: str
    sales_username: str


def found_org(store: Store) -> Org:
    """Make the org's own rows; call once, on an empty store."""
    with store.transaction(_PLATFORM) as tx:
        admin = tx.insert_as_platform("User", _user("Olwen", "Price", "olwen.price"))
    with store.transaction(admin) as tx:
        org_id = tx.insert_as_platform("Organization", _ORGANIZATION)
        sales = tx.insert_as_platform("User", _user("Priya", "Shah", "priya.shah"))
        integration = tx.insert_as_platform("User", _user("Accounts", "Integration", "accounts.integration"))
        book = tx.insert_as_platform(
            "Pricebook2", {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True}
        )
        permissions = {"Name": "Accounts_Integration", "Label": "Accounts Integration"}
        tx.insert_as_platform("PermissionSet", permissions)
        _make_stages(tx)
        _select_entities(tx)
    return Org(org_id, admin, sales, integration, book, f"priya.shah@{_DOMAIN}")


_ORGANIZATION: dict[str, Any] = {
    "Name": "Brindlewick Office Supplies Ltd",
    "Street": "14 Tannery Lane",
    "City": "Ludlow",
    "PostalCode": "SY8 1DZ",
    "Country": "United Kingdom",
    "OrganizationType": "Enterprise Edition",
    "InstanceName": "GBR12",
    "IsSandbox": False,
    "TimeZoneSidKey": "Europe/London",
    "LanguageLocaleKey": "en_US",
    "DefaultLocaleSidKey": "en_GB",
    "FiscalYearStartMonth": 4,
}


def _user(first: str, last: str, mailbox: str) -> dict[str, Any]:
    address = f"{mailbox}@{_DOMAIN}"
    return {
        "FirstName": first,
        "LastName": last,
        "Username": address,
        "Email": address,
        "Alias": mailbox[:8],
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": "Europe/London",
        "LocaleSidKey": "en_GB",
        "LanguageLocaleKey": "en_US",
    }


def _make_stages(tx: Transaction) -> None:
    for order, (label, probability, closed, won, category, category_name) in enumerate(_STAGES, start=1):
        stage = {
            "MasterLabel": label,
            "ApiName": label,
            "IsActive": True,
            "SortOrder": order,
            "IsClosed": closed,
            "IsWon": won,
            "ForecastCategory": category,
            "ForecastCategoryName": category_name,
            "DefaultProbability": Decimal(probability),
        }
        tx.insert_as_platform("OpportunityStage", stage)


def _select_entities(tx: Transaction) -> None:
    """Setup shows the selection of the standard channel as its members (reference section 2.8)."""
    for entity in DEFAULT_ENTITIES:
        event = entity_channel(entity).removeprefix("/data/")
        name = f"ChangeEvents_{event}"
        member = {
            "DeveloperName": name,
            "MasterLabel": name,
            "EventChannel": "ChangeEvents",
            "SelectedEntity": event,
        }
        tx.insert_as_platform("PlatformEventChannelMember", member)
