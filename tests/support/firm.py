"""What the people of a small firm do in both worlds of the sandbox, and what they then see there; not Kashforce."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.faults import Fault
from sandbox.kashflow.world import KashFlowWorld
from sandbox.salesforce.fields import field_from
from sandbox.server import Sandbox

WON = "Closed Won"
#: Where a POST makes a record.
_MADE_AT = ("/customers", "/invoices", "/products", "/composite/sobjects")

Row = Mapping[str, Any]
T = TypeVar("T")


class Firm:
    """The sales people in Salesforce, the bookkeeper in KashFlow, and the troubles of both systems."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def now(self) -> datetime:
        return self.sandbox.worlds.clock.now()

    # -- Salesforce as its people use it ------------------------------------------------------------

    def create(self, entity: str, **fields: Any) -> str:
        """A person makes a record; its id."""
        return self.create_many(entity, [fields])[0]

    def create_many(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Somebody imports records, all in one transaction; their ids."""

        def work() -> list[str]:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                return [tx.create(entity, fields) for fields in rows]

        return self.sandbox.run(work)

    def change(self, record_id: str, **fields: Any) -> None:
        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                tx.update(record_id, fields)

        self.sandbox.run(work)

    def delete(self, record_id: str) -> None:
        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                tx.delete(record_id)

        self.sandbox.run(work)

    def account(self, name: str, country: str | None = "United Kingdom", **fields: Any) -> str:
        return self.create("Account", Name=name, BillingCountry=country, **fields)

    def product(self, name: str, price: str, **fields: Any) -> str:
        """A product with a standard price; the id of its price book entry."""
        product = self.create("Product2", Name=name, IsActive=True, **fields)
        book = self.sandbox.salesforce.org.standard_book_id
        return self.create(
            "PricebookEntry", Pricebook2Id=book, Product2Id=product, UnitPrice=price, IsActive=True
        )

    def line(self, deal: str, entry: str, quantity: Any, unit_price: str, **fields: Any) -> str:
        return self.create(
            "OpportunityLineItem",
            OpportunityId=deal,
            PricebookEntryId=entry,
            Quantity=quantity,
            UnitPrice=unit_price,
            **fields,
        )

    def record(self, record_id: str) -> Row:
        row = self.sandbox.run(lambda: self.sandbox.salesforce.store.row(record_id))
        assert row is not None, f"{record_id} is gone"
        return row

    def accounts(self, name: str) -> list[Row]:
        """The living Accounts of this name."""
        return [row for row in self._living("Account") if row["Name"] == name]

    def people(self, account_id: str) -> list[Row]:
        """The living Contacts of this Account."""
        return [row for row in self._living("Contact") if row["AccountId"] == account_id]

    def _living(self, entity: str) -> list[Row]:
        def work() -> list[Row]:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                return list(tx.rows(entity))

        return self.sandbox.run(work)

    def hide(self, entity: str, record_id: str) -> None:
        """Nobody may see the record any more, not even in the recycle bin; no event tells of that."""
        self.sandbox.run(lambda: self.sandbox.salesforce.store._tables.put(entity, record_id, None))

    def undelete(self, record_id: str) -> None:
        """A person takes a record out of the recycle bin."""

        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                tx.undelete(record_id)

        self.sandbox.run(work)

    def merge(self, winner: str, *losers: str, **fields: Any) -> None:
        """A person merges Accounts into one, which takes `fields` and whatever hangs on the others."""

        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                tx.merge(winner, losers, fields)

        self.sandbox.run(work)

    def open_deal(self, account_id: str, amount: Any = "1200.00", **fields: Any) -> dict[str, Any]:
        """The fields of an open Opportunity."""
        values = {
            "Name": "Office refit",
            "StageName": "Proposal/Price Quote",
            "CloseDate": self.now().date().isoformat(),
            "AccountId": account_id,
            "Amount": amount,
        }
        return {**values, **fields}

    def deal(self, account_id: str, amount: Any = "1200.00", **fields: Any) -> str:
        """An open Opportunity."""
        return self.create("Opportunity", **self.open_deal(account_id, amount, **fields))

    def win(self, *opportunities: str) -> None:
        """Close them as won, all in one transaction and so in the same second."""

        def work() -> None:
            world = self.sandbox.salesforce
            with world.store.transaction(world.org.admin_id) as tx:
                for opportunity in opportunities:
                    tx.update(opportunity, {"StageName": WON})

        self.sandbox.run(work)

    def order(self, account_id: str, entry: str, quantity: Any, unit_price: str, **fields: Any) -> str:
        """A draft Order of one product."""
        order = self.create(
            "Order",
            AccountId=account_id,
            EffectiveDate=self.now().date().isoformat(),
            Status="Draft",
            Pricebook2Id=self.sandbox.salesforce.org.standard_book_id,
            **fields,
        )
        self.create(
            "OrderItem", OrderId=order, PricebookEntryId=entry, Quantity=quantity, UnitPrice=unit_price
        )
        return order

    def activate(self, order: str) -> None:
        """The customer has agreed."""
        self.change(order, Status="Activated")

    def allow_several_currencies(self) -> None:
        """The administrator lets prices be in several currencies; what has none is of the organisation's own."""

        def work() -> None:
            schema = self.sandbox.salesforce.schema
            facts = {"type": "picklist", "length": 3, "values": ["GBP", "EUR"]}
            one = field_from("CurrencyIsoCode", facts, custom=False)
            schema.add_field(schema.entity("PricebookEntry"), one, self.now())

        self.sandbox.run(work)

    def select_for_change_events(self, entity: str) -> None:
        """The administrator selects an object in Setup, Change Data Capture."""
        self.sandbox.run(lambda: self.sandbox.salesforce.events.add_member("ChangeEvents", entity))

    # -- KashFlow as it stands, and as a bookkeeper changes it --------------------------------------

    def stamp(self, opportunity: str) -> str:
        """The reference that the invoice of this Opportunity carries."""
        return f"SF-{opportunity}"

    def invoices(self, opportunity: str = "") -> list[Row]:
        """Invoices as they stand in KashFlow, by our stamp; all that carry one when no Opportunity is named."""
        rows = self.sandbox.run(self.sandbox.kashflow.state)["invoices"]
        wanted = [row for row in rows if str(row.get("CustomerReference") or "").startswith("SF-")]
        return [
            row for row in wanted if not opportunity or row["CustomerReference"] == self.stamp(opportunity)
        ]

    def customers(self, name: str) -> list[Row]:
        rows = self.sandbox.run(self.sandbox.kashflow.state)["customers"]
        return [row for row in rows if row["Name"] == name]

    def add_customer(self, code: str, name: str, **fields: Any) -> Row:
        """A bookkeeper makes a customer by hand."""
        body = {"Code": code, "Name": name, **fields}
        return self.sandbox.run(lambda: self.sandbox.kashflow.customers.create(body))

    def customer(self, code: str) -> Row:
        """The customer with this code, as KashFlow shows it."""
        (row,) = [
            row for row in self.sandbox.run(self.sandbox.kashflow.state)["customers"] if row["Code"] == code
        ]
        return row

    def edit_customer(self, code: str, **fields: Any) -> None:
        """A bookkeeper edits a customer in KashFlow."""
        self.sandbox.run(lambda: self.sandbox.kashflow.customers.edit(code, **fields))

    def pay(self, number: int, amount: str) -> None:
        """A bookkeeper records a payment of an invoice."""

        def work() -> None:
            world = self.sandbox.kashflow
            account = world.bank_accounts.register.rows()[0]["Id"]
            world.invoices.pay(number, Decimal(amount), account_id=account, method=409844)

        self.sandbox.run(work)

    def take_payments_back(self, number: int) -> None:
        """The bookkeeper deletes the payments of an invoice."""
        self.sandbox.run(lambda: self.sandbox.kashflow.invoices.edit(number, PaymentLines=[]))

    def void(self, number: int) -> None:
        """A bookkeeper deletes an invoice."""
        self.sandbox.run(lambda: self.sandbox.kashflow.invoices.delete(number))

    def reword(self, number: int, description: str) -> None:
        """A bookkeeper rewrites the first line of an invoice; lists show nothing of that."""

        def work() -> None:
            world = self.sandbox.kashflow
            first, *others = world.invoices.detail(number)["LineItems"]
            world.invoices.edit(number, LineItems=[{**first, "Description": description}, *others])

        self.sandbox.run(work)

    def detail_reads(self) -> int:
        """How often single invoices were read."""
        return self.calls("GET", "/v2/invoices/{key}")

    def calls(self, method: str, path: str) -> int:
        """How often KashFlow was asked for this, such as POST /v2/invoices."""
        return self.sandbox.run(lambda: self.sandbox.requests["kashflow"].count(method, path))

    def in_salesforce(self, entity: str, **wanted: Any) -> list[Row]:
        """The living records of an object that have these values, in the order they were made."""
        rows = self.sandbox.run(lambda: self.sandbox.salesforce.store.rows(entity))
        return [
            row
            for row in rows
            if not row["IsDeleted"] and all(row[name] == value for name, value in wanted.items())
        ]

    def keep(self, work: Callable[[KashFlowWorld], T]) -> T:
        """The bookkeeper does something in KashFlow."""
        return self.sandbox.run(lambda: work(self.sandbox.kashflow))

    def written(self) -> int:
        """How often records of either system were written over its API, whether or not that was refused."""
        logs = self.sandbox.requests
        told = self.sandbox.run(lambda: [*logs["kashflow"].counters(), *logs["salesforce"].counters()])
        return sum(one["count"] for one in told if _writes(one["method"], one["path"]))

    # -- Trouble ------------------------------------------------------------------------------------

    def fault(
        self,
        world: str,
        name: str,
        times: int | None = 1,
        match: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        faults = self.sandbox.salesforce.faults if world == "salesforce" else self.sandbox.kashflow.faults
        fault = Fault(name, times, match=match or {}, params=params)
        self.sandbox.run(lambda: faults.declare(fault))

    def recover(self, world: str) -> None:
        """The end of all troubles of this world."""
        faults = self.sandbox.salesforce.faults if world == "salesforce" else self.sandbox.kashflow.faults
        self.sandbox.run(faults.clear)


def _writes(method: str, path: str) -> bool:
    """Reads of many Salesforce records, and everything around the event stream, are POSTs too; a login is a PUT."""
    if path.endswith("/sessiontoken"):
        return False
    if "__c/" in path:
        return False  # a record that is mirrored is no part of a pair
    if method in ("PUT", "PATCH", "DELETE"):
        return True
    return method == "POST" and path.endswith(_MADE_AT)
