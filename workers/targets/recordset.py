"""What one delivery wants to see in Salesforce: a record, the records below it, and what of that is not there yet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from connectors.salesforce.ids import to_18
from mappings.recordmapping import RecordMapping

Fields = Mapping[str, object]


@dataclass(frozen=True)
class One:
    """One record as it is to be."""

    object: str
    #: The value of its external id.
    key: str
    #: By API name, the external id among them; a parent that is named by its own key is a record within the record.
    fields: Fields
    #: Salesforce's id of it, where its source names it by our stamp.
    stamped: str = ""
    #: The list of the mapping it is a row of, and its field for the parent's id; blank for the record itself.
    list_name: str = ""
    parent_field: str = ""


@dataclass(frozen=True)
class Write:
    """What has to be sent of one record; without an id it is made, or found by its key."""

    one: One
    id: str
    fields: Fields
    #: What the record shows in these fields so far.
    before: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """All that one delivery has to write: the record first, then those below it, then what is too much, from below."""

    main_id: str
    main: Write | None
    below: tuple[Write, ...]
    surplus: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        return bool(self.main or self.below or self.surplus)


class Present:
    """The records that Salesforce has, by object and key, and by id."""

    def __init__(self, key_field: str, rows: Iterable[tuple[str, Fields]]) -> None:
        self._key_field = key_field
        self._rows = list(rows)
        self._by_key = {(name, str(row.get(key_field) or "")): row for name, row in self._rows}
        self._by_id = {str(row["Id"]): row for _, row in self._rows}

    def of(self, one: One) -> Fields | None:
        """The record that `one` is about. The stamp comes first: the record it names may have no key yet."""
        return self._by_id.get(one.stamped) or self.with_key(one.object, one.key)

    def with_key(self, object_name: str, key: str) -> Fields | None:
        """The record of an object with this external id."""
        return self._by_key.get((object_name, key))

    def keyless(self, object_name: str, parent_field: str, parent_id: str) -> list[Fields]:
        """The records under a parent that have no key yet, in the order in which they were made."""
        rows = [
            row
            for name, row in self._rows
            if name == object_name and row.get(parent_field) == parent_id and not row.get(self._key_field)
        ]
        return sorted(rows, key=lambda row: str(row["Id"]))

    def lost(self, object_name: str) -> list[Fields]:
        """The records of an object that have no key."""
        return [row for name, row in self._rows if name == object_name and not row.get(self._key_field)]

    def below(self, object_name: str, key: str) -> Iterator[Fields]:
        """The records whose key says that they belong to the record with `key`."""
        for name, row in self._rows:
            if name == object_name and str(row.get(self._key_field) or "").startswith(f"{key}-"):
                yield row


@dataclass(frozen=True)
class RecordSet:
    """The records that one payload speaks of; the record itself first, if the org has its object."""

    key: str
    ones: tuple[One, ...]
    #: The objects of its lists: whatever else they hold below this key is too much.
    below: frozenset[str]
    #: The object whose record of this key is too much, too; blank where it is wanted.
    unwanted: str = ""
    #: A record that says the same and has no key may have lost it; else somebody may just have entered it.
    adopts: bool = False

    @property
    def main(self) -> One | None:
        """The record itself; None where the org does not have its object."""
        return self.ones[0] if self.ones and not self.ones[0].list_name else None

    @property
    def is_stamped(self) -> bool:
        """Was it entered in Salesforce?"""
        return self.main is not None and bool(self.main.stamped)


def wanted(mapping: RecordMapping, payload: Fields, has: Callable[[str], frozenset[str]]) -> RecordSet:
    """What `payload` says, without what the org lacks.

    A row without a key of its own is told apart by its place in the list, from 1.
    """
    lists = {name: one for name, one in mapping.written.items() if one.many and name in payload}
    key = str(payload[mapping.key])
    ones = [_one(mapping.entity, key, {n: v for n, v in payload.items() if n not in lists})]
    for name, relation in lists.items():
        rows = payload[name]
        for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
            own = f"{key}-{row.get(mapping.key) or number}"
            below = _one(relation.object, own, {**row, mapping.key: own})
            ones.append(replace(below, list_name=name, parent_field=relation.parent))
    known = tuple(_known(mapping, one, has) for one in ones if mapping.key in has(one.object))
    objects = frozenset(one.object for one in lists.values() if mapping.key in has(one.object))
    return RecordSet(key, known, objects)


def nothing(mapping: RecordMapping, key: str, has: Callable[[str], frozenset[str]]) -> RecordSet:
    """That the record with `key` is there no more, nor any below it."""
    lists = (one.object for one in mapping.written.values() if one.many)
    below = frozenset(name for name in lists if mapping.key in has(name))
    return RecordSet(key, (), below, mapping.entity if mapping.key in has(mapping.entity) else "")


def _one(object_name: str, key: str, fields: Fields) -> One:
    own = {name: value for name, value in fields.items() if name != "Id"}
    return One(object_name, key, own, _record_id(str(fields.get("Id") or "")))


def _record_id(stamp: str) -> str:
    """The id in a stamp, blank where somebody wrote something else in its place."""
    try:
        return to_18(stamp)
    except ValueError:
        return ""


def _known(mapping: RecordMapping, one: One, has: Callable[[str], frozenset[str]]) -> One:
    fields = has(one.object)
    kept = {name: value for name, value in one.fields.items() if lookup_field(name) in fields}
    parent = one.parent_field if one.parent_field in fields and mapping.key in has(mapping.entity) else ""
    return replace(one, fields=kept, parent_field=parent)


def lookup_field(name: str) -> str:
    """The field behind a relationship: `Bank_Account__c` of `Bank_Account__r`; any other name is its own."""
    return f"{name.removesuffix('__r')}__c" if name.endswith("__r") else name


def changes(mapping: RecordMapping, wants: RecordSet, present: Present) -> Changes:
    """What is to be written so that Salesforce shows `wants`; false where that is nothing."""
    main_id, main = "", None
    below: list[Write] = []
    free: dict[str, list[Fields]] = {}
    for one in wants.ones:
        there = present.of(one)
        if not one.list_name:
            if there is None and wants.adopts and not one.stamped:
                there = _without_its_key(mapping, one, present)
            main_id = str(there["Id"]) if there else ""
            main = _write(mapping, one, there, main_id)
            continue
        if one.list_name not in free:
            rows = present.keyless(one.object, one.parent_field, main_id) if main_id else []
            free[one.list_name] = rows
        if there is None and not one.stamped:
            by_place = wants.is_stamped or not wants.adopts
            there = _keyless(mapping, one, free[one.list_name], by_place=by_place)
        if write := _write(mapping, one, there, main_id):
            below.append(write)
    return Changes(main_id, main, tuple(below), tuple(_surplus(wants, present)))


def _without_its_key(mapping: RecordMapping, one: One, present: Present) -> Fields | None:
    """The record that is this one in all but its key, if there is one and no other."""
    fields = {name: value for name, value in one.fields.items() if name != mapping.key}
    found = [row for row in present.lost(one.object) if not mapping.difference(fields, row)]
    return found[0] if len(found) == 1 else None


def _keyless(mapping: RecordMapping, one: One, free: list[Fields], *, by_place: bool) -> Fields | None:
    """Which of the rows without a key is this one: a person who entered the record entered its rows too, and those take
    their keys by their place; any other has lost its key, and says the same."""
    for place, row in enumerate(free):
        fields = {name: value for name, value in one.fields.items() if name != mapping.key}
        if by_place or not mapping.row_difference(one.list_name, fields, row):
            return free.pop(place)
    return None


def _write(mapping: RecordMapping, one: One, there: Fields | None, main_id: str) -> Write | None:
    if there is None:
        return Write(one, "", one.fields)
    if one.list_name:
        differing = set(mapping.row_difference(one.list_name, one.fields, there))
        differing |= {mapping.key} if there.get(mapping.key) != one.key else set()
    else:
        differing = set(mapping.difference(one.fields, there))
    fields = {name: value for name, value in one.fields.items() if name in differing}
    is_elsewhere = bool(one.parent_field) and (not main_id or there.get(one.parent_field) != main_id)
    if not fields and not is_elsewhere:
        return None
    before = {name: there.get(name) for name in fields}
    return Write(one if is_elsewhere else replace(one, parent_field=""), str(there["Id"]), fields, before)


def _surplus(wants: RecordSet, present: Present) -> Iterator[tuple[str, str]]:
    kept = {str(there["Id"]) for one in wants.ones if (there := present.of(one)) is not None}
    for name in sorted(wants.below):
        for row in present.below(name, wants.key):
            if str(row["Id"]) not in kept:
                yield name, str(row["Id"])
    if wants.unwanted and (itself := present.with_key(wants.unwanted, wants.key)) is not None:
        yield wants.unwanted, str(itself["Id"])
