"""Reading one mapping file: its settings, tables and relations first, then the two sections that use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from yaml.nodes import Node

from canonical.change import Source
from mappings.bench import Bench, Use
from mappings.document import Document, Scalar, Wrong, entries, scalar, text, word
from mappings.nouns import NOUNS, check_field
from mappings.paths import Path, parse
from mappings.places import Countries
from mappings.plan import plan
from mappings.recordmapping import RecordMapping
from mappings.relations import Relation, check_relation, object_name, relations
from mappings.sections import Compiler, Section
from mappings.steps import STEPS
from mappings.tables import Table, tables

KEYS = ("object", "model", "key", "relations", "settings", "tables", "read", "write")


def mapping_of(
    root: Node, document: Document, name: str, system: Source, countries: Countries
) -> RecordMapping | None:
    """The mapping that `root` says, or None; what is wrong is gathered in `document`."""
    with document.gathering():
        parts = entries(root, KEYS, needed=("object", "model"))
        if "read" not in parts and "write" not in parts:
            raise Wrong(root, "says nothing; expected a read or a write section")
        return _mapping(parts, document, name, system, countries)
    return None


def _mapping(
    parts: dict[str, Node], document: Document, name: str, system: Source, countries: Countries
) -> RecordMapping:
    kind = NOUNS[word(parts["model"], NOUNS)]
    settings: dict[str, Scalar] = {}
    known_tables: dict[str, Table | None] = {}
    known_relations: dict[str, Relation] = {}

    def theirs(path: Path) -> None:
        if system == "salesforce":
            check_relation(known_relations, path)

    bench = Bench(countries, settings, known_tables, STEPS, theirs)
    with document.gathering():
        settings.update(_settings(parts["settings"]) if "settings" in parts else {})
    with document.gathering():
        known_tables.update(tables(parts["tables"]) if "tables" in parts else {})
    with document.gathering():
        known_relations.update(_relations(parts["relations"], bench, system) if "relations" in parts else {})

    reading = writing = None
    if "read" in parts:
        reading = _section(parts["read"], bench, document, lambda path: check_field(kind.filled, path))
    if "write" in parts:
        ours = replace(bench, used=[], check=lambda path: check_field(kind.noun, path))
        writing = _section(parts["write"], ours, document, None)
    entity = object_name(parts["object"])
    uses = [*bench.used, *_written(writing)]
    read = plan(entity, known_relations, uses)
    key, upserted = "", {}
    with document.gathering():
        key = _key(parts["key"], writing) if "key" in parts else ""
        upserted = _upserted(parts, key, known_relations, writing)
    return RecordMapping(name, system, entity, kind, read, reading, writing, key, upserted)


def _key(node: Node, writing: Section | None) -> str:
    name = text(node)
    if writing is None or name not in writing.fit.fields:
        raise Wrong(node, f"{name!r} is not filled by the write section; expected a field that is")
    return name


def _upserted(
    parts: dict[str, Node], key: str, known: dict[str, Relation], writing: Section | None
) -> dict[str, Relation]:
    """The relations that the write section fills: parents by a key of theirs, children as records of their own.

    A list of an object without a key is the business of its target: an Account's Contacts are of the pair.
    """
    filled = {
        name: one
        for name, one in known.items()
        if writing and name in writing.fit.fields and (key or not one.many)
    }
    for name, one in filled.items():
        if not key or (one.many and not one.parent):
            raise Wrong(parts["write"], f"{name} is written; that needs a key, and parent: for a list")
    return filled


def _settings(node: Node) -> dict[str, Scalar]:
    return {name: scalar(value) for name, value in entries(node).items()}


def _relations(node: Node, bench: Bench, system: Source) -> dict[str, Relation]:
    if system != "salesforce":
        raise Wrong(node, "relations are for Salesforce; a KashFlow record comes whole")
    return relations(node, bench)


def _section(
    node: Node, bench: Bench, document: Document, check: Callable[[Path], None] | None
) -> Section | None:
    with document.gathering():
        return Compiler(document, check is None, check or (lambda _path: None)).section(node, bench)
    return None


def _written(writing: Section | None) -> list[Use]:
    """The fields that a write fills, as uses: they are read too, to see what is there."""
    if writing is None:
        return []
    return [Use(parse(name), name in writing.optional) for name in writing.fit.fields]
