"""A Salesforce Account with its Contacts as a side of a pair: how it is read, which Contact is meant. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from canonical.customer import Contact, Customer
from mappings.context import Context
from mappings.flows import Flow
from mappings.golden.alike import alike
from mappings.golden.merge import Side, Span
from mappings.golden.record import Golden
from mappings.golden.spread import fields_shown, primary, shown_values
from mappings.paths import rows
from mappings.plan import STAMP
from mappings.recordmapping import RecordMapping
from mappings.soql import quoted, soql
from workers.desk import Desk
from workers.pairs.meeting import Shown

#: What a customer is in Salesforce, and where its primary contact is.
ACCOUNT = "Account"
CONTACT = "Contact"
#: The field of both that carries KashFlow's code, where the organisation has it.
CODE_FIELD = "ExternalID__c"


def read_accounts(desk: Desk, flow: Flow, ids: Iterable[str], priority: int) -> dict[str, dict[str, Any]]:
    """The Accounts that there are, as `flow` reads them, by id. May raise any ConnectorError."""
    wanted = list(ids)
    if not wanted:
        return {}
    statement = soql(flow.plan, wanted, missing_in(desk, flow))
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=priority)
    return {str(row.get("Id")): row for row in found}


def find_accounts(desk: Desk, flow: Flow, where: str, priority: int) -> list[dict[str, Any]]:
    """The Accounts that meet a condition in SOQL. May raise any ConnectorError."""
    # The condition's values went through `quoted`.
    statement = f"SELECT Id FROM {ACCOUNT} WHERE {where} ORDER BY Id LIMIT 200"  # noqa: S608
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=priority)
    return list(
        read_accounts(desk, flow, [str(row["Id"]) for row in found if row.get("Id")], priority).values()
    )


def named(word: str) -> str:
    """The condition for every name with this word in it."""
    literal = quoted(word).replace("%", "\\%").replace("_", "\\_")
    return f"Name LIKE '%{literal[1:-1]}%'"


def missing_in(desk: Desk, flow: Flow) -> frozenset[str]:
    """The optional fields of the flow's plan that this organisation lacks. May call Salesforce."""
    return flow.plan.missing({name: desk.fields(name) for name in flow.plan.objects()})


def salesforce_shown(
    mapping: RecordMapping,
    record: Mapping[str, Any],
    context: Context,
    golden: Golden,
    *,
    missing: frozenset[str],
    like: Customer | None = None,
) -> Shown:
    """The Account in `record` as a side. Of its Contacts the one is meant that carries the customer's code, that
    was paired before, that is the contact of the customer `like`, or that was added first. Raises MappingProblem."""
    model = mapping.read(record, context)
    assert isinstance(model, Customer), "flows.yaml was checked at start"  # noqa: S101
    meant = _meant(model, like.code if like else model.code, golden.contact, primary(like) if like else None)
    contacts = (meant.model_copy(update={"is_primary": True}),) if meant else ()
    narrowed = model.model_copy(update={"contacts": contacts})
    assert mapping.reading is not None, "it was just read"  # noqa: S101
    fields = fields_shown(mapping.reading.labels, missing)
    values = shown_values(narrowed, fields, had_contact=golden.had_contact("salesforce"))
    contact = contact_record(record, contact_id(narrowed))
    return Shown(record, narrowed, Side(values, _edited(record), _edited(contact)))


def contact_id(customer: Customer) -> str:
    """The Salesforce id of the customer's contact, blank without one."""
    contact = primary(customer)
    return contact.external_ids.get("salesforce", "") if contact else ""


def contact_record(record: Mapping[str, Any], wanted: str) -> Mapping[str, Any]:
    """The Contact with this id as the Account's record holds it; empty when it holds none."""
    found = (row for row in rows(record.get("Contacts"), "Contacts") if isinstance(row, Mapping))
    return next((row for row in found if row.get("Id") == wanted), {})


def _meant(customer: Customer, code: str, paired: str, theirs: Contact | None) -> Contact | None:
    people = customer.contacts
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


def _edited(record: Mapping[str, Any]) -> Span | None:
    """Of this record as a whole: Salesforce does not tell when a field was edited."""
    said = record.get(STAMP)
    if not isinstance(said, str):
        return None
    at = datetime.fromisoformat(said)
    return Span(at, at)
