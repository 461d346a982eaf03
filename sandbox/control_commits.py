"""What a person does in the Salesforce web app, and what the org then holds, for the control path; no HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.values import printed
from sandbox.salesforce.world import SalesforceWorld

#: `@0` and the like: an earlier change of the same commit.
_PLACE = re.compile(r"@\d{1,6}")


def commit_as_user(
    world: SalesforceWorld, username: str | None, changes: Iterable[Mapping[str, Any]]
) -> list[str]:
    """All changes in one transaction with an empty origin; the record ids in their order. Raises ApiError.

    A change is `{"action": "create", "entity", "fields"}`, `{"action": "update", "id", "fields"}`,
    `{"action": "delete", "id"}` or `{"action": "undelete", "id"}`. The text `@0` stands for the id of the
    first change. Without a username the sales person makes them.
    """
    user = world.user_named(username or world.credentials.username)
    if user is None:
        raise ApiError("INVALID_USER", f"user: there is no active user {username!r}")
    ids: list[str] = []
    with world.store.transaction(user.id) as transaction:
        for change in changes:
            ids.append(_carry_out(transaction, change, ids))
    return ids


def _carry_out(transaction: Transaction, change: Mapping[str, Any], ids: list[str]) -> str:
    action, given = change.get("action", ""), change.get("fields", {})
    if not isinstance(given, dict):
        raise ApiError("INVALID_FIELDS", f"fields: an object of values by field name, not {given!r}")
    fields = {name: _resolved(value, ids) for name, value in given.items()}
    if action == "create":
        return transaction.create(str(change.get("entity", "")), fields)
    record_id = str(_resolved(change.get("id", ""), ids))
    if action == "update":
        transaction.update(record_id, fields)
    elif action == "delete":
        transaction.delete(record_id)
    elif action == "undelete":
        transaction.undelete(record_id)
    else:
        raise ApiError("INVALID_ACTION", f"action: {action!r} is not create, update, delete or undelete")
    return record_id


def _resolved(value: Any, ids: list[str]) -> Any:
    """A reference like `@0` to an earlier change as that record's id."""
    if isinstance(value, str) and _PLACE.fullmatch(value):
        place = int(value[1:])
        if place >= len(ids):
            raise ApiError("INVALID_REFERENCE", f"{value}: only {len(ids)} changes come before this one")
        return ids[place]
    return value


def salesforce_state(world: SalesforceWorld) -> dict[str, list[dict[str, Any]]]:
    """Every row of every object by its API name, deleted ones too, as REST prints the fields."""
    return {
        entity.name: [{name: printed(value) for name, value in row.items()} for row in rows]
        for entity in world.schema
        if (rows := world.store.rows(entity.name))
    }
