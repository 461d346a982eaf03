"""A customer as a thing of two sides: an Account with its primary Contact, and a KashFlow customer with its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import datetime, time, timedelta
from typing import Any

from canonical.customer import Contact, Customer
from canonical.names import normalised
from canonical.shape import Noun
from mappings.golden.alike import alike
from mappings.golden.merge import Span
from mappings.golden.record import Value
from mappings.golden.spread import primary
from mappings.soql import quoted
from mappings.values import date_of
from workers.account import UK
from workers.pairs import likeness
from workers.pairs.likeness import Candidates
from workers.pairs.meeting import Seen, Shown, shown_by
from workers.pairs.salesforce import edited, listed, one_of
from workers.pairs.thing import Part, Thing

_WORD = re.compile(r"\w+")
#: Letters that are often written with an accent, and all others that have one: any letter may stand there.
_ACCENTED = re.compile(r"[aceinouyACEINOUY_]|[^\x00-\x7f]")
#: With fewer letters left a pattern would bring every Account.
_TELLING = 2
_PEOPLE = Part("Contacts", "Contact", "AccountId", "ExternalID__c")


def customer(noun: Noun) -> Customer:
    """The noun, which is a customer."""
    assert isinstance(noun, Customer), "flows.yaml was checked at start"  # noqa: S101
    return noun


def _in_salesforce(seen: Seen) -> Shown:
    """Of its Contacts the one is meant that carries the customer's code, that was paired before, that is the contact of
    the customer `like`, or that was added first."""
    model = customer(seen.mapping.read(seen.record, seen.context))
    like = customer(seen.like) if seen.like else None
    meant = _meant(
        model, like.code if like else model.code, seen.golden.part, primary(like) if like else None
    )
    contacts = (meant.model_copy(update={"is_primary": True}),) if meant else ()
    part = meant.external_ids.get("salesforce", "") if meant else ""
    narrowed = model.model_copy(update={"contacts": contacts})
    person = one_of(listed(seen.record, _PEOPLE.relation), part)
    return shown_by(seen, "salesforce", narrowed, edited(seen.record), {"contact": edited(person)}, part)


def _in_kashflow(seen: Seen) -> Shown:
    model = customer(seen.mapping.read(seen.record, seen.context))
    narrowed = model.model_copy(update={"contacts": tuple(one for one in model.contacts if one.is_primary)})
    return shown_by(seen, "kashflow", narrowed, _edited_on(seen.record, seen.now))


def _edited_on(row: Mapping[str, Any], now: datetime) -> Span | None:
    """KashFlow tells the day (reference kashflow.md section 3.1)."""
    try:
        day = date_of(row.get("LastUpdatedDate"))
    except ValueError:
        day = None
    if day is None:
        return None
    start = datetime.combine(day, time(), UK)
    return Span(start, min(now, start + timedelta(days=1)))


def _meant(model: Customer, code: str, paired: str, theirs: Contact | None) -> Contact | None:
    people = model.contacts
    rules = (
        lambda one: bool(code) and alike("code", one.external_ids.get("code", ""), code),
        lambda one: bool(paired) and one.external_ids.get("salesforce") == paired,
        lambda one: theirs is not None and bool(one.email) and alike("email", one.email, theirs.email),
        lambda one: theirs is not None and _names(one) == _names(theirs),
    )
    for rule in rules:
        found = next((one for one in people if rule(one)), None)
        if found is not None:
            return found
    return people[0] if people else None


def _names(person: Contact) -> tuple[str, str]:
    return person.first_name.casefold(), person.last_name.casefold()


def _search(noun: Noun) -> str:
    """All Accounts of this name, and those with its longest word in theirs, whatever accents either has."""
    name = customer(noun).name
    word = max(_WORD.findall(name), key=len, default="")
    if not word:
        return f"Name = {quoted(name)}"
    pattern = _ACCENTED.sub("_", word)
    if len(pattern.replace("_", "")) < _TELLING:
        pattern = word.replace("_", "\\_")
    return f"Name = {quoted(name)} OR Name LIKE '%{pattern}%'"


def _candidates(ours: Noun, theirs: Mapping[str, Noun], taken: Set[str]) -> Candidates:
    """Taken ones too: whoever they belong to may be the same firm."""
    return likeness.candidates(customer(ours), {key: customer(one) for key, one in theirs.items()})


def _summary(noun: Noun) -> dict[str, Value]:
    return likeness.summary(customer(noun))


CUSTOMER = Thing(
    entity="customer",
    salesforce="Account",
    kashflow="Customer",
    key_field="ExternalID__c",
    key_of=lambda noun: customer(noun).code,
    part=_PEOPLE,
    archived=("is_archived", True),
    in_salesforce=_in_salesforce,
    in_kashflow=_in_kashflow,
    search=_search,
    may_be_called=lambda noun, name: normalised(name) == normalised(customer(noun).name),
    candidates=_candidates,
    summary=_summary,
    can_be_merged=True,
)
