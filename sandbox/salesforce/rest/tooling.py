"""Tooling objects: custom fields and event channels made while the org runs (reference sections 2.8 and 3.10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.custom_field import custom_field
from sandbox.salesforce.rest.records import living, shown
from sandbox.salesforce.streaming.channels import entity_channel
from sandbox.salesforce.world import SalesforceWorld

_MOST_ENRICHED = 10

#: Makes one tooling object from FullName and Metadata; returns the row's own values.
Maker = Callable[[SalesforceWorld, str, Mapping[str, Any]], dict[str, Any]]


def create(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    found = _tooling_entity(world, entity)
    maker = _MAKERS.get(found.name)
    if maker is None:
        raise ApiError("METHOD_NOT_ALLOWED", f"{found.name} cannot be created")
    body = call.json_object()
    name, metadata = body.get("FullName"), body.get("Metadata")
    if not isinstance(name, str) or not isinstance(metadata, dict):
        raise ApiError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [FullName, Metadata]", fields=[]
        )
    values = maker(world, name, metadata)
    with world.store.transaction(call.user.id, call.origin("toolingrest")) as tx:
        record_id = tx.insert_as_platform(found.name, values)
    return Reply(201, {"id": record_id, "success": True, "errors": [], "warnings": [], "infos": []})


def read(world: SalesforceWorld, call: Call, entity: str, record_id: str) -> Reply:
    found = _tooling_entity(world, entity)
    return Reply(200, shown(world, call, found, living(world, found, record_id), None))


def delete(world: SalesforceWorld, call: Call, entity: str, record_id: str) -> Reply:
    """Only channel members go away again: their entity is then no longer selected."""
    found = _tooling_entity(world, entity)
    row = living(world, found, record_id)
    if found.name != "PlatformEventChannelMember":
        raise ApiError("METHOD_NOT_ALLOWED", f"{found.name} cannot be deleted here")
    world.events.remove_member(
        _channel_name(world, row["EventChannel"]), _object_of(world, row["SelectedEntity"]).name
    )
    with world.store.transaction(call.user.id, call.origin("toolingrest")) as tx:
        tx.delete(row["Id"])
    return Reply(204)


def _tooling_entity(world: SalesforceWorld, name: str) -> Entity:
    entity = world.schema.entity(name)
    if entity.kind != "tooling":
        raise not_found()
    return entity


def _make_field(world: SalesforceWorld, full_name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    object_name, _, field_name = full_name.partition(".")
    entity = world.schema.find(object_name)
    if entity is None or entity.kind == "tooling":
        raise ApiError("INVALID_TYPE", f"there is no object {object_name}", fields=[])
    field = custom_field(field_name, metadata, hidden=world.settings.hide_new_fields)
    if field.type == "reference" and world.schema.find(field.reference_to) is None:
        message = f"referenceTo names no object: {field.reference_to!r}"
        raise ApiError("INVALID_INPUT", message, fields=["referenceTo"])
    if entity.field(field_name) is not None:
        message = f"There is already a field named {field_name} on {entity.label}."
        raise ApiError("DUPLICATE_DEVELOPER_NAME", message, fields=["FullName"])
    world.schema.add_field(entity, field, world.clock.now())
    return {"DeveloperName": field_name.removesuffix("__c"), "TableEnumOrId": entity.name}


def _make_channel(world: SalesforceWorld, full_name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    try:
        world.events.add_channel(full_name)
    except ValueError as error:
        code = "DUPLICATE_DEVELOPER_NAME" if "exists" in str(error) else "INVALID_INPUT"
        raise ApiError(code, str(error), fields=["FullName"]) from None
    label = str(metadata.get("label", full_name))
    return {
        "DeveloperName": full_name.removesuffix("__chn"),
        "MasterLabel": label,
        "ChannelType": metadata.get("channelType"),
    }


def _make_member(world: SalesforceWorld, full_name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    channel = str(metadata.get("eventChannel", "")).removeprefix("/data/")
    entity = _object_of(world, str(metadata.get("selectedEntity", "")))
    place = {
        "EventChannel": _channel_id(world, channel),
        "SelectedEntity": entity_channel(entity.name).removeprefix("/data/"),
    }
    if any(
        not row["IsDeleted"] and (row["DeveloperName"] == full_name or place.items() <= row.items())
        for row in world.store.rows("PlatformEventChannelMember")
    ):
        message = f"There is already a member {full_name}, or one of {channel} for {entity.name}."
        raise ApiError("DUPLICATE_DEVELOPER_NAME", message, fields=["FullName"])
    enriched = _enriched_fields(world, entity, metadata)
    try:
        world.events.add_member(channel, entity.name, enriched)
    except ValueError as error:
        raise ApiError("INVALID_INPUT", str(error), fields=["eventChannel"]) from None
    return {
        "DeveloperName": full_name,
        "MasterLabel": full_name,
        **place,
        "FilterExpression": metadata.get("filterExpression"),
        "EnrichedFields": ",".join(enriched) or None,
    }


def _enriched_fields(world: SalesforceWorld, entity: Entity, metadata: Mapping[str, Any]) -> list[str]:
    """The API names of the fields that are to come along with every change (reference section 2.8)."""
    given = metadata.get("enrichedFields") or []
    names = [each.get("name") if isinstance(each, dict) else None for each in _as_list(given)]
    if len(names) > _MOST_ENRICHED:
        message = f"a member takes {_MOST_ENRICHED} enriched fields at most"
        raise ApiError("INVALID_INPUT", message, fields=["enrichedFields"])
    fields = [world.schema.visible(entity, str(name)) for name in names]
    unknown = [str(name) for name, field in zip(names, fields, strict=True) if field is None]
    if unknown:
        message = f"{entity.name} has no field {', '.join(unknown)} to enrich its events with"
        raise ApiError("INVALID_INPUT", message, fields=["enrichedFields"])
    return [field.name for field in fields if field is not None]


def _as_list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _object_of(world: SalesforceWorld, selected: str) -> Entity:
    """`AccountChangeEvent` → `Account`, `Invoice__ChangeEvent` → `Invoice__c`; ApiError for anything else."""
    stem = selected.removesuffix("ChangeEvent")
    entity = world.schema.find(f"{stem}c" if stem.endswith("__") else stem)
    if stem == selected or entity is None or entity.kind != "data":
        raise ApiError(
            "INVALID_INPUT", f"{selected!r} is not the change event of an object", fields=["selectedEntity"]
        )
    return entity


def _channel_id(world: SalesforceWorld, channel: str) -> str:
    """Queries show the id of a custom channel, but the name of the standard one (reference section 2.8)."""
    name = channel.removesuffix("__chn")
    rows = (row for row in world.store.rows("PlatformEventChannel") if row["DeveloperName"] == name)
    return next((str(row["Id"]) for row in rows), channel)


def _channel_name(world: SalesforceWorld, channel: str) -> str:
    row = world.store.row(channel)
    return channel if row is None else f"{row['DeveloperName']}__chn"


_MAKERS: Mapping[str, Maker] = {
    "CustomField": _make_field,
    "PlatformEventChannel": _make_channel,
    "PlatformEventChannelMember": _make_member,
}
