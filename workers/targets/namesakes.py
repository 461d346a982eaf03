"""KashFlow's customers of one name: whom each belongs to, and which of them, if any, an Account may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from canonical.customer import Customer
from connectors.errors import Busy, NotFound
from connectors.kashflow.reading import Row
from ledger.endings import Reason
from mappings.flows import Flow
from mappings.golden.record import Value
from workers.desk import Desk
from workers.targets.matching import agrees, differs, same_name, searches

#: What names an Account in a customer's note, whether we wrote it or a person (reference salesforce.md section 6).
_ACCOUNT_ID = re.compile(r"\b001[0-9A-Za-z]{15}\b")


@dataclass(frozen=True)
class Namesake:
    """A customer in KashFlow, and the Salesforce Accounts that have a claim to it: by our link or by its note."""

    row: Mapping[str, Any]
    accounts: frozenset[str] = frozenset()

    @property
    def code(self) -> str:
        return str(self.row.get("Code"))


def find(desk: Desk, flow: Flow, name: str) -> list[Namesake]:
    """Whoever has this name in KashFlow.

    Raises Busy when nobody was shown and a list was incomplete: whoever would then create the customer might
    create it twice.
    """
    rows: dict[object, Row] = {}
    complete = True
    for filters in searches(name):
        found = desk.kashflow_meter.call(
            partial(desk.kashflow.customers.list, **filters), priority=flow.priority
        )
        rows |= {row.get("Code"): row for row in found.rows}
        complete = complete and found.complete
    same = same_name(name, rows.values())
    if not same and not complete:
        raise Busy("KashFlow left rows out while we looked for the customer", system="kashflow")
    return list(claimed(desk, [_in_full(desk, flow, row) for row in same]))


def claimed(desk: Desk, rows: Sequence[Mapping[str, Any]]) -> Iterator[Namesake]:
    """The rows, which show their notes, with who has a claim to each."""
    links = desk.ledger.links_by_kashflow_id("customer", [str(row.get("Id")) for row in rows])
    for row in rows:
        link = links.get(str(row.get("Id")))
        # What is linked is settled, whatever somebody wrote into its note.
        accounts = [link.salesforce_id] if link else _ACCOUNT_ID.findall(str(row.get("Note") or ""))
        yield Namesake(row, frozenset(accounts))


def choose(customer: Customer, namesakes: Sequence[Namesake]) -> Mapping[str, Any] | Reason | None:
    """The row that is this customer, None if it has to be made, or why a person must decide.

    The first Account of a name may have the customer of that name; another one gets a customer of its own
    only where it clearly differs. Two firms must not share a customer, nor one firm have two, on a guess.
    """
    ours = [one for one in namesakes if customer.external_ids["salesforce"] in one.accounts]
    free = [one for one in namesakes if not one.accounts]
    taken = [one for one in namesakes if one not in (*ours, *free)]
    closest = [one for one in namesakes if agrees(customer, one.row)]
    if not ours and len(closest) == 1 and closest[0] in free:
        return closest[0].row
    if not ours and taken:
        # The name alone says nothing any more.
        doubtful = [one for one in taken if not differs(customer, one.row)]
        if doubtful:
            return _belongs_to_another(doubtful[0])
        free = [one for one in free if not differs(customer, one.row)]
    match ours or free:
        case []:
            return None
        case [one]:
            return one.row
        case several:
            return _ambiguous(customer, several)


def candidates_shown(
    desk: Desk, rows: Mapping[str, Mapping[str, Any]], account_id: str
) -> list[dict[str, Value]]:
    """What a person compares of each customer, by code, and whose it is already."""
    links = desk.ledger.links_by_kashflow_id("customer", [str(row.get("Id")) for row in rows.values()])
    shown: list[dict[str, Value]] = []
    for code, row in rows.items():
        link = links.get(str(row.get("Id")))
        people = sorted({str(one["Email"]) for one in row.get("Contacts") or () if one.get("Email")})
        address: Mapping[str, Any] = next(iter(row.get("Addresses") or ()), {})
        shown.append(
            {
                "key": code,
                "name": str(row.get("Name") or ""),
                "code": code,
                "vat_number": row.get("VATNumber") or None,
                "postcode": address.get("PostCode") or None,
                "town": address.get("Line3") or None,
                "email": ", ".join(people) or None,
                "linked": link.salesforce_id if link and link.salesforce_id != account_id else None,
            }
        )
    return shown


def _in_full(desk: Desk, flow: Flow, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Lists leave the note out (reference kashflow.md section 3.1)."""
    try:
        return desk.kashflow_meter.call(
            lambda: desk.kashflow.customers.get(str(row.get("Code"))), priority=flow.priority
        )
    except NotFound:  # listed, but not readable yet (quirk 19), or deleted in this moment
        return row


def _belongs_to_another(namesake: Namesake) -> Reason:
    others = ", ".join(sorted(namesake.accounts))
    text = (
        f"KashFlow's customer {namesake.code} has this name too ({namesake.row.get('Name')}) and belongs to another "
        f"Salesforce Account, {others}. If both Accounts are one firm, merge them in Salesforce and keep that one; if they are "
        "two, make their names differ, or their postcodes or VAT numbers on both sides"
    )
    return Reason("compare", "same_name", text)


def _ambiguous(customer: Customer, namesakes: Iterable[Namesake]) -> Reason:
    codes = ", ".join(one.code for one in namesakes)
    text = (
        f"KashFlow has several customers called {customer.name!r} ({codes}); a person has to say which is meant, by "
        f"writing {customer.external_ids['salesforce']} into the note of the right one"
    )
    return Reason("compare", "ambiguous", text)
