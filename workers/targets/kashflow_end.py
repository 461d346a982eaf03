"""KashFlow as the far end of a pair: one call per record, side by side, and a PUT that replaces the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from connectors.errors import ConnectorError
from ledger.deliveries import Settlement
from ledger.endings import Delivered, NotNow, Reason
from mappings.digest import kashflow_digest
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.pairs import departures
from workers.pairs.asking import NEW
from workers.pairs.choosing import decided_on, linked_meanwhile
from workers.pairs.finishing import finish
from workers.pairs.kashflow import Listing, row_at, row_of
from workers.pairs.sides import kashflow_of
from workers.pairs.things import thing_of
from workers.work import Progress, Work, known


class KashFlowEnd:
    """Nothing is written that was not read a moment before (reference kashflow.md section 4, quirks 7 and 8).

    A thing brings how one that nobody linked is found, in `search`, and how it is made once, in `make`: nothing in
    KashFlow is unique but what its API says of each object. `stamp` identifies the create.
    """

    def __init__(
        self,
        stamp: Callable[[Work], str],
        search: Callable[[Desk, Work, Listing], Progress],
        make: Callable[[Desk, Work], Settlement],
    ) -> None:
        self._stamp = stamp
        self._search = search
        self._make = make

    def read(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return abreast(desk, _read, works)

    def find(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        doubts = desk.ledger.open_intents([self._stamp(work) for work in works])
        doubtful = [replace(work, doubt=doubts.get(self._stamp(work))) for work in works]
        listing = Listing(desk, thing_of(works[0].flow).records, works[0].flow.priority)
        return abreast(desk, lambda desk, work: self._find(desk, work, listing), doubtful)

    def send(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return abreast(desk, self._write, works)

    def _find(self, desk: Desk, work: Work, listing: Listing) -> Progress:
        """What a person said goes before what we can find out."""
        try:
            review = decided_on(desk, work)
            if review is None:
                return self._search(desk, work, listing)
            work = replace(work, decided=(review.id,))
            if review.decision == NEW:
                return work
            thing = thing_of(work.flow)
            row = row_at(desk, thing.records, str(review.decision), work.flow.priority)
            kashflow_id = thing.records.identity(row) if row is not None else ""
            link = desk.ledger.links_by_kashflow_id(thing.entity, [kashflow_id]).get(kashflow_id)
            return linked_meanwhile(work, review, link) if link else replace(work, far=row)
        except ConnectorError as error:
            return work.ends(ending_of(error, work.delivery, "resolve", desk))

    def _write(self, desk: Desk, work: Work) -> Settlement:
        meeting = known(work.meeting, "both sides")
        if meeting.far is None:
            return self._make(desk, work)
        try:
            return _replaced(desk, work, meeting.far.record)
        except ConnectorError as error:
            return work.ends(ending_of(error, work.delivery, "send", desk))


def _read(desk: Desk, work: Work) -> Progress:
    link, records = known(work.link, "the link"), thing_of(work.flow).records
    try:
        far = row_of(desk, records, link.kashflow_key, link.kashflow_id, work.flow.priority)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))
    return replace(work, far=far)


def _replaced(desk: Desk, work: Work, merged_with: Mapping[str, Any]) -> Settlement:
    """The whole record as it is now, with our fields laid over it; if it is not what we merged with, merge again."""
    thing, meter, priority = thing_of(work.flow), desk.kashflow_meter, work.flow.priority
    records, put = thing.records, known(thing.records.replace, "how it is replaced")
    key = records.key(merged_with)
    present = meter.call(lambda: records.read(desk.kashflow, key), priority=priority)
    if kashflow_digest(thing.kashflow, present) != kashflow_digest(thing.kashflow, merged_with):
        text = (
            f"the {thing.entity} was edited in KashFlow while we looked at both sides; they are merged again"
        )
        return work.ends(NotNow(desk.clock(), Reason("send", "edited_meanwhile", text)))
    mapping, payload = desk.book.mapping(work.flow.writes), known(work.payload, "the payload")
    body = mapping.overlay(payload, present)
    answer = meter.call(lambda: put(desk.kashflow, key, body), priority=priority)
    after = {**body, **answer} if records.identity(answer) == records.identity(present) else body
    golden = known(work.meeting, "both sides").golden
    if golden.parted is not None:
        return departures.parted_end(work, golden, golden.parted, archived=True)
    shown = kashflow_of(desk, work.flow, after, desk.context(), golden)
    return finish(desk, work, Delivered(f"wrote {', '.join(sorted(payload))} of {key}"), shown, sent=True)
