"""How the routes are written down, and the five calls that most resources have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sandbox.kashflow.endpoint import NO_CONTENT, Call, Handler, Reply
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.problems import Problem, invalid, not_found
from sandbox.kashflow.register import Key
from sandbox.kashflow.values import Row
from sandbox.kashflow.world import KashFlowWorld


@dataclass(frozen=True)
class Rest:
    """One call: method and path below /v2. Where several paths fit, the one listed first wins."""

    method: str
    path: str
    handler: Handler


def record_calls(path: str, ledger_of: Callable[[KashFlowWorld], Ledger]) -> list[Rest]:
    """POST on `path`; GET, PUT and DELETE on `path/{key}`."""

    def read(call: Call) -> Reply:
        return Reply(ledger_of(call.world).detail(call.keys["key"]))

    def create(call: Call) -> Reply:
        ledger = ledger_of(call.world)
        return created(call, path, ledger, ledger.create(call.body()))

    def replace(call: Call) -> Reply:
        return replaced(call, path, ledger_of(call.world), call.keys["key"])

    def delete(call: Call) -> Reply:
        ledger_of(call.world).delete(call.keys["key"])
        return NO_CONTENT

    one = f"{path}/{{key}}"
    return [
        Rest("POST", path, create),
        Rest("GET", one, read),
        Rest("PUT", one, replace),
        Rest("DELETE", one, delete),
    ]


def created(call: Call, path: str, ledger: Ledger, row: Row) -> Reply:
    """201 with the whole record and where it is."""
    return Reply(ledger.view(row), 201, {"Location": location(call, path, ledger.key(row))})


def replaced(call: Call, path: str, ledger: Ledger, key: Key) -> Reply:
    """200, or as for a new record when the change gave it another code or number (section 2.9)."""
    before = ledger.key(ledger.register.get(key))
    row = ledger.replace(key, call.body())
    if ledger.key(row) != before:
        return created(call, path, ledger, row)
    return Reply(ledger.view(row))


def location(call: Call, path: str, key: Key) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return "/".join([f"{call.host}/v2{path}", *(quote(str(part), safe="") for part in parts)])


def body_list(call: Call) -> list[Any]:
    """The JSON array that a bulk call sends. Raises Problem 400."""
    body = call.body()
    if not isinstance(body, list):
        raise invalid("The request body is not a JSON array.")
    return body


def path_flag(call: Call, name: str) -> bool:
    """A true or false that is part of the path. Raises Problem 404."""
    word = call.keys[name].lower()
    if word not in {"true", "false"}:
        raise not_found("call for", word)
    return word == "true"


def delete_all(ledger: Ledger, keys: list[Any]) -> Reply:
    """Delete one by one: 204, or 200 with what could not be deleted (section 2.7, bulk calls)."""
    failures = [{"Number": key, "Reason": reason} for key in keys if (reason := _failure(ledger, key))]
    return Reply(failures) if failures else NO_CONTENT


def _failure(ledger: Ledger, key: Any) -> str:
    try:
        ledger.delete(key if isinstance(key, int) else str(key))
    except Problem as problem:
        return problem.message
    return ""
