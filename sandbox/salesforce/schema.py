"""The catalogue of objects and fields, and who may see which field. It holds no rows and speaks no HTTP."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import ChildRelationship, Entity, Field, field_from, label_of

_CATALOGUE = ("sales", "products", "setup", "custom", "tooling")

#: Every row has these; `OwnerId` only objects that somebody owns.
_BEFORE: dict[str, dict[str, Any]] = {
    "Id": {"type": "id", "length": 18, "readonly": True, "label": "Record ID"},
    "IsDeleted": {"type": "boolean", "readonly": True, "label": "Deleted"},
}
_AFTER: dict[str, dict[str, Any]] = {
    "CreatedDate": {"type": "datetime", "readonly": True},
    "CreatedById": {"type": "reference", "reference_to": "User", "readonly": True},
    "LastModifiedDate": {"type": "datetime", "readonly": True},
    "LastModifiedById": {"type": "reference", "reference_to": "User", "readonly": True},
    "SystemModstamp": {"type": "datetime", "readonly": True},
}
#: A platform event is no record: it has no id and nothing that changes later.
_BEFORE_EVENT: dict[str, dict[str, Any]] = {
    "ReplayId": {"type": "string", "length": 1000, "readonly": True},
    "EventUuid": {"type": "string", "length": 36, "readonly": True},
}
_AFTER_EVENT = {name: _AFTER[name] for name in ("CreatedDate", "CreatedById")}
_OWNER: dict[str, Any] = {"type": "reference", "reference_to": "User"}


class Schema:
    """All objects of the org by API name. `hidden` tells (object, field) pairs that nobody may see just now."""

    def __init__(self, hidden: Callable[[], Collection[tuple[str, str]]] = frozenset) -> None:
        self._entities: dict[str, Entity] = {}
        self._children: dict[str, list[ChildRelationship]] = {}
        self._hidden = hidden
        self.granted: set[tuple[str, str]] = set()
        #: When the catalogue last changed, None for never: describe answers 304 by it.
        self.changed_at: datetime | None = None

    @classmethod
    def load(cls, hidden: Callable[[], Collection[tuple[str, str]]] = frozenset) -> Schema:
        """Read the catalogue that lies beside this module; ValueError names a field that does not fit."""
        schema = cls(hidden)
        for name, facts in _catalogue().items():
            schema.add(_entity_from(name, facts))
        return schema

    def add(self, entity: Entity) -> None:
        self._entities[entity.name.lower()] = entity
        for each in entity.fields.values():
            self._remember_child(entity.name, each)

    def define(self, name: str, facts: dict[str, Any]) -> None:
        """An object that an administrator makes; `facts` are as in the catalogue."""
        self.add(_entity_from(name, facts))

    def remove(self, name: str) -> None:
        """An org that never made this object; whatever points at it is left without a target."""
        del self._entities[name.lower()]

    def add_field(self, entity: Entity, new: Field, at: datetime) -> None:
        """A custom field born while the org runs; it is the caller's business to refuse doubles."""
        entity.fields[new.name] = new
        self.changed_at = at
        self._remember_child(entity.name, new)

    def entity(self, name: str) -> Entity:
        """The object of this name in any case; ApiError NOT_FOUND without one."""
        found = self.find(name)
        if found is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        return found

    def find(self, name: str) -> Entity | None:
        return self._entities.get(name.lower())

    def with_prefix(self, record_id: str) -> Entity | None:
        return next((each for each in self._entities.values() if each.prefix == record_id[:3]), None)

    def __iter__(self) -> Iterator[Entity]:
        return iter(sorted(self._entities.values(), key=lambda each: each.name))

    def children_of(self, name: str) -> list[ChildRelationship]:
        return self._children.get(name, [])

    def child(self, parent: str, relationship: str) -> ChildRelationship | None:
        wanted = relationship.lower()
        return next((each for each in self.children_of(parent) if each.name.lower() == wanted), None)

    def visible(self, entity: Entity, name: str) -> Field | None:
        """The field if it exists and field-level security shows it: to the API both are the same."""
        found = entity.field(name)
        if found is None or self._is_hidden(entity, found):
            return None
        return found

    def visible_fields(self, entity: Entity) -> list[Field]:
        return [each for each in entity.fields.values() if not self._is_hidden(entity, each)]

    def _is_hidden(self, entity: Entity, field: Field) -> bool:
        key = (entity.name, field.name)
        return key in self._hidden() or (field.hidden and key not in self.granted)

    def _remember_child(self, entity: str, field: Field) -> None:
        if field.reference_to:
            known = self._children.setdefault(field.reference_to, [])
            known.append(ChildRelationship(entity, field.name, field.children, field.cascade))


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    """The catalogue's text as data, read once in a process: many orgs may be made from it."""
    objects: dict[str, dict[str, Any]] = {}
    for name in _CATALOGUE:
        text = files("sandbox.salesforce").joinpath("objects", f"{name}.yaml").read_text(encoding="utf-8")
        objects |= yaml.safe_load(text)
    return objects


def _entity_from(name: str, facts: dict[str, Any]) -> Entity:
    label = facts.get("label", label_of(name))
    flags = {key: facts[key] for key in ("createable", "updateable", "deletable", "kind") if key in facts}
    entity = Entity(name, label, facts.get("plural", label), facts["prefix"], **flags)
    own = dict(facts["fields"])
    event = entity.kind == "event"
    if facts.get("owned", not event):
        own = {"OwnerId": _OWNER, **own}
    before, after = (_BEFORE_EVENT, _AFTER_EVENT) if event else (_BEFORE, _AFTER)
    for field_name, field_facts in {**before, **own, **after}.items():
        entity.fields[field_name] = field_from(field_name, field_facts, custom=field_name.endswith("__c"))
    return entity
