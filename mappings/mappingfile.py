"""Reading one mapping file: its settings, tables and relations first, then the two sections that use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from yaml.nodes import Node

from canonical.change import Source
from mappings.bench import Bench, Use
from mappings.document import Document, Scalar, Wrong, entries, scalar, word
from mappings.nouns import NOUNS, check_field
from mappings.paths import Path, parse
from mappings.places import Countries
from mappings.plan import plan
from mappings.recordmapping import RecordMapping
from mappings.relations import Relation, check_relation, object_name, relations
from mappings.sections import Compiler, Section
from mappings.steps import STEPS
from mappings.tables import Table, tables

KEYS = ("object", "model", "relations", "settings", "tables", "read", "write")


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
    return RecordMapping(name, system, entity, kind, plan(entity, known_relations, uses), reading, writing)


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
