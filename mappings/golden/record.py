"""What both sides of a link agreed on, field by field, and who said so: as values, and as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from canonical.change import Source

#: The value of one field. None is a value: somebody cleared it.
Value = str | int | bool | None
#: The present values of one side, by field. A field that the side does not have at all is not in it.
Values = Mapping[str, Value]


@dataclass(frozen=True)
class Agreed:
    """One field as it was agreed on last: the provenance of its value."""

    value: Value
    #: Whose value it was, when that was settled, and by which delivery.
    side: Source
    at: datetime
    delivery: int
    #: What each side showed then. A side that cannot hold the value (too short a field) shows another, and a side
    #: that lacks the field is not in it.
    shown: Mapping[Source, Value]


@dataclass(frozen=True)
class Ruling:
    """Which side wins while both show these values; decided, but not carried out on both sides yet."""

    #: None leaves both as they are.
    take: Source | None
    shown: Mapping[Source, Value]


@dataclass(frozen=True)
class Write:
    """One of our own writes of a field; `mark` tells values apart without holding one."""

    at: datetime
    side: Source
    mark: str


@dataclass(frozen=True)
class Parted:
    """Since when, and why, the pair is no longer kept in step."""

    at: datetime
    #: Whose record went.
    side: Source
    why: str
    #: Was the other side's record archived because of it?
    archived: bool = False


@dataclass(frozen=True)
class Golden:
    """The golden record of one link."""

    fields: Mapping[str, Agreed] = field(default_factory=dict)
    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    #: Our recent writes by field, oldest first: a field that is written again and again is a quarrel.
    writes: Mapping[str, tuple[Write, ...]] = field(default_factory=dict)
    #: Id of the record that is a part of it in Salesforce: a customer's primary Contact, a product's standard price.
    #: Blank while there is none. Stored as `contact`: once, only customers had one.
    part: str = ""
    parted: Parted | None = None

    @property
    def values(self) -> dict[str, Value]:
        """What was agreed on, by field."""
        return {name: agreed.value for name, agreed in self.fields.items()}

    def had_contact(self, side: Source) -> bool:
        """Did that side ever show a contact?"""
        return any(
            one.shown.get(side) is not None
            for name, one in self.fields.items()
            if name.startswith("contact.")
        )

    def ruled(self, rulings: Mapping[str, Ruling]) -> Golden:
        """The same with these decisions; a field that was decided about begins to count its writes anew."""
        writes = {name: told for name, told in self.writes.items() if name not in rulings}
        return replace(self, rulings={**self.rulings, **rulings}, writes=writes)

    def to_plain(self) -> dict[str, Any]:
        """As the ledger's JSON column keeps it."""
        return {
            "fields": {
                name: {
                    "value": one.value,
                    "side": one.side,
                    "at": one.at.isoformat(),
                    "delivery": one.delivery,
                    "shown": dict(one.shown),
                }
                for name, one in sorted(self.fields.items())
            },
            "rulings": {
                name: {"take": one.take, "shown": dict(one.shown)} for name, one in self.rulings.items()
            },
            "writes": {
                name: [[one.at.isoformat(), one.side, one.mark] for one in told]
                for name, told in self.writes.items()
                if told
            },
            "contact": self.part,
            "parted": {
                "at": self.parted.at.isoformat(),
                "side": self.parted.side,
                "why": self.parted.why,
                "archived": self.parted.archived,
            }
            if self.parted
            else None,
        }

    @classmethod
    def from_plain(cls, told: Mapping[str, Any]) -> Self:
        """The golden record that `to_plain` told; of a link that was never merged, an empty one."""
        parted = told.get("parted")
        return cls(
            {name: Agreed(**{**one, "at": _time(one["at"])}) for name, one in told.get("fields", {}).items()},
            {name: Ruling(**one) for name, one in told.get("rulings", {}).items()},
            {
                name: tuple(Write(_time(at), side, mark) for at, side, mark in writes)
                for name, writes in told.get("writes", {}).items()
            },
            told.get("contact", ""),
            Parted(**{**parted, "at": _time(parted["at"])}) if parted else None,
        )


def _time(said: str) -> datetime:
    return datetime.fromisoformat(said)
