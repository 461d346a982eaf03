"""Requests that nobody means: the small KashFlow refuses them or carries them out, but it never breaks."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from typing import Any

from sandbox.clock import Clock
from sandbox.kashflow.app import CALLS, create_app
from sandbox.kashflow.sessions import SessionRules
from sandbox.kashflow.values import write_json
from sandbox.kashflow.world import KashFlowWorld
from tests.support.kashflow_books import ACCOUNT, BACS, TODAY
from tests.support.random_requests import Call, Chance, Words, answers

REQUESTS = 5000
#: What a client does not send when it makes a record anew.
_GIVEN_BY_THE_SERVER = {"Id", "Number", "Code", "PaymentLines"}
_PARAMETERS = (
    "page perpage order sortby sortcolumn sort statusfilter filterby customercode suppliercode projectnumber "
    "issuedatefrom issuedateto searchtext startdate enddate archived filterarchived type namestartswith "
    "startcreationdate customerCodes searchBy convertfrom retainafterconversion includebulk reconciled "
    "transactionbasedon transactionnumber skipperpagevalidation dosearchwithdueamount filterbyinuseonly"
)


def _words(world: KashFlowWorld, token: str) -> Words:
    state = json.loads(write_json(world.state()))
    # Ending the session would end the test.
    calls = [
        Call(rest.method, re.sub(r"\{\w+\}", "{}", f"/v2{rest.path}"), _bodies(rest.path, state))
        for rest in CALLS
        if (rest.method, rest.path) != ("DELETE", "/sessiontoken")
    ]
    strangers = [Call("GET", path) for path in ("/v2/payments", "/v2", "/", "/{}", "/v2/{}/{}")]
    return Words(
        calls=calls + strangers,
        keys=[
            *(row["Code"] for row in state["customers"]),
            *map(str, range(1001, 1020)),
            "4000",
            "4001",
            "1",
        ],
        parameters=_PARAMETERS.split(),
        fields=sorted(_names(state)),
        texts=[
            "GBP",
            "quote",
            "Unpaid",
            "20",
            "Purchase",
            "asc",
            "true",
            "invoice",
            "CONS-DAY",
            str(ACCOUNT),
        ],
        authorization=f"KfToken {token}",
    )


def _bodies(path: str, state: dict[str, Any]) -> list[Any]:
    """What this call is meant to be sent."""
    if "sessiontoken" in path:
        return [
            {"UserName": "a", "Password": "b"},
            {"TemporaryToken": "x", "MemorableWordList": [{"Position": 1}]},
        ]
    if "bulk/payments" in path:
        items = [{"ObjectNumber": 1004, "Amount": 5}]
        return [{"AccountId": ACCOUNT, "Method": BACS, "PaymentItems": items}]
    if path == "/purchaselist":
        return [[_new(row)] for row in state["purchases"]]
    if path.endswith(("list", "{archived}")) or path.startswith("/internal"):
        return [[1004, 1005], ["BRIG01"], [1]]
    rows = [row for part in path.split("/") for row in state.get(part, [])]
    moved = state["banktransactions"] if "transactions" in path else []
    return [*rows, *map(_new, rows), *moved]


def _new(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _GIVEN_BY_THE_SERVER}


def _names(value: Any) -> set[str]:
    """Every key that occurs anywhere in it."""
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set().union(*map(_names, value)) if isinstance(value, list) else set()


def test_no_request_breaks_it() -> None:
    # Nobody is locked out here: most logins are wrong.
    world = KashFlowWorld(Clock(TODAY), random.Random(5), session_rules=SessionRules(failures_allowed=10**9))
    known = world.credentials
    temporary, asked = world.sessions.begin(known.username, known.password)
    token = world.sessions.finish(temporary, {place: known.memorable_word[place - 1] for place in asked})
    chance = Chance(_words(world, token), seed=26)

    became = answers(create_app(world), [chance.request() for _ in range(REQUESTS)])

    assert [odd for odd, status in became if status >= 500] == []
    statuses = Counter(status for _, status in became)
    assert min(statuses[status] for status in (200, 201, 204, 400, 404, 405)) > 0
