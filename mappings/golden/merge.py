"""The three-way merge: what was agreed last, what Salesforce shows, what KashFlow shows; who wins, field by field.

Each field is looked at by itself. A side *moved* when it no longer shows what it showed when the field was agreed on.
What the policy cannot decide is disputed: a person is asked, and the other fields go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Final

from canonical.change import Source
from mappings.golden.alike import alike, region_of
from mappings.golden.owners import Owner, Owners
from mappings.golden.record import Agreed, Golden, Ruling, Value, Values

SIDES: Final[tuple[Source, Source]] = ("salesforce", "kashflow")
_OTHER: Final[Mapping[Source, Source]] = {"salesforce": "kashflow", "kashflow": "salesforce"}


@dataclass(frozen=True)
class Span:
    """When a side was edited last, as well as it tells: not before `earliest`, not after `latest`."""

    earliest: datetime
    latest: datetime


@dataclass(frozen=True)
class Side:
    """One side as it is now."""

    values: Values
    #: None where nobody knows.
    edited: Span | None = None
    #: The same of what is a record of its own over there, by the fields that it holds: `contact`, `price`.
    parts_edited: Mapping[str, Span | None] = dataclass_field(default_factory=dict)

    def edited_in(self, field: str) -> Span | None:
        """When the record that holds `field` was edited last."""
        return self.parts_edited.get(field.partition(".")[0]) or self.edited


@dataclass(frozen=True)
class Verdict:
    """What is to stand in a field."""

    field: str
    value: Value
    #: Whose value it is.
    side: Source
    #: Sides that show something else and have to be written.
    behind: frozenset[Source] = frozenset()


@dataclass(frozen=True)
class Dispute:
    """A field that only a person can settle."""

    field: str
    agreed: Value
    shown: Mapping[Source, Value]
    why: str


@dataclass(frozen=True)
class Merged:
    """The verdicts on all fields but the disputed ones."""

    verdicts: Mapping[str, Verdict]
    disputes: tuple[Dispute, ...]
    #: The country phone numbers were taken to be from.
    region: str
    #: What each side shows, by field.
    shown: Mapping[str, Mapping[Source, Value]]

    def wanted(self, side: Source) -> dict[str, Value]:
        """What has to change on that side."""
        return {name: one.value for name, one in self.verdicts.items() if side in one.behind}


def merge(golden: Golden, salesforce: Side, kashflow: Side, owners: Owners, *, source: Source) -> Merged:
    """Settle every field that a side shows. `source` is where the news came from: it is named where both say the same."""
    sides: dict[Source, Side] = {"salesforce": salesforce, "kashflow": kashflow}
    region = region_of(kashflow.values, salesforce.values, golden.values)
    verdicts: dict[str, Verdict] = {}
    disputes: list[Dispute] = []
    for field in sorted({*salesforce.values, *kashflow.values}):
        found = _Field(field, owners.of(field), golden, sides, region, source).settled()
        if isinstance(found, Verdict):
            verdicts[field] = found
        else:
            disputes.append(found)
    shown = {
        field: {side: sides[side].values[field] for side in SIDES if field in sides[side].values}
        for field in (*verdicts, *(dispute.field for dispute in disputes))
    }
    return Merged(verdicts, tuple(disputes), region, shown)


def other(side: Source) -> Source:
    """The other side."""
    return _OTHER[side]


@dataclass(frozen=True)
class _Field:
    """One field on its way to a verdict."""

    name: str
    owner: Owner
    golden: Golden
    sides: Mapping[Source, Side]
    region: str
    source: Source

    def settled(self) -> Verdict | Dispute:
        here = [side for side in SIDES if self.name in self.sides[side].values]
        if len(here) == 1:
            return Verdict(self.name, self.now(here[0]), here[0])
        if self.alike(self.now("salesforce"), self.now("kashflow")):
            return self.as_both_say()
        ruling = self.golden.rulings.get(self.name)
        if ruling is not None and self.holds(ruling):
            return self.left() if ruling.take is None else self.taken(ruling.take)
        moved = list(self.moved())
        if not moved:
            return self.left()
        return self.met() if self.meet_first() else self.decided(moved)

    def as_both_say(self) -> Verdict:
        agreed = self.agreed
        if agreed is not None and self.alike(agreed.value, self.now(self.source)):
            return Verdict(self.name, agreed.value, agreed.side)
        return Verdict(self.name, self.now(self.source), self.source)

    def met(self) -> Verdict | Dispute:
        """Nothing was agreed on so far: a blank is no decision of anybody's, and what is known fills it."""
        for side in SIDES:
            if self.now(side) is None:
                return self.taken(_OTHER[side])
        return self.decided(list(SIDES))

    def decided(self, moved: list[Source]) -> Verdict | Dispute:
        match self.owner:
            case Owner.SALESFORCE:
                return self.taken("salesforce")
            case Owner.KASHFLOW:
                return self.taken("kashflow")
            case Owner.MANUAL:
                return self.disputed("the two sides differ, and this field is left to a person")
            case Owner.NEWEST | Owner.FIRST:
                if len(moved) == 1:
                    return self.taken(moved[0])
        later = self.edited_later()
        if later is None:
            return self.disputed(
                "both sides were edited, and nobody can tell which edit was the "
                + ("later" if self.owner is Owner.NEWEST else "earlier")
            )
        return self.taken(later if self.owner is Owner.NEWEST else _OTHER[later])

    def taken(self, side: Source) -> Verdict:
        return Verdict(self.name, self.now(side), side, frozenset({_OTHER[side]}))

    def left(self) -> Verdict:
        """The sides show two values, and that is as it should be."""
        agreed = self.agreed
        if agreed is None:
            return Verdict(self.name, self.now(self.source), self.source)
        return Verdict(self.name, agreed.value, agreed.side)

    def disputed(self, why: str) -> Dispute:
        agreed = self.agreed.value if self.agreed else None
        return Dispute(self.name, agreed, {side: self.now(side) for side in SIDES}, why)

    def moved(self) -> Iterator[Source]:
        for side in SIDES:
            shown = self.agreed.shown if self.agreed else {}
            if side not in shown or not self.alike(shown[side], self.now(side)):
                yield side

    def meet_first(self) -> bool:
        return self.agreed is None or any(side not in self.agreed.shown for side in SIDES)

    def edited_later(self) -> Source | None:
        one, two = (self.sides[side].edited_in(self.name) for side in SIDES)
        if one is None or two is None:
            return None
        if one.earliest > two.latest:
            return SIDES[0]
        return SIDES[1] if two.earliest > one.latest else None

    def holds(self, ruling: Ruling) -> bool:
        return all(self.alike(ruling.shown.get(side), self.now(side)) for side in SIDES)

    @property
    def agreed(self) -> Agreed | None:
        return self.golden.fields.get(self.name)

    def now(self, side: Source) -> Value:
        return self.sides[side].values[self.name]

    def alike(self, one: Value, other_value: Value) -> bool:
        return alike(self.name, one, other_value, self.region)
