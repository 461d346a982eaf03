"""How what we would write fits what is there: is it the same already, and what is the whole with ours laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mappings.paths import rows
from mappings.values import is_blank, same, same_day


class Fit(Protocol):
    """One field of a payload: a value, a record or rows."""

    def same(self, present: object, wanted: object) -> bool:
        """Is there nothing to write?"""

    def laid(self, present: object, wanted: object) -> object:
        """What to send: `wanted`, and what is present beside it."""


@dataclass(frozen=True)
class ValueFit:
    """A single value. One that is `create_only` never gives a reason to write, and never replaces what is there."""

    by_day: bool = False
    create_only: bool = False

    def same(self, present: object, wanted: object) -> bool:
        return self.create_only or (same_day if self.by_day else same)(present, wanted)

    def laid(self, present: object, wanted: object) -> object:
        return present if self.create_only and not is_blank(present) else wanted


@dataclass(frozen=True)
class RecordFit:
    """A record: fields that are not ours stay as they are."""

    fields: dict[str, Fit] = field(default_factory=dict)

    def same(self, present: object, wanted: object) -> bool:
        return not self.differences(_record(present), _record(wanted))

    def differences(
        self, present: Mapping[str, object], wanted: Mapping[str, object]
    ) -> dict[str, tuple[object, object]]:
        """Present and wanted value of each field that is not the same."""
        found = {}
        for name, value in wanted.items():
            there = present.get(_spelling(present, name))
            if not self.fields[name].same(there, value):
                found[name] = (there, self.fields[name].laid(there, value))
        return found

    def laid(self, present: object, wanted: object) -> dict[str, object]:
        whole = dict(_record(present))
        for name, value in _record(wanted).items():
            spelling = _spelling(whole, name)
            whole[spelling] = self.fields[name].laid(whole.get(spelling), value)
        return whole


@dataclass(frozen=True)
class WholeRowsFit:
    """Rows without a key, such as invoice lines: all the same, or all replaced."""

    row: RecordFit

    def same(self, present: object, wanted: object) -> bool:
        there, ours = rows(present, "rows"), rows(wanted, "rows")
        return len(there) == len(ours) and all(map(self.row.same, there, ours))

    def laid(self, present: object, wanted: object) -> object:
        return present if self.same(present, wanted) else wanted


@dataclass(frozen=True)
class KeyedRowsFit:
    """Rows that are told apart by `key`, or by their place where it is blank; other rows stay as they are."""

    key: str = ""
    row: RecordFit = field(default_factory=RecordFit)
    #: Rows that are named one by one, such as custom boxes, by what their key holds or by their place.
    named: dict[str | int, RecordFit] = field(default_factory=dict)

    def same(self, present: object, wanted: object) -> bool:
        there = rows(present, "rows")
        return all(fit.same(_at(there, place), ours) for place, fit, ours in self._pairs(there, wanted))

    def laid(self, present: object, wanted: object) -> object:
        whole = list(rows(present, "rows"))
        for place, fit, ours in self._pairs(tuple(whole), wanted):
            laid = fit.laid(_at(whole, place), ours)
            if place is None:
                whole.append(laid)
            else:
                whole[place] = laid
        return whole

    def _pairs(self, there: Sequence[object], wanted: object) -> list[tuple[int | None, RecordFit, object]]:
        """Each wanted row with the place of its counterpart and how the two fit; no counterpart serves twice."""
        free = list(range(len(there)))
        pairs: list[tuple[int | None, RecordFit, object]] = []
        for number, ours in enumerate(rows(wanted, "rows")):
            place = next((one for one in free if self._matches(there[one], one, ours, number)), None)
            if place is not None:
                free.remove(place)
            name = str(_record(ours).get(self.key)) if self.key else number
            pairs.append((place, self.named.get(name, self.row), ours))
        return pairs

    def _matches(self, theirs: object, place: int, ours: object, number: int) -> bool:
        if not self.key:
            return place == number
        return same(_record(theirs).get(self.key), _record(ours).get(self.key))


def _at(members: Sequence[object], place: int | None) -> object:
    return None if place is None else members[place]


def _record(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _spelling(record: Mapping[str, object], name: str) -> str:
    """The name as the record spells it: KashFlow says VATNumber and VatNumber (reference kashflow.md section 4, quirk 9)."""
    if name in record:
        return name
    small = name.casefold()
    return next((one for one in record if one.casefold() == small), name)
