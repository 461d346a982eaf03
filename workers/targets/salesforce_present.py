"""Reads what Salesforce has of the records that a batch wants to see there, and which parents they can name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.salesforce.org import Record
from mappings.recordmapping import RecordMapping
from mappings.soql import quoted
from workers.desk import Desk
from workers.targets.recordset import Fields, One, Present, RecordSet

#: Of the conditions in one query: the address that carries it may have 16,384 bytes, and quotes count three.
MOST_CHARACTERS = 4_000
#: Values in one condition: a few of these fill a query.
VALUES = 50
#: What people call a record of any object.
_NAME = "Name"


def present(desk: Desk, mapping: RecordMapping, sets: Iterable[RecordSet], priority: int) -> Present:
    """All records with the keys and the stamps of `sets`, and those below their keys. Raises ConnectorError."""
    sets = list(sets)
    ones = [one for each in sets for one in each.ones]
    rows: list[tuple[str, Fields]] = []
    for name in _objects(sets):
        of_it = [one for one in ones if one.object == name]
        conditions = [*_any_of("Id", [one.stamped for one in of_it if one.stamped])]
        if not any(name in each.below for each in sets):
            conditions += _any_of(mapping.key, [one.key for one in of_it])
        else:
            conditions += [f"{mapping.key} LIKE {quoted(each.key + '-%')}" for each in sets]
            conditions += _keyless(mapping.key, name, sets)
        conditions += _any_of(mapping.key, [each.key for each in sets if each.unwanted == name])
        conditions += _without_their_keys(mapping.key, name, sets)
        columns = _columns(mapping, name, ones)
        rows += [(name, row) for row in select(desk, name, columns, conditions, priority)]
    return Present(mapping.key, rows)


def known_parents(
    desk: Desk, mapping: RecordMapping, sets: Iterable[RecordSet], priority: int
) -> dict[str, set[str]]:
    """Which keys of parents there are, by relationship, of those that `sets` name. Raises ConnectorError."""
    named: dict[str, dict[str, set[str]]] = {}
    for one in (one for each in sets for one in each.ones):
        for relationship, reference in parents(one):
            for field, value in reference.items():
                named.setdefault(relationship, {}).setdefault(field, set()).add(str(value))
    found: dict[str, set[str]] = {}
    for relationship, by_field in named.items():
        name = mapping.written[relationship].object
        for field, values in by_field.items():
            conditions = _any_of(field, sorted(values))
            there = select(desk, name, [field], conditions, priority) if field in desk.fields(name) else []
            found.setdefault(relationship, set()).update(str(row[field]) for row in there)
    return found


def parents(one: One) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The parents that a record names by a key of theirs: relationship, and that key's field and value."""
    for name, value in one.fields.items():
        if isinstance(value, Mapping):
            yield name, value


def select(
    desk: Desk, name: str, columns: Iterable[str], conditions: Iterable[str], priority: int
) -> list[Record]:
    """The records of an object that meet any of `conditions`. Raises ConnectorError."""
    rows: dict[str, Record] = {}
    fields = ", ".join(dict.fromkeys(["Id", *columns]))
    for part in _in_parts(conditions):
        # Names were checked when the files were loaded, values are quoted.
        statement = f"SELECT {fields} FROM {name} WHERE {part}"  # noqa: S608  # see above
        found = desk.salesforce_meter.call(
            lambda statement=statement: desk.salesforce.query(statement),  # type: ignore[misc]
            priority=priority,
        )
        rows |= {str(row["Id"]): row for row in found}
    return list(rows.values())


def _any_of(field: str, values: Sequence[str]) -> Iterator[str]:
    """Conditions that the field is one of `values`, a third as long as one for each value."""
    for start in range(0, len(values), VALUES):
        yield f"{field} IN ({', '.join(map(quoted, values[start : start + VALUES]))})"


def _objects(sets: Iterable[RecordSet]) -> list[str]:
    names = [
        name
        for each in sets
        for name in (*(one.object for one in each.ones), *sorted(each.below), each.unwanted)
        if name
    ]
    return list(dict.fromkeys(names))


def _without_their_keys(key_field: str, name: str, sets: Iterable[RecordSet]) -> Iterator[str]:
    """Records that lost their keys, by their names."""
    for each in sets:
        called = each.main.fields.get(_NAME) if each.main is not None and each.main.object == name else None
        if each.adopts and isinstance(called, str) and called:
            yield f"({key_field} = null AND {_NAME} = {quoted(called)})"


def _keyless(key_field: str, name: str, sets: Iterable[RecordSet]) -> Iterator[str]:
    """The rows below a record that have no keys: of one that a person entered, or that lost theirs."""
    for each in sets:
        fields = {one.parent_field for one in each.ones if one.object == name and one.parent_field}
        stamp = each.main.stamped if each.main is not None else ""
        for field in sorted(fields) if each.main is not None else ():
            if stamp:
                yield f"{field} = {quoted(stamp)}"
            elif each.adopts:
                parent = f"{_relationship(field)}.{key_field} = {quoted(each.key)}"
                yield f"({parent} AND {key_field} = null)"


def _relationship(field: str) -> str:
    """By which a query reaches the parent: `Invoice__r` of `Invoice__c`, `Account` of `AccountId`."""
    return f"{field.removesuffix('__c')}__r" if field.endswith("__c") else field.removesuffix("Id")


def _columns(mapping: RecordMapping, name: str, ones: Iterable[One]) -> list[str]:
    columns = [mapping.key]
    for one in ones:
        if one.object == name:
            columns += [one.parent_field] if one.parent_field else []
            for field, value in one.fields.items():
                columns += [f"{field}.{key}" for key in value] if isinstance(value, Mapping) else [field]
    return columns


def _in_parts(conditions: Iterable[str]) -> Iterator[str]:
    """The conditions joined by OR, so many at a time as one query takes."""
    part, length = list[str](), 0
    for one in conditions:
        if part and length + len(one) > MOST_CHARACTERS:
            yield " OR ".join(part)
            part, length = [], 0
        part.append(one)
        length += len(one) + 4
    if part:
        yield " OR ".join(part)
