"""Records that are kept in step both ways, as a target: found or made, merged with what was agreed on, written if behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from ledger.deliveries import Settlement
from ledger.endings import Dead, NotNow, Reason, Unchanged
from ledger.links import Link
from mappings.context import Context
from mappings.golden.record import Golden
from mappings.problems import MappingProblem
from workers.desk import Desk
from workers.pairs import departures
from workers.pairs.asking import NONE, near_about, pair_about, subject_of
from workers.pairs.finishing import finish, pair_lock, shows_no_key
from workers.pairs.merging import met, newcomer, pairing_of
from workers.pairs.sides import both_sides
from workers.pairs.things import thing_of
from workers.work import Progress, Work, known

#: How long one direction waits for the other.
_TURN = timedelta(seconds=5)


class End(Protocol):
    """One system as the far end of a pair. Each step gets works of one flow; what fails for all may be raised."""

    def read(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        """Each linked work with its `far` record, None where that is gone."""
        ...

    def find(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        """Each work without a link with the `far` record that is meant, None where there is none; its end in doubt."""
        ...

    def send(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        """Make what is not there, write what is behind."""
        ...


class Pairs:
    """Both directions of a pair run under one lock, so neither sees the other half done."""

    def __init__(self, end: End) -> None:
        self._end = end

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        found = [_begun(desk, work, link) for work, link in _linked(desk, works)]
        yield from (entry for entry in found if isinstance(entry, Settlement))
        begun = [entry for entry in found if isinstance(entry, Work)]
        paired, strangers = (
            [work for work in begun if work.link is not None],
            [work for work in begun if work.link is None],
        )
        if paired:
            for entry in self._end.read(desk, paired):
                yield _mapped(entry, lambda work: _met(desk, work, desk.context()))
        heirs = departures.waiting_heirs(desk, strangers)
        yield from (heirs[work.delivery.id] for work in strangers if work.delivery.id in heirs)
        strangers = [work for work in strangers if work.delivery.id not in heirs]
        if strangers:
            for entry in self._end.find(desk, strangers):
                yield _mapped(entry, lambda work: _introduced(desk, work, desk.context()))

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """What differs from what the far side would be written as it is: a mapping that says the same is no change."""
        context, mapping = desk.context(), desk.book.mapping(works[0].flow.writes)
        for work in works:
            far = known(work.meeting, "both sides").far
            if far is None:
                yield work
                continue
            payload = known(work.payload, "the payload")
            names = set(mapping.difference(payload, mapping.write(far.model, context)))
            thing = thing_of(work.flow)
            if work.flow.target == "salesforce" and shows_no_key(thing, far):
                names |= {thing.part.relation} & payload.keys()
            if names:
                yield replace(work, payload={name: payload[name] for name in payload if name in names})
            else:
                yield _nothing_to_write(desk, work)

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from self._end.send(desk, works)


def _linked(desk: Desk, works: list[Work]) -> Iterator[tuple[Work, Link | None]]:
    ids, flow = [work.delivery.record_id for work in works], works[0].flow
    thing = thing_of(flow)
    links = (
        desk.ledger.links_by_salesforce_id(thing.entity, thing.salesforce, ids)
        if flow.source == "salesforce"
        else desk.ledger.links_by_kashflow_id(thing.entity, ids)
    )
    return ((work, links.get(work.delivery.record_id)) for work in works)


def _begun(desk: Desk, work: Work, link: Link | None) -> Progress:
    """The work under the lock of its pair, if there is something to do for it."""
    work = replace(work, link=link)
    if link is None:
        return departures.unlinked_and_gone(work) if work.gone else _wanted(desk, work)
    locked = locked_as_pair(desk, work, link.salesforce_id)
    if isinstance(locked, Settlement):
        return locked
    if work.gone:
        return departures.wait_or_move(desk, locked)
    parted = Golden.from_plain(link.golden).parted
    if parted is not None and parted.side != work.flow.source:
        return departures.no_longer_kept(work, parted)
    return locked


def locked_as_pair(desk: Desk, work: Work, salesforce_id: str) -> Progress:
    """The work, holding the lock of both directions; its end while the other direction runs."""
    key = pair_lock(desk, work.flow, salesforce_id)
    if work.delivery.lock_key == key:
        return work
    if not desk.ledger.lock(work.delivery.id, work.claim, key):
        text = "the other direction of the same pair runs; one after the other"
        return work.ends(NotNow(desk.clock() + _TURN, Reason("resolve", "pair_is_busy", text)))
    return replace(work, delivery=replace(work.delivery, lock_key=key))


def _wanted(desk: Desk, work: Work) -> Progress:
    """The work of a record without a counterpart, in our words, if it is to have one."""
    about, record = near_about(work), known(work.record, "the record")
    decided = desk.ledger.decisions([subject_of(about, "match")]).get(subject_of(about, "match"))
    if decided is not None and decided.decision == NONE:
        text = f"left alone, as {decided.who} decided in review {decided.id}: {decided.reason}"
        return work.ends(Unchanged(Reason("resolve", "left_alone", text)))
    creates = pairing_of(work.flow).creates
    unmet = creates.unmet(record) if creates and decided is None else ""
    # An Account that shows a customer's code is meant to be that customer, whatever its type.
    shows_key = work.flow.source == "salesforce" and record.get(thing_of(work.flow).key_field)
    if unmet and not shows_key:
        text = f"it has no counterpart, and gets none: {unmet}"
        return work.ends(Unchanged(Reason("resolve", "not_wanted", text)))
    try:
        return replace(work, model=desk.book.mapping(work.flow.reads).read(record, desk.context()))
    except MappingProblem as problem:
        return work.ends(Dead(Reason("understand", "mapping", str(problem))))


def _mapped(entry: Progress, step: Callable[[Work], Progress]) -> Progress:
    if isinstance(entry, Settlement):
        return entry
    try:
        return step(entry)
    except MappingProblem as problem:
        return entry.ends(Dead(Reason("resolve", "mapping", str(problem))))


def _met(desk: Desk, work: Work, context: Context) -> Progress:
    link = known(work.link, "the link")
    golden = Golden.from_plain(link.golden)
    near, far = both_sides(desk, work, context, golden, far=work.far)
    if work.gone:
        return departures.departing(desk, work, far)
    if far is None:
        return departures.far_is_gone(desk, work)
    return met(
        desk, work, known(near, "the near side"), far, golden, pair_about(link.entity, link.salesforce_id)
    )


def _introduced(desk: Desk, work: Work, context: Context) -> Progress:
    """Two that never met: nothing was agreed on so far."""
    near, far = both_sides(desk, work, context, Golden(), far=work.far)
    near = known(near, "the near side")
    if far is None:
        return newcomer(work, near)
    salesforce_id = str((near if work.flow.source == "salesforce" else far).record["Id"])
    locked = locked_as_pair(desk, work, salesforce_id)
    if isinstance(locked, Settlement):
        return locked
    return met(desk, locked, near, far, Golden(), pair_about(thing_of(work.flow).entity, salesforce_id))


def _nothing_to_write(desk: Desk, work: Work) -> Settlement:
    meeting = known(work.meeting, "both sides")
    far = known(meeting.far, "the far side")
    if meeting.golden.parted is not None:
        return departures.parted_end(work, meeting.golden, meeting.golden.parted)
    reason = Reason("compare", "same_values", "both sides say the same, or as it was agreed")
    return finish(desk, work, Unchanged(reason), far, sent=False)
