"""What happens after the deals: people on both sides go on working, and each scene says what both have to show then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.values import read_decimal
from connectors.salesforce.rest import SalesforceClient
from console.demo.actors import Played, create
from console.demo.custom_field import BOX, FIELD

Row = Mapping[str, Any]

#: Who and what the scenes are about: deals of the story, and a product that both systems have.
EDITED, PAID, ORDERED, TOLD = "Studio desks", "Tap room seating", "Fitting service", "Handbooks and delivery"
PRICED, NOMINAL_CODE = "CAB-004", 4000


@dataclass(frozen=True)
class Worlds:
    """Both systems as people use them, and the deals that were played, by name."""

    salesforce: SalesforceClient
    kashflow: KashFlowClient
    deals: Mapping[str, Played]
    #: The day, as both systems write it.
    today: str
    #: Runs a command of `kashforce`, given as its words.
    command: Callable[..., None]

    def record(self, entity: str, record_id: str, *fields: str) -> Row:
        (row,) = self.salesforce.collections_retrieve(entity, [record_id], ["Id", *fields])
        return row or {}

    def rows(self, fields: str, entity: str, condition: str) -> list[Row]:
        """The records of an object that meet a condition of ours; nobody else's words are in it."""
        return list(self.salesforce.query(f"SELECT {fields} FROM {entity} WHERE {condition}"))  # noqa: S608 - see above

    def invoices(self, record_id: str) -> list[Row]:
        """The invoices that bear the stamp of a deal or an order, whole."""
        found = self.kashflow.invoices.find_by_reference(f"SF-{record_id}")
        return [self.kashflow.invoices.get(int(row["Number"])) for row in found]

    def customer(self, deal: str) -> Row:
        """The customer that a deal was billed to."""
        (invoice,) = self.invoices(self.deals[deal].opportunity_id)
        return self.kashflow.customers.get(str(invoice["CustomerCode"]))


@dataclass(frozen=True)
class Shown:
    """One thing as both sides show it, and as both should."""

    what: str
    salesforce: str
    kashflow: str
    wanted: str
    #: Where KashFlow says it in another word.
    wanted_of_kashflow: str = ""

    @property
    def right(self) -> bool:
        wanted = (self.wanted, self.wanted_of_kashflow or self.wanted)
        return (self.salesforce, self.kashflow) == wanted


@dataclass(frozen=True)
class Scene:
    """What people do, and what has to be seen of it."""

    name: str
    act: Callable[[Worlds], None]
    look: Callable[[Worlds], Iterator[Shown]]


def _both_edit(worlds: Worlds) -> None:
    """The bookkeeper and the sales person edit one customer in the same moment, neither knowing of the other."""
    customer, account_id = worlds.customer(EDITED), worlds.deals[EDITED].account_id
    worlds.kashflow.customers.update(customer["Code"], {**customer, "Name": "Larkfield & Daughters"})
    worlds.salesforce.update("Account", account_id, {"BillingCity": "Stoke-on-Trent"})
    (person,) = worlds.rows("Id", "Contact", f"AccountId = '{account_id}'")
    worlds.salesforce.update("Contact", str(person["Id"]), {"Phone": "01632 960 777"})


def _customer_shown(worlds: Worlds) -> Iterator[Shown]:
    account_id = worlds.deals[EDITED].account_id
    account = worlds.record("Account", account_id, "Name", "BillingCity", "ExternalID__c")
    (person,) = worlds.rows("Phone", "Contact", f"AccountId = '{account_id}'")
    customer = worlds.customer(EDITED)
    telephone = str(customer["Contacts"][0]["Telephone"])
    yield Shown("name", account["Name"], customer["Name"], "Larkfield & Daughters")
    yield Shown("town", account["BillingCity"], customer["Addresses"][0]["Line3"], "Stoke-on-Trent")
    yield Shown("telephone", str(person["Phone"]), telephone, "01632 960 777")
    yield Shown("code", str(account["ExternalID__c"]), customer["Code"], customer["Code"])


def _fill_custom_field(worlds: Worlds) -> None:
    worlds.salesforce.update("Account", worlds.deals[TOLD].account_id, {FIELD: "West Midlands"})


def _custom_field_shown(worlds: Worlds) -> Iterator[Shown]:
    account = worlds.record("Account", worlds.deals[TOLD].account_id, FIELD)
    boxes = {row["Name"]: str(row["Value"]) for row in worlds.customer(TOLD)["CustomTextBoxes"]}
    yield Shown(BOX, str(account[FIELD]), boxes.get(BOX, ""), "West Midlands")


def _load_products(worlds: Worlds) -> None:
    """What was there before is told by no event."""
    worlds.command("backfill", "product", "--from", "salesforce", "--yes")


def _products_shown(worlds: Worlds) -> Iterator[Shown]:
    ours = worlds.rows("ProductCode, KashFlow_Id__c", "Product2", "IsActive = true")
    theirs = {str(row["Code"]): str(row["Id"]) for row in worlds.kashflow.products.list().rows}
    linked = sum(row["KashFlow_Id__c"] == theirs.get(str(row["ProductCode"])) for row in ours)
    yield Shown("products, linked", str(len(ours)), str(linked), str(len(ours)))


def _raise_price(worlds: Worlds) -> None:
    worlds.salesforce.update("PricebookEntry", str(_entry(worlds)["Id"]), {"UnitPrice": Decimal("172.50")})


def _price_shown(worlds: Worlds) -> Iterator[Shown]:
    product = worlds.kashflow.products.get(NOMINAL_CODE, PRICED)
    yield Shown(f"price of {PRICED}", _money(_entry(worlds)["UnitPrice"]), _money(product["Price"]), "172.50")


def _entry(worlds: Worlds) -> Row:
    condition = f"Product2.ProductCode = '{PRICED}' AND Pricebook2.IsStandard = true"
    (row,) = worlds.rows("Id, UnitPrice, Pricebook2Id", "PricebookEntry", condition)
    return row


def _activate_order(worlds: Worlds) -> None:
    entry = _entry(worlds)
    order = {
        "AccountId": worlds.deals[ORDERED].account_id,
        "EffectiveDate": worlds.today,
        "Status": "Draft",
        "Pricebook2Id": entry["Pricebook2Id"],
    }
    (order_id,) = create(worlds.salesforce, "Order", [order])
    line = {"OrderId": order_id, "PricebookEntryId": entry["Id"], "Quantity": 2, "UnitPrice": Decimal(160)}
    create(worlds.salesforce, "OrderItem", [line])
    worlds.salesforce.update("Order", order_id, {"Status": "Activated"})


def _order_shown(worlds: Worlds) -> Iterator[Shown]:
    account_id = worlds.deals[ORDERED].account_id
    (order,) = worlds.rows(
        "Id, KashFlow_Invoice_Number__c, KashFlow_Gross__c", "Order", f"AccountId = '{account_id}'"
    )
    invoices = worlds.invoices(str(order["Id"]))
    yield Shown("invoices", "1", str(len(invoices)), "1")
    number = str(invoices[0]["Number"]) if invoices else ""
    yield Shown("its number", str(order["KashFlow_Invoice_Number__c"] or ""), number, number or "a number")
    gross = _money(invoices[0]["GrossAmount"]) if invoices else ""
    yield Shown("gross", _money(order["KashFlow_Gross__c"]), gross, "384.00")


def _pay_a_part(worlds: Worlds) -> None:
    """The bookkeeper finds it on the bank statement."""
    (invoice,) = worlds.invoices(worlds.deals[PAID].opportunity_id)
    account = worlds.kashflow.bank_accounts.list().rows[0]
    method = worlds.kashflow.payment_methods("invoice")[0]
    line = {
        "Date": f"{worlds.today} 12:00:00",
        "Amount": Decimal(500),
        "AccountId": account["Id"],
        "Method": method["Id"],
    }
    lines = [*invoice.get("PaymentLines", []), line]
    worlds.kashflow.invoices.update(int(invoice["Number"]), {**invoice, "PaymentLines": lines})


def _part_shown(worlds: Worlds) -> Iterator[Shown]:
    yield from _payments_shown(worlds, paid="500.00", due="1582.60", status="Part paid")


def _pay_the_rest(worlds: Worlds) -> None:
    """A card payment, which the sales person enters in Salesforce."""
    payment = {
        "Opportunity__c": worlds.deals[PAID].opportunity_id,
        "Amount__c": Decimal("1582.60"),
        "Payment_Date__c": worlds.today,
    }
    create(worlds.salesforce, "Payment__c", [payment])


def _rest_shown(worlds: Worlds) -> Iterator[Shown]:
    yield from _payments_shown(worlds, paid="2082.60", due="0.00", status="Paid")
    deal = worlds.deals[PAID].opportunity_id
    rows = worlds.rows("Amount__c", "Payment__c", f"Opportunity__c = '{deal}'")
    (invoice,) = worlds.invoices(deal)
    yield Shown(
        "payments",
        ", ".join(sorted(_money(row["Amount__c"]) for row in rows)),
        ", ".join(sorted(_money(line["Amount"]) for line in invoice["PaymentLines"])),
        "1582.60, 500.00",
    )


def _payments_shown(worlds: Worlds, *, paid: str, due: str, status: str) -> Iterator[Shown]:
    deal = worlds.deals[PAID].opportunity_id
    shown = worlds.record(
        "Opportunity", deal, "KashFlow_Paid__c", "KashFlow_Due__c", "KashFlow_Invoice_Status__c"
    )
    (invoice,) = worlds.invoices(deal)
    yield Shown("paid", _money(shown["KashFlow_Paid__c"]), _money(invoice["TotalPaidAmount"]), paid)
    yield Shown("due", _money(shown["KashFlow_Due__c"]), _money(invoice["DueAmount"]), due)
    said = str(shown["KashFlow_Invoice_Status__c"] or "")
    # KashFlow has no word for an invoice that is paid in part.
    yield Shown("status", said, str(invoice["Status"]), status, "Unpaid" if status == "Part paid" else "")


def _money(value: Any) -> str:
    amount = read_decimal(value)
    return "" if amount is None else f"{amount:.2f}"


#: Scenes of one act happen at once; the next act begins when both sides show what they should.
ACTS: Sequence[Sequence[Scene]] = (
    (Scene("products loaded", _load_products, _products_shown),),
    (
        Scene("customer edited on both sides", _both_edit, _customer_shown),
        Scene("custom field filled", _fill_custom_field, _custom_field_shown),
        Scene("price raised in Salesforce", _raise_price, _price_shown),
        Scene("Order activated", _activate_order, _order_shown),
        Scene("part paid in KashFlow", _pay_a_part, _part_shown),
    ),
    (Scene("rest paid in Salesforce", _pay_the_rest, _rest_shown),),
)
