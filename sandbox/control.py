"""The control path: declares faults, moves the clock, shows and edits both worlds; no API of either vendor has it.

Every call and answer is JSON; sandbox/README.md lists them. An error answers `{"error": "..."}` and says what to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeGuard

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.control_commits import commit_as_user, salesforce_state
from sandbox.faults import Fault, Faults
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.problems import Problem
from sandbox.kashflow.register import Key
from sandbox.kashflow.values import json_bytes, money, read_json
from sandbox.salesforce.errors import ApiError
from sandbox.worlds import KASHFLOW, SALESFORCE, Worlds

_FAULT_KEYS = {"world", "name", "times", "probability", "match", "params"}


class Unusable(Exception):
    """The request cannot be carried out; the message names the thing and the remedy."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Asked:
    """One request: the named parts of its path, and its JSON, {} when there is none."""

    path: Mapping[str, str]
    body: Any


def create_control(worlds: Worlds, announcement: Callable[[], dict[str, Any]]) -> Starlette:
    control = _Control(worlds, announcement)
    table: list[tuple[str, str, Callable[[_Asked], Any]]] = [
        ("GET", "/health", control.health),
        ("GET", "/faults", control.faults),
        ("POST", "/faults", control.declare_fault),
        ("DELETE", "/faults", control.clear_faults),
        ("DELETE", "/faults/{world}", control.clear_faults),
        ("DELETE", "/faults/{world}/{name}", control.clear_faults),
        ("POST", "/streaming/forget", control.forget_streaming),
        ("POST", "/clock", control.advance_clock),
        ("POST", "/reset", control.reset),
        ("GET", "/state/{world}", control.state),
        ("GET", "/requests", control.counters),
        ("GET", "/requests/{world}", control.requests),
        ("DELETE", "/requests", control.clear_requests),
        ("POST", "/salesforce/commit", control.commit),
        ("POST", "/kashflow/invoices/{key}/payments", control.pay_invoice),
        ("POST", "/kashflow/{resource}", control.create_record),
        ("PATCH", "/kashflow/{resource}/{key:path}", control.edit_record),
        ("DELETE", "/kashflow/{resource}/{key:path}", control.delete_record),
    ]
    routes = [Route(path, _endpoint(handler), methods=[method]) for method, path, handler in table]
    return Starlette(routes=routes, exception_handlers={HTTPException: _no_route})


def _endpoint(handler: Callable[[_Asked], Any]) -> Callable[[Request], Awaitable[Response]]:
    """The handler with its body read; what it returns is the answer, None an empty one."""

    async def serve(request: Request) -> Response:
        try:
            content = await request.body()
            answer = handler(_Asked(request.path_params, read_json(content) if content.strip() else {}))
        except (Unusable, Problem) as reason:
            return _json({"error": str(reason)}, reason.status)
        except ApiError as reason:
            return _json({"error": str(reason)}, 400)
        return Response(status_code=204) if answer is None else _json(answer, 200)

    return serve


class _Control:
    def __init__(self, worlds: Worlds, announcement: Callable[[], dict[str, Any]]) -> None:
        self._worlds = worlds
        self._announcement = announcement

    def health(self, asked: _Asked) -> Any:
        return {"status": "ok", "now": self._now()}

    # Faults.

    def faults(self, asked: _Asked) -> Any:
        return {
            name: {"known": faults.known, "declared": [_fault_shown(fault) for fault in faults.declared()]}
            for name, faults in self._faults().items()
        }

    def declare_fault(self, asked: _Asked) -> Any:
        given = _object(asked.body, _FAULT_KEYS)
        faults, fault = self._faults_of(str(given.get("world", ""))), _fault_read(given)
        try:
            faults.declare(fault)
        except ValueError as reason:
            raise Unusable(str(reason)) from None
        return _fault_shown(fault)

    def clear_faults(self, asked: _Asked) -> None:
        world, name = asked.path.get("world"), asked.path.get("name")
        for faults in [self._faults_of(world)] if world else self._faults().values():
            faults.clear(name)

    # The worlds as a whole.

    def forget_streaming(self, asked: _Asked) -> None:
        self._worlds.salesforce.events.forget_sessions()

    def advance_clock(self, asked: _Asked) -> Any:
        seconds = _object(asked.body, {"advance_seconds"}).get("advance_seconds")
        if not _is_number(seconds):
            raise Unusable("advance_seconds is a number from 0 up")
        try:
            self._worlds.clock.advance(float(seconds))
        except ValueError as reason:
            raise Unusable(f"advance_seconds: {reason}") from None
        return {"now": self._now()}

    def reset(self, asked: _Asked) -> Any:
        self._worlds.reset()
        return self._announcement()

    def state(self, asked: _Asked) -> Any:
        if self._world(asked) == KASHFLOW:
            return self._worlds.kashflow.state()
        return salesforce_state(self._worlds.salesforce)

    def counters(self, asked: _Asked) -> Any:
        return {world: log.counters() for world, log in self._worlds.requests.items()}

    def requests(self, asked: _Asked) -> Any:
        return [vars(entry) for entry in self._worlds.requests[self._world(asked)].entries]

    def clear_requests(self, asked: _Asked) -> None:
        for log in self._worlds.requests.values():
            log.clear()

    # What people do in the two web apps.

    def commit(self, asked: _Asked) -> Any:
        given = _object(asked.body, {"user", "changes"})
        user, changes = given.get("user"), given.get("changes", [])
        if not isinstance(changes, list):
            raise Unusable(f"changes is a list, not {changes!r}")
        if not isinstance(user, str | None):
            raise Unusable(f"user is a user name, not {user!r}")
        return {"ids": commit_as_user(self._worlds.salesforce, user, map(_object, changes))}

    def create_record(self, asked: _Asked) -> Any:
        ledger = self._ledger(asked)
        return ledger.view(ledger.create(_object(asked.body)))

    def edit_record(self, asked: _Asked) -> Any:
        ledger = self._ledger(asked)
        return ledger.view(ledger.edit(_key(asked), **_object(asked.body)))

    def delete_record(self, asked: _Asked) -> None:
        self._ledger(asked).delete(_key(asked))

    def pay_invoice(self, asked: _Asked) -> Any:
        """Account and method default to the first bank account and its usual method."""
        invoices = self._worlds.kashflow.invoices
        account = self._worlds.kashflow.bank_accounts.register.rows()[0]
        usual = {"amount": 0, "account_id": account["Id"], "note": ""}
        usual["method"] = account["DefaultInvoicePaymentType"]["Id"]
        given = usual | _object(asked.body, set(usual))
        row = invoices.pay(
            asked.path["key"],
            money(given["amount"]),
            account_id=given["account_id"],
            method=given["method"],
            note=given["note"],
        )
        return invoices.view(row)

    def _now(self) -> str:
        return self._worlds.clock.now().isoformat()

    def _faults(self) -> dict[str, Faults]:
        return {SALESFORCE: self._worlds.salesforce.faults, KASHFLOW: self._worlds.kashflow.faults}

    def _faults_of(self, world: str) -> Faults:
        if world not in self._faults():
            raise Unusable(f"there is no world {world!r}: say salesforce or kashflow", 404)
        return self._faults()[world]

    def _world(self, asked: _Asked) -> str:
        world = asked.path["world"]
        self._faults_of(world)
        return world

    def _ledger(self, asked: _Asked) -> Ledger:
        resource, ledgers = asked.path["resource"], self._worlds.kashflow.ledgers
        if resource not in ledgers:
            raise Unusable(f"KashFlow has no {resource!r} here; it has: {', '.join(ledgers)}", 404)
        return ledgers[resource]


def _key(asked: _Asked) -> Key:
    """A code or number; of a product nominal code and code, with a slash between them."""
    parts = asked.path["key"].split("/")
    return (parts[0], parts[1]) if len(parts) == 2 else asked.path["key"]


def _object(value: Any, known: set[str] | None = None) -> dict[str, Any]:
    """The JSON object, which may have these keys only."""
    if not isinstance(value, dict):
        raise Unusable(f"a JSON object is expected, not {value!r}")
    unknown = set(value) - known if known is not None else set()
    if unknown:
        raise Unusable(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known or ()))}")
    return value


def _fault_read(given: Mapping[str, Any]) -> Fault:
    """The fault as it was written: `times` left out means once, null until it is removed."""
    times, probability = given.get("times", 1), given.get("probability", 1)
    if times is not None and type(times) is not int:
        raise Unusable("times is a whole number, or null for a fault that stays until it is removed")
    if not _is_number(probability) or not 0 <= probability <= 1:
        raise Unusable("probability is a number from 0 to 1")
    match, params = _object(given.get("match", {})), _object(given.get("params", {}))
    return Fault(str(given.get("name", "")), times, float(probability), match, params)


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _fault_shown(fault: Fault) -> dict[str, Any]:
    return {**vars(fault), "probability": money(str(fault.probability))}


def _json(value: Any, status: int) -> Response:
    return Response(json_bytes(value), status, media_type="application/json")


async def _no_route(request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 404
    message = f"{request.method} {request.url.path} is not part of the control path: see sandbox/README.md"
    return _json({"error": message}, status)
