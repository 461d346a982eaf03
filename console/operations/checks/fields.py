"""Checks that Salesforce shows us every field that the flows read, and lets us write every field that they write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import NotAllowed, NotFound
from connectors.salesforce.rest import SalesforceClient
from console.operations.bench import Bench
from console.operations.checks.field_types import FIELD_TYPES
from console.operations.findings import Finding, Level, failed, ok
from mappings.fit import KeyedRowsFit, WholeRowsFit
from mappings.plan import FieldPlan
from mappings.recordmapping import RecordMapping

SHOW_REMEDY = (
    "give the integration user's permission set Read on them (Object Settings); or change the mapping"
)


class Schema:
    """The org's objects as our user sees them; each is asked for once."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._described: dict[str, Mapping[str, Any] | None] = {}

    def field(self, entity: str, name: str) -> Mapping[str, Any] | None:
        described = self._describe(entity)
        return next((field for field in described.get("fields", ()) if field["name"] == name), None)

    def found(self, entity: str, path: str) -> Mapping[str, Any] | None:
        """The field at `path`, which may lead through a list of children; None for one that is not there."""
        relationship, _, name = path.rpartition(".")
        where = self._leads_to(entity, relationship) if relationship else entity
        return self.field(where, name) if where else None

    def absent(self, entity: str, path: str) -> str | None:
        """What is not there on the way along `path` from `entity`: an object, a relationship or a field."""
        *relationships, name = path.split(".")
        for relationship in relationships:
            led_to = self._leads_to(entity, relationship)
            if led_to is None:
                return f"{entity}.{relationship}"
            entity = led_to
        if not self._describe(entity):
            return entity
        return None if self.field(entity, name) else f"{entity}.{name}"

    def has(self, entity: str) -> bool:
        """Is there such an object, and may our user see it?"""
        return bool(self._describe(entity))

    def _leads_to(self, entity: str, relationship: str) -> str | None:
        """To a parent, or to a list of children."""
        described = self._describe(entity)
        for field in described.get("fields", ()):
            if field.get("relationshipName") == relationship and field.get("referenceTo"):
                return str(field["referenceTo"][0])
        for child in described.get("childRelationships", ()):
            if child.get("relationshipName") == relationship:
                return str(child["childSObject"])
        return None

    def _describe(self, entity: str) -> Mapping[str, Any]:
        """Empty for an object that our user cannot see."""
        if entity not in self._described:
            try:
                self._described[entity] = self._client.describe(entity)
            except (NotFound, NotAllowed):
                self._described[entity] = None
        return self._described[entity] or {}


def readable(bench: Bench) -> Iterator[Finding]:
    """One finding for each flow that reads Salesforce."""
    schema = Schema(bench.salesforce)
    for flow in bench.house.book.flows:
        if flow.source != "salesforce":
            continue
        title = f"fields read by {flow.name}"
        if flow.source_entity.endswith("__c") and not schema.has(flow.source_entity):
            yield ok(title, f"the org has no {flow.source_entity}: nothing is read")
            continue
        absent = {path: schema.absent(flow.plan.entity, path) for path in _paths(flow.plan)}
        needed = _each_once(found for path, found in absent.items() if path not in flow.plan.optional)
        optional = _each_once(found for path, found in absent.items() if path in flow.plan.optional)
        if needed:
            yield failed(title, f"not visible to us: {', '.join(needed)}", SHOW_REMEDY)
            continue
        without = f"; optional, and not there: {', '.join(optional)}" if optional else ""
        yield ok(title, f"all {len(absent) - len(optional)} are visible{without}")


def writable(bench: Bench) -> Iterator[Finding]:
    """One finding for each flow that writes to Salesforce."""
    schema = Schema(bench.salesforce)
    book = bench.house.book
    for flow in book.flows:
        if flow.target == "salesforce":
            title, mapping = f"fields written by {flow.name}", book.mapping(flow.writes)
            yield _mirrored(title, mapping, schema) if flow.key else _written(title, mapping, schema)


def _mirrored(title: str, mapping: RecordMapping, schema: Schema) -> Finding:
    """An org need not have an object of our own; one that it has must have the key and what we write."""
    objects = [mapping.entity, *(one.object for one in mapping.written.values() if one.many)]
    absent = [name for name in objects if not schema.has(name)]
    if len(absent) == len(objects):
        return ok(
            title,
            f"the org has no {' and no '.join(absent)}: nothing is written. docs/salesforce-objects.md says what to "
            "create if you want it",
        )
    if mapping.entity in absent:
        return ok(title, f"without {mapping.entity}, which the org does not have")
    key = schema.field(mapping.entity, mapping.key)
    if key is not None and not (key.get("externalId") and key.get("unique")):
        return failed(
            title,
            f"{mapping.entity}.{mapping.key} is no unique external ID",
            f"tick External ID and Unique in Setup, Object Manager, {mapping.entity}, {mapping.key}",
        )
    found = _written(title, mapping, schema)
    if found.level is Level.OK and absent:
        return ok(title, f"{found.found}; without {', '.join(absent)}, which the org does not have")
    return found


def _written(title: str, mapping: RecordMapping, schema: Schema) -> Finding:
    optional = mapping.plan.optional.keys() | (mapping.writing.optional if mapping.writing else frozenset())
    # Records of their own have an object of their own.
    names = sorted(
        name
        for name in set(_names(mapping)) - optional - {"Id"}
        if name.partition(".")[0] not in mapping.written
    )
    fields = {name: schema.found(mapping.entity, name) for name in names}
    missing = [name for name, field in fields.items() if field is None]
    locked = [name for name, field in fields.items() if field is not None and not field.get("updateable")]
    if missing:
        wanted = ", ".join(
            f"{name} {FIELD_TYPES.get(name, f'(see {mapping.name}.yaml)')}" for name in missing
        )
        return failed(
            title,
            f"{mapping.entity} does not have, or does not show us: {', '.join(missing)}",
            f"create them in Setup, Object Manager, {mapping.entity}: {wanted}; then give the integration user's "
            "permission set Read and Edit on them",
        )
    if locked:
        return failed(
            title,
            f"{mapping.entity} shows us, but does not let us change: {', '.join(locked)}",
            "give the integration user's permission set Edit on them (Object Settings)",
        )
    return ok(title, f"{mapping.entity} takes all {len(names)}")


def _names(mapping: RecordMapping) -> Iterator[str]:
    """What the mapping writes; fields of a list of children as `Contacts.Email`."""
    for name, fit in mapping.writing.fit.fields.items() if mapping.writing else ():
        if isinstance(fit, WholeRowsFit | KeyedRowsFit):
            yield from (f"{name}.{field}" for field in fit.row.fields)
        else:
            yield name


def _paths(plan: FieldPlan) -> list[str]:
    children = [f"{name}.{path}" for name, child in plan.children.items() for path in child.fields]
    return [*plan.fields, *children]


def _each_once(found: Iterator[str | None]) -> list[str]:
    return sorted({one for one in found if one is not None})
