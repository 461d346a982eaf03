"""Whether a client's field values fit the schema and the rows: the checks that come before any business rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.fields import Entity, Field
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.table import Row, Tables
from sandbox.salesforce.values import stored


def accepted(
    schema: Schema, tables: Tables, entity: Entity, raw: Mapping[str, Any], *, creating: bool
) -> dict[str, Any]:
    """The values as rows keep them, by canonical field name; `attributes` is skipped.

    A relationship name with a mapping (`"Account": {"ExternalID__c": "A1"}`) becomes its lookup's id.
    """
    values: dict[str, Any] = {}
    refused: list[str] = []
    for name, value in raw.items():
        if name == "attributes":
            continue
        if isinstance(value, Mapping):
            field, sent = _related(schema, tables, entity, name, value)
        else:
            field, sent = _writable_name(schema, entity, name), value
        if not (field.createable if creating else field.updateable):
            refused.append(field.name)
            continue
        values[field.name] = stored(entity, field, sent)
    if refused:
        raise _read_only(refused)
    return values


def check_required(entity: Entity, row: Row) -> None:
    missing = [each.name for each in entity.fields.values() if each.required and row.get(each.name) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise bad_field("REQUIRED_FIELD_MISSING", message, *missing)


def check_unique(tables: Tables, entity: Entity, row: Row) -> None:
    for field in entity.fields.values():
        value = row.get(field.name)
        if not field.unique or value is None:
            continue
        for other in tables.with_key(entity.name, field, value):
            if other["Id"] != row["Id"]:
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: {other['Id']}"
                )
                raise bad_field("DUPLICATE_VALUE", message, field.name)


def check_references(schema: Schema, tables: Tables, entity: Entity, values: Mapping[str, Any]) -> None:
    """Every lookup among `values` points at a living row of the right object."""
    for name, target_id in values.items():
        field = entity.fields[name]
        if field.reference_to and target_id is not None:
            _check_reference(schema, tables, entity, field, target_id)


def _check_reference(schema: Schema, tables: Tables, entity: Entity, field: Field, target_id: str) -> None:
    target = tables.row(target_id)
    if schema.entity(field.reference_to).prefix != target_id[:3]:
        raise bad_field("MALFORMED_ID", f"{field.label}: id value of incorrect type: {target_id}", field.name)
    if target is None:
        raise bad_field("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", field.name)
    if target["IsDeleted"]:
        raise bad_field("ENTITY_IS_DELETED", "entity is deleted", field.name)
    if field.name == "OwnerId" and not target["IsActive"]:
        message = f"operation performed with inactive user [{target_id}] as owner of {entity.label.lower()}"
        raise bad_field("INACTIVE_OWNER_OR_USER", message, field.name)


def _writable_name(schema: Schema, entity: Entity, name: str) -> Field:
    if name.lower() == "id":
        raise ApiError("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    field = schema.visible(entity, name)
    if field is None:
        raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
    return field


def _related(
    schema: Schema, tables: Tables, entity: Entity, relationship: str, keys: Mapping[str, Any]
) -> tuple[Field, str]:
    """The lookup behind this relationship and the id of the parent that has this external id."""
    field = entity.reference_by_relationship(relationship)
    if field is None:
        raise ApiError("INVALID_FIELD", f"No such column '{relationship}' on sobject of type {entity.name}")
    given = {name: value for name, value in keys.items() if name != "attributes"}
    parent = schema.entity(field.reference_to)
    key = schema.visible(parent, next(iter(given))) if len(given) == 1 else None
    if key is None or not (key.external_id or key.type == "id"):
        message = (
            f"Foreign key external ID: {given} not found for field {relationship} in entity {entity.name}"
        )
        raise bad_field("INVALID_FIELD", message, relationship)
    return field, _only_match(
        tables, entity, parent, key, given[key.name] if key.name in given else next(iter(given.values()))
    )


def _only_match(tables: Tables, entity: Entity, parent: Entity, key: Field, value: Any) -> str:
    wanted = stored(parent, key, value)
    if key.type == "id":
        return str(wanted)
    found = tables.with_key(parent.name, key, wanted)
    if len(found) > 1:
        message = (
            f"Foreign key external ID: {wanted} is not unique for field {key.name} in entity {parent.name}"
        )
        raise bad_field("DUPLICATE_EXTERNAL_ID", message, key.name)
    if not found:
        message = f"Foreign key external ID: {wanted} not found for field {key.name} in entity {parent.name}"
        raise bad_field("INVALID_FIELD", message, key.name)
    return str(found[0]["Id"])


def _read_only(names: list[str]) -> ApiError:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set."
    )
    return bad_field("INVALID_FIELD_FOR_INSERT_UPDATE", message, *names)
