"""A customer that both systems have had for a while, and what each of them and the golden record say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ledger.links import Link
from ledger.reviews import LIVE, Decision, Review, ReviewState
from mappings.book import Book
from mappings.golden.owners import Owner, Owners
from mappings.golden.record import Golden, Value
from mappings.pairing import Pairing
from tests.support.road import Road


@dataclass
class Pair:
    """One customer, as its Account and as its customer in KashFlow."""

    road: Road
    account_id: str
    kashflow_id: str

    @property
    def account(self) -> Mapping[str, Any]:
        return self.road.record(self.account_id)

    @property
    def contact(self) -> Mapping[str, Any]:
        return self.road.record(self.golden.part)

    @property
    def customer(self) -> Mapping[str, Any]:
        rows = self.road.sandbox.run(self.road.sandbox.kashflow.state)["customers"]
        (row,) = [row for row in rows if str(row["Id"]) == self.kashflow_id]
        return dict(row)

    @property
    def person(self) -> Mapping[str, Any]:
        (row,) = [row for row in self.customer["Contacts"] if row["IsPrimary"]]
        return dict(row)

    @property
    def link(self) -> Link:
        return self.road.ledger.links_by_kashflow_id("customer", [self.kashflow_id])[self.kashflow_id]

    @property
    def golden(self) -> Golden:
        return Golden.from_plain(self.link.golden)

    def agreed(self, field: str) -> Value:
        """What the golden record says."""
        return self.golden.fields[field].value

    def edit_account(self, **fields: Any) -> None:
        """A sales person edits the Account."""
        self.road.change(self.account_id, **fields)

    def edit_contact(self, **fields: Any) -> None:
        """A sales person edits the Contact."""
        self.road.change(self.golden.part, **fields)

    def edit_customer(self, **fields: Any) -> None:
        """A bookkeeper edits the customer."""
        self.road.edit_customer(self.customer["Code"], **fields)

    def edit_address(self, **fields: Any) -> None:
        """A bookkeeper edits the address."""
        first, *others = self.customer["Addresses"] or [{}]
        self.edit_customer(Addresses=[{**first, **fields}, *others])

    def edit_person(self, **fields: Any) -> None:
        """A bookkeeper edits the primary contact."""
        people = [{**row, **fields} if row["IsPrimary"] else row for row in self.customer["Contacts"]]
        self.edit_customer(Contacts=people)


def in_step(road: Road, name: str = "Minster Books", **fields: Any) -> Pair:
    """A customer with a contact, made in Salesforce and brought to KashFlow."""
    told = {
        "Type": "Customer",
        "BillingStreet": "3 Briggate",
        "BillingCity": "Leeds",
        "BillingPostalCode": "LS1 1AA",
        **fields,
    }
    account_id = road.account(name, **told)
    road.create(
        "Contact",
        AccountId=account_id,
        FirstName="Mina",
        LastName="Okoro",
        Email="mina@minster.example",
        Phone="0113 496 0001",
    )
    # The first look tells what was there before.
    road.look()
    road.settle_down()
    link = road.ledger.links_by_salesforce_id("customer", "Account", [account_id])[account_id]
    road.wait(24 * 3600)
    return Pair(road, account_id, link.kashflow_id)


def owned(road: Road, others: Owner, **named: Owner) -> None:
    """Let these fields have these owners from now on."""

    def pairing(one: Pairing | None) -> Pairing | None:
        told = {"code": Owner.KASHFLOW, **named}
        return replace(one, owners=Owners(told, others)) if one else None

    flows = tuple(replace(flow, pairing=pairing(flow.pairing)) for flow in road.book.flows)
    road.book = Book(road.book.mappings, flows)
    road.desk = replace(road.desk, book=road.book)


def governed(road: Road, flow: str, **changes: Any) -> None:
    """Let a flow's pairing have another policy, such as `when_gone`."""
    flows = tuple(
        replace(one, pairing=replace(one.pairing, **changes)) if one.name == flow and one.pairing else one
        for one in road.book.flows
    )
    road.book = Book(road.book.mappings, flows)
    road.desk = replace(road.desk, book=road.book)


def reviews(road: Road, *states: ReviewState) -> list[Review]:
    """The review items that are open or decided, or in these states."""
    return road.ledger.reviews(states or LIVE, limit=100)


def answer(road: Road, review: Review, said: str, reason: str = "I asked them") -> None:
    """A person decides."""
    road.ledger.decide(review.id, Decision(said, "Ines", reason, road.now()))


def take_back(road: Road, review: Review) -> None:
    """The person thinks again."""
    road.ledger.undo_decision(review.id, now=road.now())
