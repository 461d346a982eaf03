"""Single records: create, read, change, delete and upsert by id or external id (reference section 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.platform_events import published
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.conditional import check_unmodified
from sandbox.salesforce.rest.row_faults import strike
from sandbox.salesforce.soql.scope import field_value
from sandbox.salesforce.table import Row
from sandbox.salesforce.values import printed
from sandbox.salesforce.world import SalesforceWorld

#: Since this version an upsert that updates answers 200 with a body.
_UPSERT_ANSWERS = 46


def create(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    found = api_entity(world, entity)
    if found.kind == "event":
        return Reply(201, published(world, found, call.json_object(), call.user.id))
    with world.store.transaction(call.user.id, call.origin()) as tx:
        strike(world, found.name, duplicate_rule=call.headers.get("sforce-duplicate-rule-header", ""))
        record_id = tx.create(found.name, call.json_object())
    return _created(call, found, record_id)


def read(world: SalesforceWorld, call: Call, entity: str, record_id: str) -> Reply:
    found = data_entity(world, entity)
    row = living(world, found, record_id)
    return Reply(200, shown(world, call, found, row, _asked_fields(call)))


def change(world: SalesforceWorld, call: Call, entity: str, record_id: str) -> Reply:
    found = data_entity(world, entity)
    row = living(world, found, record_id)
    check_unmodified(call, row)
    with world.store.transaction(call.user.id, call.origin()) as tx:
        strike(world, found.name, row["Id"])
        tx.update(row["Id"], call.json_object())
    return Reply(204)


def delete(world: SalesforceWorld, call: Call, entity: str, record_id: str) -> Reply:
    found = data_entity(world, entity)
    row = living(world, found, record_id)
    check_unmodified(call, row)
    with world.store.transaction(call.user.id, call.origin()) as tx:
        strike(world, found.name, row["Id"])
        tx.delete(row["Id"])
    return Reply(204)


def read_by_key(world: SalesforceWorld, call: Call, entity: str, field: str, key: str) -> Reply:
    return _of_match(world, call, entity, field, key, read)


def delete_by_key(world: SalesforceWorld, call: Call, entity: str, field: str, key: str) -> Reply:
    return _of_match(world, call, entity, field, key, delete)


def upsert(world: SalesforceWorld, call: Call, entity: str, field: str, key: str) -> Reply:
    """201 created, 200 updated (204 before v46), 300 with the candidates when several match."""
    found = data_entity(world, entity)
    rows = _matching(world, call, found, field, key)
    if len(rows) > 1:
        return _several(call, found, rows)
    raw = call.json_object()
    _refuse_key_in_body(raw, field)
    key_value = rows[0]["Id"] if field.lower() == "id" and rows else key
    with world.store.transaction(call.user.id, call.origin()) as tx:
        strike(world, found.name, rows[0]["Id"] if rows else "")
        record_id, made = tx.upsert(found.name, field, key_value, raw, update_only=call.flag("updateOnly"))
    if made:
        return _created(call, found, record_id, created=True)
    if not call.at_least(_UPSERT_ANSWERS):
        return Reply(204)
    return Reply(200, {"id": record_id, "success": True, "errors": [], "created": False})


def api_entity(world: SalesforceWorld, name: str) -> Entity:
    """An object of the data API, be it a platform event; tooling objects live elsewhere. ApiError NOT_FOUND."""
    entity = world.schema.entity(name)
    if entity.kind == "tooling":
        raise not_found()
    return entity


def data_entity(world: SalesforceWorld, name: str) -> Entity:
    """An object whose records are kept. ApiError NOT_FOUND."""
    entity = api_entity(world, name)
    if entity.kind != "data":
        raise not_found()
    return entity


def living(world: SalesforceWorld, entity: Entity, record_id: str) -> Row:
    """The undeleted row of this object; ApiError NOT_FOUND or ENTITY_IS_DELETED."""
    known = full_id(record_id)
    if known is None:
        message = f"Provided external ID field does not exist or is not accessible: {record_id}"
        raise not_found(message)
    row = world.store.row(known)
    if row is None or world.store.entity_of(known) != entity.name:
        raise not_found()
    if row["IsDeleted"]:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", fields=[])
    return row


def shown(
    world: SalesforceWorld, call: Call, entity: Entity, row: Row, fields: list[str] | None
) -> dict[str, Any]:
    """A record as JSON: these fields, or all visible ones. ApiError INVALID_FIELD for an unknown one."""
    record: dict[str, Any] = {"attributes": {"type": entity.name, "url": _url(call, entity, row["Id"])}}
    if fields is None:
        chosen = world.schema.visible_fields(entity)
    else:
        chosen = [_visible(world, entity, name) for name in fields]
    return record | {each.name: printed(field_value(entity, each, row)) for each in chosen}


def _visible(world: SalesforceWorld, entity: Entity, name: str) -> Any:
    field = world.schema.visible(entity, name)
    if field is None:
        raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
    return field


def _asked_fields(call: Call) -> list[str] | None:
    asked = call.params.get("fields")
    return None if asked is None else [name.strip() for name in asked.split(",") if name.strip()]


def _matching(world: SalesforceWorld, call: Call, entity: Entity, field: str, key: str) -> list[Row]:
    with world.store.transaction(call.user.id) as tx:
        return tx.matches(entity.name, field, full_id(key) or key if field.lower() == "id" else key)


def _of_match(
    world: SalesforceWorld, call: Call, entity: str, field: str, key: str, act: Callable[..., Reply]
) -> Reply:
    """What `act` answers for the one record with this key; 300 with the candidates when several have it."""
    found = data_entity(world, entity)
    rows = _matching(world, call, found, field, key)
    if len(rows) > 1:
        return _several(call, found, rows)
    if not rows:
        raise not_found()
    return act(world, call, entity, rows[0]["Id"])


def _several(call: Call, entity: Entity, rows: list[Row]) -> Reply:
    return Reply(300, [_url(call, entity, row["Id"]) for row in rows])


def _refuse_key_in_body(raw: Mapping[str, Any], key_field: str) -> None:
    for name in raw:
        if name.lower() in ("id", key_field.lower()):
            raise ApiError("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")


def _created(call: Call, entity: Entity, record_id: str, **more: Any) -> Reply:
    body = {"id": record_id, "success": True, "errors": [], **more}
    return Reply(201, body, {"Location": _url(call, entity, record_id)})


def _url(call: Call, entity: Entity, record_id: str) -> str:
    return f"{call.base}/sobjects/{quote(entity.name)}/{record_id}"
