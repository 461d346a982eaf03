"""What the golden record says after a merge was carried out on one side; and when a field is written too often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from canonical.change import Source
from mappings.golden.alike import alike, mark_of
from mappings.golden.merge import SIDES, Merged, Verdict
from mappings.golden.record import Agreed, Golden, Ruling, Value, Values, Write


@dataclass(frozen=True)
class Patience:
    """How often a field may be written before it counts as a quarrel of two rules."""

    window: timedelta = timedelta(hours=24)
    #: Times the same value to the same side: somebody over there keeps undoing it.
    same_writes: int = 4
    #: Times in all: the value never comes to rest.
    all_writes: int = 16


@dataclass(frozen=True)
class Outcome:
    """What was carried out: by which delivery, on which side, and what both sides show since."""

    at: datetime
    delivery: int
    shown: Mapping[Source, Values]
    #: The side that had its turn; None where the other one has to be written first.
    turn: Source | None = None
    #: Was something written there?
    sent: bool = False


def agreed_on(golden: Golden, merged: Merged, outcome: Outcome) -> Golden:
    """The golden record after `outcome`.

    A field whose other side still has to be written keeps what was agreed on before, with a ruling: the next delivery
    must come to the same verdict, whatever the times of the records say by then. A disputed field stays as it was.
    """
    fields, rulings, writes = dict(golden.fields), dict(golden.rulings), dict(golden.writes)
    for name, verdict in merged.verdicts.items():
        if outcome.sent and outcome.turn in verdict.behind:
            writes[name] = (*_recent(golden, name, outcome.at), _write(outcome, verdict, merged.region))
        left = verdict.behind - {outcome.turn}
        if left:
            present = {side: outcome.shown[side].get(name) for side in SIDES}
            rulings[name] = Ruling(verdict.side, present)
            continue
        rulings.pop(name, None)
        fields[name] = _agreed(golden.fields.get(name), verdict, outcome, merged.region)
    return replace(golden, fields=fields, rulings=rulings, writes=writes)


def quarrels(golden: Golden, merged: Merged, now: datetime, patience: Patience) -> frozenset[str]:
    """The fields that were written so often lately that they must not be written again.

    It takes two: what one side says anew, however often, is news as long as nobody on the other side objects.
    """
    found = set()
    for name, verdict in merged.verdicts.items():
        recent = _recent(golden, name, now, patience.window)
        if verdict.behind and not _only_news(golden, merged, verdict, recent):
            mark = mark_of(name, verdict.value, merged.region)
            same = sum(one.mark == mark and one.side in verdict.behind for one in recent)
            if same >= patience.same_writes or len(recent) >= patience.all_writes:
                found.add(name)
    return frozenset(found)


def _only_news(golden: Golden, merged: Merged, verdict: Verdict, recent: Sequence[Write]) -> bool:
    """Was only the side that is behind written lately, and does it still show what it showed then?"""
    agreed, shown = golden.fields.get(verdict.field), merged.shown[verdict.field]
    return agreed is not None and all(
        side in agreed.shown
        and alike(verdict.field, agreed.shown[side], shown.get(side), merged.region)
        and all(one.side == side for one in recent)
        for side in verdict.behind
    )


def without(merged: Merged, fields: frozenset[str]) -> Merged:
    """The merge but for these fields, which are left as they are on both sides."""
    return replace(
        merged, verdicts={name: one for name, one in merged.verdicts.items() if name not in fields}
    )


def _agreed(before: Agreed | None, verdict: Verdict, outcome: Outcome, region: str) -> Agreed:
    # A side that lacks the field now is remembered by what it showed last.
    shown: dict[Source, Value] = dict(before.shown) if before else {}
    shown |= {
        side: outcome.shown[side][verdict.field] for side in SIDES if verdict.field in outcome.shown[side]
    }
    if before is not None and alike(verdict.field, before.value, verdict.value, region):
        return replace(before, shown=shown)
    return Agreed(verdict.value, verdict.side, outcome.at, outcome.delivery, shown)


def _write(outcome: Outcome, verdict: Verdict, region: str) -> Write:
    assert outcome.turn is not None, "a side that is behind was written"  # noqa: S101
    return Write(outcome.at, outcome.turn, mark_of(verdict.field, verdict.value, region))


def _recent(
    golden: Golden, name: str, now: datetime, window: timedelta = timedelta(days=2)
) -> tuple[Write, ...]:
    return tuple(one for one in golden.writes.get(name, ()) if now - one.at <= window)
