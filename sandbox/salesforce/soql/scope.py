"""From the names in a query to fields and how to read them; unknown names are refused as the platform words it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import Entity, Field
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.soql.lexer import malformed, pointed
from sandbox.salesforce.soql.tree import Path
from sandbox.salesforce.soql.view import View
from sandbox.salesforce.table import Row

_ADDRESS_PARTS = (
    "city",
    "country",
    "geocodeAccuracy",
    "latitude",
    "longitude",
    "postalCode",
    "state",
    "street",
)
_MAX_HOPS = 5


@dataclass(frozen=True)
class Column:
    """A field reached from the query's object over `hops`, the lookups on the way."""

    hops: tuple[Field, ...]
    entity: Entity
    field: Field

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical path, `("Account", "Owner", "Name")`."""
        return (*(hop.relationship for hop in self.hops), self.field.name)

    def value(self, view: View, row: Row) -> Any:
        for hop in self.hops:
            parent = view.row(row.get(hop.name))
            if parent is None:
                return None
            row = parent
        return field_value(self.entity, self.field, row)


def field_value(entity: Entity, field: Field, row: Row) -> Any:
    """A row's value; a compound address is put together from its components, null when all are."""
    if field.type != "address":
        return row.get(field.name)
    parts: dict[str, Any] = dict.fromkeys(_ADDRESS_PARTS)
    prefix = field.name.removesuffix("Address")
    for each in entity.fields.values():
        if each.compound == field.name:
            key = each.name.removeprefix(prefix)
            parts[key[0].lower() + key[1:]] = row.get(each.name)
    return parts if any(value is not None for value in parts.values()) else None


class Scope:
    """The names that one query (or subquery) on `entity` may use."""

    def __init__(self, schema: Schema, entity: Entity, alias: str, soql: str) -> None:
        self.schema = schema
        self.entity = entity
        self.soql = soql
        self._own_names = {entity.name.lower(), alias.lower()} - {""}

    def column(self, path: Path) -> Column:
        """ApiError INVALID_FIELD when a part is unknown or hidden."""
        parts = list(path.parts)
        if (
            len(parts) > 1
            and parts[0].lower() in self._own_names
            and not self._relationship(self.entity, parts[0])
        ):
            parts = parts[1:]
        if len(parts) - 1 > _MAX_HOPS:
            raise malformed(
                self.soql, path.position, f"too many relationship levels in '{path}', at most {_MAX_HOPS}"
            )
        entity, hops = self.entity, []
        for name in parts[:-1]:
            hop = self._relationship(entity, name)
            if hop is None:
                raise ApiError(
                    "INVALID_FIELD", pointed(self.soql, path.position, _unknown_relationship(name))
                )
            hops.append(hop)
            entity = self.schema.entity(hop.reference_to)
        field = self.schema.visible(entity, parts[-1])
        if field is None:
            raise ApiError(
                "INVALID_FIELD", pointed(self.soql, path.position, _unknown_column(parts[-1], entity))
            )
        return Column(tuple(hops), entity, field)

    def _relationship(self, entity: Entity, name: str) -> Field | None:
        hop = entity.reference_by_relationship(name)
        return None if hop is None or self.schema.visible(entity, hop.name) is None else hop


def source_entity(schema: Schema, name: str, *, tooling: bool = False) -> Entity:
    """The object that FROM names; INVALID_TYPE when it is unknown or cannot be queried here."""
    entity = schema.find(name)
    kinds = ("data", "tooling") if tooling else ("data",)
    if entity is None or entity.kind not in kinds:
        reason = (
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
            "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
        )
        raise ApiError("INVALID_TYPE", reason)
    return entity


def _unknown_column(name: str, entity: Entity) -> str:
    return (
        f"No such column '{name}' on entity '{entity.name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )


def _unknown_relationship(name: str) -> str:
    return (
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be "
        "sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call "
        "for the appropriate names."
    )
