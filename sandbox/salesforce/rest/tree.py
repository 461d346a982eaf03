"""sObject Tree: parents with their children in one call, all or nothing (reference section 3.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.records import data_entity
from sandbox.salesforce.rest.row_faults import strike
from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.world import SalesforceWorld

_MOST_RECORDS = 200
_MOST_LEVELS = 5


@dataclass(frozen=True)
class _Node:
    """One record of the tree; `link` names the lookup to its parent, "" at the top."""

    reference: str
    entity: Entity
    values: dict[str, Any]
    link: str
    children: tuple[_Node, ...]

    def __iter__(self) -> Iterator[_Node]:
        yield self
        for child in self.children:
            yield from child


class _FailedError(Exception):
    """Ends the transaction when a record was refused."""


def create_tree(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    found = data_entity(world, entity)
    nodes = [_node(world, found, record, "", 1) for record in _list(call.json_object().get("records"))]
    if sum(1 for node in nodes for _ in node) > _MOST_RECORDS:
        raise ApiError("EXCEEDED_ID_LIMIT", f"at most {_MOST_RECORDS} records in one tree")
    made: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    try:
        with world.store.transaction(call.user.id, call.origin(names_client=False)) as tx:
            for node in nodes:
                _plant(world, tx, node, "", made, failed)
            if failed:
                raise _FailedError
    except _FailedError:
        return Reply(400, {"hasErrors": True, "results": failed})
    return Reply(201, {"hasErrors": False, "results": made})


def _plant(
    world: SalesforceWorld,
    tx: Transaction,
    node: _Node,
    parent_id: str,
    made: list[dict[str, Any]],
    failed: list[dict[str, Any]],
) -> None:
    values = {**node.values, node.link: parent_id} if node.link else node.values
    try:
        strike(world, node.entity.name)
        record_id = tx.create(node.entity.name, values)
    except ApiError as error:
        failed.append({"referenceId": node.reference, "errors": [error.in_list()]})
        return
    made.append({"referenceId": node.reference, "id": record_id})
    for child in node.children:
        _plant(world, tx, child, record_id, made, failed)


def _node(world: SalesforceWorld, entity: Entity, record: Any, link: str, level: int) -> _Node:
    attributes = record.get("attributes") if isinstance(record, dict) else None
    if not isinstance(attributes, dict) or "referenceId" not in attributes:
        raise ApiError("INVALID_INPUT", "each record needs attributes with type and referenceId")
    if level > _MOST_LEVELS:
        raise ApiError("INVALID_INPUT", f"at most {_MOST_LEVELS} levels in one tree")
    values: dict[str, Any] = {}
    children: list[_Node] = []
    for name, value in record.items():
        relation = (
            world.schema.child(entity.name, name) if isinstance(value, dict) and "records" in value else None
        )
        if relation is None:
            values[name] = value
            continue
        below = world.schema.entity(relation.child)
        children += [_node(world, below, each, relation.field, level + 1) for each in _list(value["records"])]
    return _Node(str(attributes["referenceId"]), entity, values, link, tuple(children))


def _list(records: Any) -> list[Any]:
    if not isinstance(records, list) or not records:
        raise ApiError("INVALID_INPUT", "records is needed: a list of records")
    return records
