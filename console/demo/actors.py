"""The people of the story: an administrator who fills the org, and a sales person who closes the deals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.salesforce.rest import SalesforceClient
from console.demo.story import Buyer, Deal, Product, Story

OPEN_STAGE, WON, LOST = "Proposal/Price Quote", "Closed Won", "Closed Lost"


class ActorFailed(Exception):
    """The sandbox would not have a record of the story; the text is its answer."""


@dataclass(frozen=True)
class Played:
    """A deal of the story and the Opportunity it became; `closed_at` is set when it is closed."""

    deal: Deal
    opportunity_id: str
    account_id: str
    closed_at: datetime | None = None


def prepare(client: SalesforceClient, story: Story, today: str) -> list[Played]:
    """Accounts, contacts, products and open Opportunities with their lines; in the story's order."""
    _add_products(client, story.products)
    accounts = dict(zip(story.buyers, create(client, "Account", map(_account, story.buyers)), strict=True))
    contacts = dict(
        zip(
            story.buyers,
            create(client, "Contact", (_contact(buyer, accounts[buyer]) for buyer in story.buyers)),
            strict=True,
        )
    )
    deals = story.deals
    ids = create(client, "Opportunity", (_opportunity(deal, accounts[deal.buyer], today) for deal in deals))
    create(
        client,
        "OpportunityContactRole",
        (
            {
                "OpportunityId": id_,
                "ContactId": contacts[deal.buyer],
                "Role": "Decision Maker",
                "IsPrimary": True,
            }
            for deal, id_ in zip(deals, ids, strict=True)
        ),
    )
    prices = _price_book(client)
    create(
        client,
        "OpportunityLineItem",
        (
            {
                "OpportunityId": id_,
                "PricebookEntryId": prices[line.product],
                "Quantity": line.quantity,
                "UnitPrice": Decimal(line.price),
                **({"Discount": Decimal(line.discount)} if line.discount != "0" else {}),
            }
            for deal, id_ in zip(deals, ids, strict=True)
            for line in deal.lines
        ),
    )
    return [Played(deal, id_, accounts[deal.buyer]) for deal, id_ in zip(deals, ids, strict=True)]


def close(client: SalesforceClient, deals: Sequence[Played]) -> None:
    """Close these deals as the story has it, in one transaction."""
    _update(client, deals, lambda deal: WON if deal.won else LOST)


def reopen(client: SalesforceClient, deals: Sequence[Played]) -> None:
    """Take the deals back to an open stage."""
    _update(client, deals, lambda _: OPEN_STAGE)


def _update(client: SalesforceClient, deals: Sequence[Played], stage_of: Any) -> None:
    records = [{"Id": played.opportunity_id, "StageName": stage_of(played.deal)} for played in deals]
    for result in client.collections_update("Opportunity", records):
        if result.error:
            raise ActorFailed(f"an Opportunity could not be closed: {result.error}")


def known_to(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The postcode of each of the first four customers of KashFlow whose name no other one has."""
    listed = list(rows)
    names = Counter(str(row["Name"]) for row in listed)
    homes = {
        str(row["Name"]): str(row["Addresses"][0]["PostCode"])
        for row in listed
        if names[str(row["Name"])] == 1
    }
    return dict(list(homes.items())[:4])


def create(client: SalesforceClient, entity: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Make records; their ids in order. Raises ActorFailed."""
    ids = []
    for result in client.collections_create(entity, list(records)):
        if result.error or not result.id:
            raise ActorFailed(f"the sandbox would not have a record of {entity}: {result.error}")
        ids.append(result.id)
    return ids


def _account(buyer: Buyer) -> dict[str, Any]:
    return {
        "Name": buyer.name,
        "BillingStreet": "1 Market Square\nUnit 4",
        "BillingCity": "Shrewsbury",
        "BillingPostalCode": buyer.postcode,
        "BillingCountry": buyer.country,
    }


def _contact(buyer: Buyer, account_id: str) -> dict[str, Any]:
    first, last = buyer.contact
    email = f"{first}.{last}@{''.join(filter(str.isalnum, buyer.name)).lower()}.example".lower()
    return {"FirstName": first, "LastName": last, "AccountId": account_id, "Email": email}


def _opportunity(deal: Deal, account_id: str, today: str) -> dict[str, Any]:
    return {
        "Name": deal.name,
        "AccountId": account_id,
        "StageName": OPEN_STAGE,
        "CloseDate": today,
        "Amount": Decimal(deal.amount),
    }


def _add_products(client: SalesforceClient, products: Sequence[Product]) -> None:
    if not products:
        return
    ids = create(
        client,
        "Product2",
        (
            {
                "Name": one.name,
                "ProductCode": one.code,
                "IsActive": True,
                "VAT_Rate__c": Decimal(one.vat_rate),
            }
            for one in products
        ),
    )
    (book,) = client.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    create(
        client,
        "PricebookEntry",
        (
            {"Pricebook2Id": book["Id"], "Product2Id": id_, "UnitPrice": Decimal(one.price), "IsActive": True}
            for one, id_ in zip(products, ids, strict=True)
        ),
    )


def _price_book(client: SalesforceClient) -> dict[str, str]:
    """Entries of the standard price book by product code."""
    rows = client.query(
        "SELECT Id, Product2.ProductCode FROM PricebookEntry WHERE Pricebook2.IsStandard = true AND IsActive = true"
    )
    return {row["Product2"]["ProductCode"]: row["Id"] for row in rows}
