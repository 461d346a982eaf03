"""sObject Collections: up to 200 records in one call, each with its own result (reference section 3.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.platform_events import published
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.records import data_entity, shown
from sandbox.salesforce.rest.row_faults import strike
from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.world import SalesforceWorld

_MOST_RECORDS = 200
_MOST_RETRIEVED = 2000
_ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone header"
)

#: Writes one record and returns the keys of its result beside `success` and `errors`.
Write = Callable[[Transaction, Any], dict[str, Any]]


def create(world: SalesforceWorld, call: Call) -> Reply:
    body = call.json_object()

    def write(tx: Transaction, record: Any) -> dict[str, Any]:
        entity = _typed(world, record, ("data", "event"))
        if entity.kind == "event":
            return published(world, entity, record, call.user.id)
        strike(world, entity.name)
        return {"id": tx.create(entity.name, record)}

    return _each(world, call, _records(body), write, all_or_none=_all_or_none(body))


def update(world: SalesforceWorld, call: Call) -> Reply:
    body = call.json_object()
    _strike_call(world, _records(body))

    def write(tx: Transaction, record: Any) -> dict[str, Any]:
        entity = _typed(world, record)
        record_id = _id_of(entity, record)
        strike(world, entity.name, record_id)
        tx.update(record_id, {key: value for key, value in record.items() if key.lower() != "id"})
        return {"id": record_id}

    return _each(world, call, _records(body), write, all_or_none=_all_or_none(body))


def upsert(world: SalesforceWorld, call: Call, entity: str, field: str) -> Reply:
    found, body = data_entity(world, entity), call.json_object()
    records = _records(body)
    key_field = world.schema.visible(found, field)
    if key_field is None:
        raise ApiError(
            "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}"
        )
    keys = Counter(_key(record, key_field.name) for record in records)

    def write(tx: Transaction, record: Any) -> dict[str, Any]:
        if _typed(world, record) is not found:
            raise bad_field("INVALID_TYPE", f"all records of one upsert must be of type {found.name}")
        key = _key(record, key_field.name)
        if not key:
            raise bad_field("MISSING_ARGUMENT", f"{key_field.name} not specified", key_field.name)
        if keys[key] > 1:
            raise bad_field("DUPLICATE_VALUE", f"Duplicate external id specified: {key}", key_field.name)
        values = {name: value for name, value in record.items() if name.lower() != key_field.name.lower()}
        matches = tx.matches(found.name, key_field.name, key)
        strike(world, found.name, matches[0]["Id"] if matches else "")
        record_id, made = tx.upsert(found.name, key_field.name, key, values)
        return {"id": record_id, "created": made}

    return _each(world, call, records, write, all_or_none=_all_or_none(body))


def delete(world: SalesforceWorld, call: Call) -> Reply:
    ids = [each.strip() for each in call.params.get("ids", "").split(",") if each.strip()]
    if not ids:
        raise ApiError("MISSING_ARGUMENT", "ids is needed: the record ids, separated by commas")

    def write(tx: Transaction, record_id: str) -> dict[str, Any]:
        known = _known_id(record_id)
        strike(world, world.store.entity_of(known) or "", known)
        tx.delete(known)
        return {"id": known}

    return _each(world, call, _not_too_many(ids), write, all_or_none=call.flag("allOrNone"))


def retrieve(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    """GET with `ids` and `fields`, or POST with both in the body. What is missing or deleted comes as null."""
    found = data_entity(world, entity)
    if call.method == "GET":
        ids, fields = (call.params.get(name, "").split(",") for name in ("ids", "fields"))
    else:
        body = call.json_object()
        ids, fields = (_texts(body, name) for name in ("ids", "fields"))
    if len(ids) > _MOST_RETRIEVED:
        raise ApiError("EXCEEDED_ID_LIMIT", f"at most {_MOST_RETRIEVED} ids in one call")
    rows = [world.store.row(full_id(each.strip()) or "") for each in ids]
    names = [each.strip() for each in fields]
    return Reply(
        200,
        [
            None
            if row is None or row["IsDeleted"] or world.store.entity_of(row["Id"]) != found.name
            else shown(world, call, found, row, names)
            for row in rows
        ],
    )


def _texts(body: dict[str, Any], name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ApiError("MISSING_ARGUMENT", f"{name} is needed: a list of texts")
    return values


class _RolledBackError(Exception):
    """Ends the transaction of an all-or-none call; its results are told all the same."""


def _each(
    world: SalesforceWorld, call: Call, records: Sequence[Any], write: Write, *, all_or_none: bool
) -> Reply:
    """HTTP 200 and one result per record, in request order, whatever became of them."""
    results: list[dict[str, Any]] = []
    try:
        with world.store.transaction(call.user.id, call.origin(names_client=False)) as tx:
            results = [_one(world, tx, index, record, write) for index, record in enumerate(records)]
            if all_or_none and not all(result["success"] for result in results):
                raise _RolledBackError
    except _RolledBackError:
        results = [_rolled_back(result) for result in results]
    return Reply(200, results)


def _one(world: SalesforceWorld, tx: Transaction, index: int, record: Any, write: Write) -> dict[str, Any]:
    try:
        with world.store.transaction(tx.user_id):
            _strike_partial(world, index, record)
            return {"success": True, "errors": [], **write(tx, record)}
    except ApiError as error:
        return {"success": False, "errors": [error.in_list()]}


def _strike_partial(world: SalesforceWorld, index: int, record: Any) -> None:
    if world.faults.take("rest_collections_partial", index=index, entity=_type_of(record)) is not None:
        raise ApiError("UNKNOWN_EXCEPTION", "An unexpected error occurred", fields=[])


def _strike_call(world: SalesforceWorld, records: Sequence[Any]) -> None:
    """A value that cannot be read spoils the whole call."""
    for record in records:
        given = record.get("Id", record.get("id")) if isinstance(record, dict) else None
        if world.faults.take("rest_collections_refused", id=given, entity=_type_of(record)) is not None:
            raise ApiError("JSON_PARSER_ERROR", "Cannot deserialize instance of currency from VALUE_STRING")


def _rolled_back(result: dict[str, Any]) -> dict[str, Any]:
    if not result["success"]:
        return result
    error = ApiError("ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK)
    return {**result, "success": False, "errors": [error.in_list()]}


def _records(body: dict[str, Any]) -> Sequence[Any]:
    records = body.get("records")
    if not isinstance(records, list) or not records:
        raise ApiError("MISSING_ARGUMENT", "records is needed: a list of records")
    return _not_too_many(records)


def _not_too_many(records: Sequence[Any]) -> Sequence[Any]:
    if len(records) > _MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {_MOST_RECORDS} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message)
    return records


def _all_or_none(body: dict[str, Any]) -> bool:
    return body.get("allOrNone") is True


def _typed(world: SalesforceWorld, record: Any, kinds: tuple[str, ...] = ("data",)) -> Entity:
    name = _type_of(record)
    entity = world.schema.find(name)
    if entity is None or entity.kind not in kinds:
        raise bad_field("INVALID_TYPE", f"each record needs attributes with a known type, not {name!r}")
    return entity


def _type_of(record: Any) -> str:
    """What the record's attributes call its type, "" when they do not."""
    attributes = record.get("attributes") if isinstance(record, dict) else None
    name = attributes.get("type") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else ""


def _id_of(entity: Entity, record: dict[str, Any]) -> str:
    given = next((value for key, value in record.items() if key.lower() == "id"), None)
    if given is None:
        raise bad_field("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
    known = _known_id(str(given))
    if known[:3] != entity.prefix:
        raise bad_field("INVALID_ID_FIELD", f"{given} is no id of {entity.name}", "Id")
    return known


def _known_id(text: str) -> str:
    known = full_id(text)
    if known is None:
        raise bad_field("MALFORMED_ID", f"malformed id {text}")
    return known


def _key(record: Any, key_field: str) -> str:
    if not isinstance(record, dict):
        return ""
    value = next((value for name, value in record.items() if name.lower() == key_field.lower()), None)
    return "" if value is None else str(value)
