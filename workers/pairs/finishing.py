"""The end of a pair's delivery: what both sides agree on since, and the delivery that the other side still needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from canonical.change import Kind, Source
from ledger.deliveries import NewDelivery, Settlement
from ledger.endings import Ending, LinkFound
from ledger.links import Link
from ledger.questions import Asked
from mappings.flows import Flow
from mappings.golden.agree import Outcome, agreed_on
from mappings.golden.merge import Merged, merge
from mappings.golden.record import Golden
from workers.desk import Desk
from workers.pairs.asking import near_about, pair_about
from workers.pairs.customers import CUSTOMER
from workers.pairs.meeting import Meeting, Shown
from workers.pairs.merging import pairing_of
from workers.pairs.salesforce import part_lacks_key
from workers.pairs.thing import Thing
from workers.pairs.things import thing_of
from workers.work import Work, known


def finish(desk: Desk, work: Work, ending: Ending, after: Shown, *, sent: bool, **also: Any) -> Settlement:
    """The settlement of a work whose far side shows `after` now. `sent` tells whether something was written there."""
    meeting, flow = known(work.meeting, "both sides"), work.flow
    merged = meeting.merged or _first_merge(flow, meeting, after)
    sides: dict[Source, Shown] = {flow.source: meeting.near, flow.target: after}
    turn = flow.target if meeting.merged is not None else None
    shown = {side: one.side.values for side, one in sides.items()}
    golden = agreed_on(
        meeting.golden, merged, Outcome(desk.clock(), work.delivery.id, shown, turn=turn, sent=sent)
    )
    golden = replace(golden, part=sides["salesforce"].part or golden.part)
    link = _link(thing_of(flow), sides, golden, _before(work))
    behind = any(flow.source in verdict.behind for verdict in merged.verdicts.values())
    behind |= flow.source == "salesforce" and shows_no_key(thing_of(flow), meeting.near)
    asked = Asked(
        meeting.questions, meeting.used, (near_about(work), pair_about(link.entity, link.salesforce_id))
    )
    return work.ends(
        ending,
        link=link,
        follow_ups=(other_way(desk, work, link),) if behind else (),
        asked=asked,
        **also,
    )


def shows_no_key(thing: Thing, shown: Shown) -> bool:
    """Of Salesforce's side: a person was added, or came from elsewhere, since its record was given its key."""
    return part_lacks_key(thing.part, shown.record, shown.part, thing.key_of(shown.model))


def other_way(
    desk: Desk,
    work: Work,
    link: LinkFound | Link,
    *,
    kind: Kind = "updated",
    why: str = "merged by",
) -> NewDelivery:
    """The delivery in the other direction, under the lock of the pair."""
    flow = desk.book.flow(pairing_of(work.flow).other_way)
    to_kashflow = flow.target == "kashflow"
    return NewDelivery(
        flow=flow.name,
        queue=flow.queue,
        source=flow.source,
        entity=flow.source_entity,
        record_id=link.salesforce_id if to_kashflow else link.kashflow_id,
        version=f"{why} {work.delivery.id}, attempt {work.delivery.attempts + 1}",
        kind=kind,
        occurred_at=desk.clock(),
        lock_key=pair_lock(desk, work.flow, link.salesforce_id),
        priority=work.delivery.ranks(flow.priority),
        hint={} if to_kashflow else {"key": link.kashflow_key},
    )


def begin_in_step(desk: Desk, work: Work, account_id: str) -> tuple[NewDelivery, ...]:
    """The delivery that agrees on the values of a customer which was just linked for another reason."""
    return tuple(
        NewDelivery(
            flow=flow.name,
            queue=flow.queue,
            source=flow.source,
            entity=flow.source_entity,
            record_id=account_id,
            version=f"linked by {work.delivery.id}",
            kind="updated",
            occurred_at=desk.clock(),
            lock_key=flow.lock_for(account_id),
            priority=work.delivery.ranks(flow.priority),
        )
        for flow in desk.book.flows_for("salesforce", CUSTOMER.salesforce)
        if flow.pairing is not None
    )


def pair_lock(desk: Desk, flow: Flow, salesforce_id: str) -> str:
    """The lock key of both directions."""
    known_by_account = flow if flow.source == "salesforce" else desk.book.flow(pairing_of(flow).other_way)
    return known_by_account.lock_for(salesforce_id)


def _first_merge(flow: Flow, meeting: Meeting, after: Shown) -> Merged:
    """What was just made is compared with what it was made from: the system over there may have filled fields in."""
    sides = {flow.source: meeting.near.side, flow.target: after.side}
    return merge(
        Golden(), sides["salesforce"], sides["kashflow"], pairing_of(flow).owners, source=flow.source
    )


def _link(thing: Thing, sides: Mapping[Source, Shown], golden: Golden, instead_of: str) -> LinkFound:
    row = sides["kashflow"].record
    return LinkFound(
        thing.entity,
        thing.salesforce,
        str(sides["salesforce"].record["Id"]),
        thing.records.identity(row),
        thing.records.key(row),
        golden.to_plain(),
        instead_of,
    )


def _before(work: Work) -> str:
    return work.link.salesforce_id if work.link else ""
