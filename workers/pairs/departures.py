"""What becomes of a pair when one side's record is deleted: by the flow's policy, after a time of grace.

A merge in Salesforce deletes the losers, too: what they were linked with belongs to the winner (reference salesforce.md
section 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ledger.deliveries import Settlement
from ledger.endings import Delivered, LinkFound, NotNow, Reason, State, Unchanged
from ledger.links import Link
from ledger.questions import Asked
from mappings.golden.merge import Merged, Side
from mappings.golden.record import Golden, Parted
from mappings.golden.spread import gathered
from mappings.pairing import WhenGone
from mappings.soql import quoted
from workers.classify import may_pass
from workers.desk import Desk
from workers.pairs.asking import merge_question, near_about, pair_about, subject_of
from workers.pairs.finishing import other_way
from workers.pairs.meeting import Meeting, Shown
from workers.pairs.merging import pairing_of
from workers.pairs.things import thing_of
from workers.work import Progress, Work, known

_LABELS = {"salesforce": "Salesforce", "kashflow": "KashFlow"}


def unlinked_and_gone(work: Work) -> Settlement:
    """The end of news of a deletion that concerns nobody."""
    return work.ends(
        Unchanged(Reason("resolve", "gone", f"{_what(work)} is deleted, and was linked with nothing"))
    )


def merge_subject(salesforce_id: str) -> str:
    """The question what becomes of the counterpart of a record that was merged into another with one of its own."""
    return subject_of(_merged_about(salesforce_id), "merge")


def _merged_about(salesforce_id: str) -> str:
    return f"merged {salesforce_id}"


def wait_or_move(desk: Desk, work: Work) -> Progress:
    """The work once its grace is over; its end where it still may come back, has parted, or was merged into another.

    May raise any ConnectorError.
    """
    golden = Golden.from_plain(known(work.link, "the link").golden)
    if golden.parted is not None:
        text = f"{_what(work)} is deleted, and the pair is no longer kept in step"
        return work.ends(Unchanged(Reason("resolve", "parted", text)))
    bin_ = _from_the_bin(desk, work) if work.flow.source == "salesforce" else {}
    if bin_.get("MasterRecordId"):
        return _moved(desk, work, str(bin_["MasterRecordId"]), golden)
    if work.delivery.kind != "deleted" and not bin_.get("IsDeleted"):
        # It may be hidden from us. Nobody's customers are archived because a permission was taken away.
        text = f"{_what(work)} cannot be seen, and nobody said that it was deleted"
        return work.ends(Unchanged(Reason("resolve", "not_visible", text)))
    pairing = pairing_of(work.flow)
    if pairing.when_gone is WhenGone.IGNORE:
        text = f"{_what(work)} is deleted; by the flow's policy nothing follows from that"
        return work.ends(Unchanged(Reason("resolve", "gone", text)))
    until = work.delivery.occurred_at + pairing.grace
    if desk.clock() < until:
        text = f"{_what(work)} is deleted; it may still come back"
        return work.ends(NotNow(until, Reason("resolve", "grace", text)))
    return work


def waiting_heirs(
    desk: Desk, works: Sequence[Work], id_of: Callable[[Work], str] = lambda work: work.delivery.record_id
) -> dict[int, Settlement]:
    """By delivery, the ends of those whose record, `id_of`, others were merged into, and is about to take their counterpart over:
    whoever looked for one, or made one, would have two. May raise any ConnectorError."""
    thing = thing_of(works[0].flow) if works else None
    if thing is None or not thing.can_be_merged or works[0].flow.source != "salesforce":
        return {}
    named = ", ".join(quoted(one) for one in sorted({id_of(work) for work in works}))
    # Ids that Salesforce told, in quotes all the same.
    statement = f"SELECT Id, MasterRecordId FROM {thing.salesforce} WHERE IsDeleted = true AND MasterRecordId IN ({named})"  # noqa: S608
    found = desk.salesforce_meter.call(
        lambda: desk.salesforce.query_all(statement), priority=works[0].flow.priority
    )
    winners = {str(row["Id"]): str(row["MasterRecordId"]) for row in found}
    links = desk.ledger.links_by_salesforce_id(thing.entity, thing.salesforce, winners)
    estates = {
        winners[loser]: link for loser, link in links.items() if Golden.from_plain(link.golden).parted is None
    }
    return {
        work.delivery.id: _inherits_first(desk, work, estates[id_of(work)])
        for work in works
        if id_of(work) in estates
    }


def _inherits_first(desk: Desk, work: Work, link: Link) -> Settlement:
    text = (
        f"{link.salesforce_entity} {link.salesforce_id} was merged into it, and hands {link.entity} {link.kashflow_key} "
        "on first"
    )
    return work.ends(may_pass(work.delivery, Reason("resolve", "inherits", text), desk))


def departing(desk: Desk, work: Work, far: Shown | None) -> Progress:
    """The work with what the policy wants of the far side; its end where that is nothing."""
    golden = Golden.from_plain(known(work.link, "the link").golden)
    parted = Parted(desk.clock(), work.flow.source, f"{_what(work)} is deleted")
    if pairing_of(work.flow).when_gone is WhenGone.UNLINK or far is None:
        return parted_end(work, golden, parted)
    # Nobody reads the near side any more: the far one stands for both.
    merged = Merged({}, (), "", {})
    meeting = Meeting(Shown({}, far.model, Side({})), far, replace(golden, parted=parted), merged)
    return replace(work, meeting=meeting, model=gathered(far.model, dict([thing_of(work.flow).archived])))


def parted_end(work: Work, golden: Golden, parted: Parted, *, archived: bool = False) -> Settlement:
    """The pair is no longer kept in step."""
    link = known(work.link, "the link")
    told = replace(golden, parted=replace(parted, archived=archived))
    done = "archived it" if archived else "left it as it is"
    return work.ends(
        Delivered(f"{parted.why}; {done} in {_LABELS[work.flow.target]}, and keep the two in step no longer"),
        link=_with(link, told),
        asked=Asked(looked_at=(pair_about(link.entity, link.salesforce_id),)),
    )


def no_longer_kept(work: Work, parted: Parted) -> Settlement:
    """The end of news from the side that stayed."""
    text = f"since {parted.at:%Y-%m-%d} it is no longer kept in step: {parted.why}"
    return work.ends(Unchanged(Reason("resolve", "parted", text)))


def far_is_gone(desk: Desk, work: Work) -> Settlement:
    """The other side's record is not there: whatever follows from that is the other direction's to say."""
    link = known(work.link, "the link")
    text = f"the record over there is gone, and {_LABELS[work.flow.target]}'s own policy says what follows"
    look = other_way(desk, work, link, kind="unknown", why="found gone by")
    newest = desk.ledger.newest_delivery(look.queue, look.source, look.entity, look.record_id)
    # News of the deletion that waits for its grace must not be superseded by a guess that begins it anew.
    is_awaited = newest is not None and newest.state in (State.WAITING, State.RUNNING)
    return work.ends(
        Unchanged(Reason("resolve", "other_side_gone", text)), follow_ups=() if is_awaited else (look,)
    )


def _from_the_bin(desk: Desk, work: Work) -> dict[str, Any]:
    """Whether this record is deleted, and which it was merged into; empty for one that is purged, or hidden from us."""
    thing = thing_of(work.flow)
    fields = "Id, IsDeleted, MasterRecordId" if thing.can_be_merged else "Id, IsDeleted"
    # An id that the ledger keeps, in quotes all the same.
    where = f"Id = {quoted(work.delivery.record_id)}"
    statement = f"SELECT {fields} FROM {thing.salesforce} WHERE {where}"  # noqa: S608
    found = desk.salesforce_meter.call(
        lambda: desk.salesforce.query_all(statement), priority=work.flow.priority
    )
    return next(iter(found), {})


def _moved(desk: Desk, work: Work, winner: str, golden: Golden) -> Settlement:
    link = known(work.link, "the link")
    taken = desk.ledger.links_by_salesforce_id(link.entity, link.salesforce_entity, [winner]).get(winner)
    if taken is not None:
        return _two_counterparts(desk, work, link, taken, golden)
    moved = replace(
        _with(link, replace(golden, part="")), salesforce_id=winner, instead_of=link.salesforce_id
    )
    follow = other_way(desk, work, moved, why="merged away:")
    note = f"{_what(work)} was merged into {winner}, which has {link.entity} {link.kashflow_key} now"
    return work.ends(Delivered(note), link=moved, follow_ups=(follow,))


def _two_counterparts(desk: Desk, work: Work, link: Link, taken: Link, golden: Golden) -> Settlement:
    """Both Accounts had a customer. The winner keeps its own; a person says what becomes of the other."""
    about = _merged_about(link.salesforce_id)
    parted = Parted(desk.clock(), "salesforce", f"{_what(work)} was merged into {taken.salesforce_id}")
    text = (
        f"Account {link.salesforce_id} was merged into {taken.salesforce_id}, and each had its customer in KashFlow: "
        f"{link.kashflow_key} and {taken.kashflow_key}. {taken.salesforce_id} goes on with {taken.kashflow_key}; "
        f"what becomes of {link.kashflow_key}?"
    )
    answers = {
        "archive": f"archive {link.kashflow_key}",
        "keep": f"leave {link.kashflow_key} as it is, on its own",
    }
    subject = merge_subject(link.salesforce_id)
    decided = desk.ledger.decisions([subject]).get(subject)
    if decided is not None:
        return _carried_out(desk, work, link, golden, decided, parted)
    return work.ends(
        Unchanged(Reason("resolve", "in_review", text)),
        asked=Asked((merge_question(work, about, answers, text),)),
    )


def _carried_out(
    desk: Desk, work: Work, link: Link, golden: Golden, decided: Any, parted: Parted
) -> Settlement:
    archive = decided.decision == "archive"
    if archive:
        customers, meter, priority = desk.kashflow.customers, desk.kashflow_meter, work.flow.priority
        row = meter.call(lambda: customers.get(link.kashflow_key), priority=priority)
        body = {**row, "IsArchived": True}
        meter.call(lambda: customers.update(link.kashflow_key, body), priority=priority)
    end = parted_end(work, golden, parted, archived=archive)
    return replace(end, asked=Asked(used=(decided.id,), looked_at=(near_about(work),)))


def _with(link: Link, golden: Golden) -> LinkFound:
    return LinkFound(
        link.entity,
        link.salesforce_entity,
        link.salesforce_id,
        link.kashflow_id,
        link.kashflow_key,
        golden.to_plain(),
    )


def _what(work: Work) -> str:
    return f"{work.delivery.entity} {work.delivery.record_id}"
