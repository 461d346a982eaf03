"""Writes Accounts and their primary Contacts: what differs, all of a batch in one call for each object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.salesforce.collections import Fields, RowResult
from ledger.deliveries import Settlement
from ledger.endings import Delivered
from mappings.paths import rows
from workers.desk import Desk
from workers.pairs.finishing import finish
from workers.pairs.salesforce import ACCOUNT, CODE_FIELD, CONTACT, contact_id, contact_record
from workers.pairs.sides import salesforce_of
from workers.work import Work, known

#: What the mapping of an Account calls its people.
_PEOPLE = "Contacts"


@dataclass(frozen=True)
class Change:
    """What one work writes: fields of the Account, and of one Contact; the ids of those that are there."""

    work: Work
    account: Fields
    contact: Fields
    account_id: str = ""
    contact_id: str = ""

    def agreed(self, desk: Desk, account_id: str, contact: str) -> Settlement:
        """The end, once all of it is written: the Account now shows what it showed with this laid over it."""
        meeting = known(self.work.meeting, "both sides")
        present: Mapping[str, Any] = meeting.far.record if meeting.far else {}
        meant = contact or self.contact_id
        people = [row for row in rows(present.get(_PEOPLE), _PEOPLE) if isinstance(row, Mapping)]
        others = [row for row in people if row.get("Id") != meant]
        person = {**contact_record(present, meant), **self.contact, "Id": meant}
        record = {
            **present,
            **self.account,
            "Id": account_id,
            _PEOPLE: [*([person] if meant else []), *others],
        }
        golden = replace(meeting.golden, contact=meant or meeting.golden.contact)
        after = salesforce_of(desk, self.work.flow, record, desk.context(), golden, like=meeting.near)
        verb = "wrote" if self.account_id else "created Account with"
        told = sorted({*self.account, *(f"Contact.{name}" for name in self.contact)})
        return finish(desk, self.work, Delivered(f"{verb} {', '.join(told)}"), after, sent=True)


def change_of(desk: Desk, work: Work) -> Change:
    """What the work's payload means for each of the two records, without the fields that the organisation lacks."""
    meeting, payload = known(work.meeting, "both sides"), dict(known(work.payload, "the payload"))
    wanted = next(iter(rows(payload.pop(_PEOPLE, None), _PEOPLE)), {})
    person = dict(wanted) if isinstance(wanted, Mapping) else {}
    person = _only(person, desk.fields(CONTACT)) if person else {}
    account = _only(payload, desk.fields(ACCOUNT))
    if meeting.far is None:
        return Change(work, account, person)
    present = contact_id(meeting.far.model)
    if present:
        before = _written_before(desk, work)
        person = {name: value for name, value in person.items() if before.get(name) != value}
    return Change(work, account, person, str(meeting.far.record["Id"]), present)


def write_accounts(desk: Desk, changes: Sequence[Change]) -> list[RowResult]:
    """One result for each change, in order. An Account with nothing to write counts as written."""
    results = {id(one): RowResult(one.account_id, success=True) for one in changes if one.account_id}
    there = [one for one in changes if one.account_id and one.account]
    new = [one for one in changes if not one.account_id]
    keyed = CODE_FIELD in desk.fields(ACCOUNT)
    results |= _called(
        desk,
        there,
        lambda: desk.salesforce.collections_update(
            ACCOUNT, [{"Id": one.account_id, **one.account} for one in there]
        ),
    )
    results |= _called(
        desk, new, lambda: _make(desk, ACCOUNT, [dict(one.account) for one in new], keyed=keyed)
    )
    return [results[id(one)] for one in changes]


def write_contacts(desk: Desk, changes: Sequence[tuple[Change, str]]) -> list[RowResult]:
    """As `write_accounts`, for Accounts that are there now under these ids. A new one is made once: by its code where
    the organisation has the field, else whoever tries again finds it among the Account's Contacts."""
    results = {id(one): RowResult(None, success=True) for one, _ in changes}
    there = [one for one, _ in changes if one.contact_id and one.contact]
    new = [(one, account) for one, account in changes if not one.contact_id and one.contact]
    keyed = CODE_FIELD in desk.fields(CONTACT)
    results |= _called(
        desk,
        there,
        lambda: desk.salesforce.collections_update(
            CONTACT, [{"Id": one.contact_id, **one.contact} for one in there]
        ),
    )
    made = [{**one.contact, "AccountId": account} for one, account in new]
    results |= _called(desk, [one for one, _ in new], lambda: _make(desk, CONTACT, made, keyed=keyed))
    return [results[id(one)] for one, _ in changes]


def _make(desk: Desk, entity: str, records: list[dict[str, Any]], *, keyed: bool) -> list[RowResult]:
    if keyed:
        return desk.salesforce.collections_upsert(entity, CODE_FIELD, records)
    return desk.salesforce.collections_create(entity, records)


def _called(
    desk: Desk, changes: Sequence[Change], request: Callable[[], list[RowResult]]
) -> dict[int, RowResult]:
    """The results by change. A call that failed as a whole failed for each of them."""
    if not changes:
        return {}
    try:
        results = desk.salesforce_meter.call(request, priority=changes[0].work.flow.priority)
    except ConnectorError as error:
        results = [RowResult(None, success=False, error=error)] * len(changes)
    return {id(change): result for change, result in zip(changes, results, strict=True)}


def _written_before(desk: Desk, work: Work) -> Mapping[str, Any]:
    """What the Contact would be written as it is."""
    far = known(known(work.meeting, "both sides").far, "the far side")
    payload = desk.book.mapping(work.flow.writes).write(far.model, desk.context())
    row = next(iter(rows(payload.get(_PEOPLE), _PEOPLE)), {})
    return row if isinstance(row, Mapping) else {}


def _only(fields: Mapping[str, Any], known_fields: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in known_fields}
