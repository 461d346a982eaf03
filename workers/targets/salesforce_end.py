"""Salesforce as the far end of a pair: records and their parts, read in one query, written in two calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.salesforce.collections import RowResult
from ledger.deliveries import Settlement
from ledger.endings import Reason
from mappings.golden.alike import alike
from mappings.golden.record import Golden
from mappings.soql import quoted
from workers.classify import ending_of, may_pass
from workers.desk import Desk
from workers.pairs import departures
from workers.pairs.asking import NEW
from workers.pairs.choosing import decided_on, in_doubt, linked_meanwhile, models_of
from workers.pairs.salesforce import find_records, read_records
from workers.pairs.sides import reading
from workers.pairs.thing import known_as
from workers.pairs.things import thing_of
from workers.targets.pair_writing import Change, change_of, write_parts, write_records
from workers.work import Progress, Work, known

#: What names an Account in a customer's note.
_ACCOUNT_ID = re.compile(r"^001[0-9A-Za-z]{15}$")


class SalesforceEnd:
    """Records are made by upsert on their thing's key where the organisation has that field: a repeat finds the first."""

    def read(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        flow = reading(desk, works[0].flow, "salesforce")
        ids = [known(work.link, "the link").salesforce_id for work in works]
        found = read_records(desk, flow, ids, works[0].flow.priority)
        return [
            replace(work, far=found.get(salesforce_id))
            for work, salesforce_id in zip(works, ids, strict=True)
        ]

    def find(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return [_find(desk, work) for work in works]

    def send(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        changes = [change_of(desk, work) for work in works]
        records = write_records(desk, changes)
        whole = [change for change, result in zip(changes, records, strict=True) if result.success]
        ids = {id(change): str(result.id) for change, result in zip(changes, records, strict=True)}
        parts = dict(
            zip(map(id, whole), write_parts(desk, [(one, ids[id(one)]) for one in whole]), strict=True)
        )
        for change, record in zip(changes, records, strict=True):
            yield _ended(desk, change, record, parts.get(id(change)))


def _ended(desk: Desk, change: Change, record: RowResult, part: RowResult | None) -> Settlement:
    """A part that was refused keeps the whole from being agreed on: what it lacks is merged again."""
    work = change.work
    if record.error is not None:
        return work.ends(ending_of(record.error, work.delivery, "send", desk))
    if part is not None and part.error is not None:
        return work.ends(ending_of(part.error, work.delivery, "send", desk))
    meeting = known(work.meeting, "both sides")
    if meeting.golden.parted is not None:
        return departures.parted_end(work, meeting.golden, meeting.golden.parted, archived=True)
    return change.agreed(desk, str(record.id), str(part.id) if part and part.id else "")


def _find(desk: Desk, work: Work) -> Progress:
    try:
        return _found(desk, work)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))


def _found(desk: Desk, work: Work) -> Progress:
    """By what a person said, by our stamp, by the key that it shows, then by what else agrees."""
    flow, priority = reading(desk, work.flow, "salesforce"), work.flow.priority
    review = decided_on(desk, work)
    if review is not None:
        work = replace(work, decided=(review.id,))
        if review.decision == NEW:
            record = _with_our_key(desk, work)
            return work if record is None else _shown_by_another(desk, work, record)
        chosen, thing = str(review.decision), thing_of(work.flow)
        links = desk.ledger.links_by_salesforce_id(thing.entity, thing.salesforce, [chosen])
        if chosen in links:
            return linked_meanwhile(work, review, links[chosen])
        return replace(work, far=read_records(desk, flow, [chosen], priority).get(chosen))
    ours = known(work.model, "the model")
    stamped = known_as(ours, "salesforce")
    if _ACCOUNT_ID.match(stamped):
        record = read_records(desk, flow, [stamped], priority).get(stamped)
        if record is not None and not _linked(desk, work, [stamped]):
            return replace(work, far=record)
    record = _with_our_key(desk, work)
    if record is None:
        return _alike(desk, work)
    if _is_anothers(desk, work, str(record["Id"])):
        return _shown_by_another(desk, work, record)
    return replace(work, far=record)


def _is_anothers(desk: Desk, work: Work, salesforce_id: str) -> bool:
    """But for a record whose counterpart was deleted: somebody made that one again."""
    thing = thing_of(work.flow)
    links = desk.ledger.links_by_salesforce_id(thing.entity, thing.salesforce, [salesforce_id])
    parted = [Golden.from_plain(link.golden).parted for link in links.values()]
    return any(one is None or one.side != work.flow.source for one in parted)


def _with_our_key(desk: Desk, work: Work) -> Mapping[str, Any] | None:
    """The record that shows our key; None where none does, or the organisation lacks the field."""
    thing, ours = thing_of(work.flow), known(work.model, "the model")
    if thing.key_field not in desk.fields(thing.salesforce):
        return None
    where = f"{thing.key_field} = {quoted(thing.key_of(ours))}"
    found = find_records(desk, reading(desk, work.flow, "salesforce"), where, work.flow.priority)
    return next(iter(found), None)


def _shown_by_another(desk: Desk, work: Work, record: Mapping[str, Any]) -> Settlement:
    """An upsert on this key would write over a record that is another one's. Where that was renamed, it will show so soon."""
    thing = thing_of(work.flow)
    text = (
        f"{thing.salesforce} {record['Id']} shows this one's {thing.key_field} and is another {thing.entity}; it is made when "
        "that one shows its own"
    )
    return work.ends(may_pass(work.delivery, Reason("resolve", "key_is_shown", text), desk))


def _alike(desk: Desk, work: Work) -> Progress:
    ours, flow, thing = (
        known(work.model, "the model"),
        reading(desk, work.flow, "salesforce"),
        thing_of(work.flow),
    )
    found = find_records(
        desk, flow, thing.search(ours), work.flow.priority, lambda name: thing.may_be_called(ours, name)
    )
    rows = {row["Id"]: row for row in found}
    taken, models = _linked(desk, work, rows), models_of(desk, work, rows)
    judged = thing.candidates(ours, models, taken)
    if not judged.all:
        return work
    # A record that shows the key of another one over there is that one's, whatever the ledger knows.
    keys = {key: thing.key_of(one) for key, one in judged.all.items()}
    foreign = {key for key, shown in keys.items() if shown and not alike("code", shown, thing.key_of(ours))}
    if len(judged.same) == 1 and not (taken | foreign) & set(judged.same):
        return replace(work, far=rows[next(iter(judged.same))])
    shown = [
        {**thing.summary(one), "key": key, "linked": f"another {thing.entity}" if key in taken else None}
        for key, one in judged.all.items()
    ]
    return in_doubt(work, judged, shown)


def _linked(desk: Desk, work: Work, ids: Iterable[str]) -> set[str]:
    thing = thing_of(work.flow)
    return set(desk.ledger.links_by_salesforce_id(thing.entity, thing.salesforce, ids))
