"""The control path: faults, clock, state, counters, and edits as people in the web apps make them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.kashflow.faults import KASHFLOW_FAULTS
from sandbox.salesforce.world import known_faults
from sandbox.server import Sandbox
from tests.support.sandbox_clients import Control, kashflow_client

README = Path(__file__).parents[3] / "sandbox" / "README.md"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    with httpx.Client(base_url=sandbox.control_url, timeout=10) as client:
        path = Control(client)
        path.ask("POST", "/reset")
        yield path


@pytest.fixture
def kashflow(sandbox: Sandbox, control: Control) -> Iterator[httpx.Client]:
    with kashflow_client(sandbox) as client:
        yield client


def test_a_fault_is_declared_strikes_and_is_counted(control: Control, kashflow: httpx.Client) -> None:
    fault = {
        "world": "kashflow",
        "name": "sql_timeout",
        "times": 2,
        "match": {"method": "GET", "resource": "customers"},
    }
    control.ask("POST", "/faults", fault)

    answers = [kashflow.get("customers").status_code for _ in range(3)]

    assert answers == [400, 400, 200]
    (declared,) = control.ask("GET", "/faults")["kashflow"]["declared"]
    assert (declared["name"], declared["struck"]) == ("sql_timeout", 2)


def test_faults_are_removed_by_name_by_world_or_all(control: Control) -> None:
    def declared() -> dict[str, list[str]]:
        worlds = control.ask("GET", "/faults")
        return {world: [fault["name"] for fault in faults["declared"]] for world, faults in worlds.items()}

    for world, name in (("kashflow", "slow"), ("kashflow", "http_500"), ("salesforce", "rest_slow")):
        control.ask("POST", "/faults", {"world": world, "name": name})

    control.ask("DELETE", "/faults/kashflow/slow")
    assert declared() == {"kashflow": ["http_500"], "salesforce": ["rest_slow"]}
    control.ask("DELETE", "/faults/kashflow")
    assert declared() == {"kashflow": [], "salesforce": ["rest_slow"]}
    control.ask("DELETE", "/faults")
    assert declared() == {"kashflow": [], "salesforce": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        (
            "POST",
            "/faults",
            {"world": "kashflow", "name": "gremlin"},
            "there is no fault 'gremlin'; there are: ",
        ),
        ("POST", "/faults", {"world": "xero", "name": "slow"}, "say salesforce or kashflow"),
        ("POST", "/faults", {"world": "kashflow", "name": "slow", "often": 2}, "unknown: often; known: "),
        ("POST", "/faults", {"world": "kashflow", "name": "slow", "times": "2"}, "times is a whole number"),
        (
            "POST",
            "/faults",
            {"world": "kashflow", "name": "slow", "probability": "x"},
            "probability is a number",
        ),
        ("POST", "/faults", {"world": "kashflow", "name": "slow", "match": 1}, "a JSON object is expected"),
        ("POST", "/faults", [1], "a JSON object is expected"),
        ("POST", "/clock", {"advance_seconds": -1}, "the clock only moves forward"),
        ("POST", "/clock", {"advance_seconds": "1"}, "advance_seconds is a number"),
        ("POST", "/clock", {"advance_seconds": 1e300}, "36500 days ahead at most"),
        ("GET", "/state/xero", None, "say salesforce or kashflow"),
        ("GET", "/nonsense", None, "see sandbox/README.md"),
        ("POST", "/kashflow/goats", {}, "KashFlow has no 'goats' here; it has: customers"),
        ("POST", "/kashflow/customers", {}, "Name: a customer needs one."),
        ("PATCH", "/kashflow/customers/NOBODY", {}, "There is no customer NOBODY."),
        ("POST", "/kashflow/invoices/1004/payments", {"amount": "much"}, "'much' is not an amount"),
        ("POST", "/salesforce/commit", {"changes": [{"action": "paint"}]}, "'paint' is not create, update"),
        ("POST", "/salesforce/commit", {"user": "nobody"}, "no active user 'nobody'"),
        ("POST", "/salesforce/commit", {"changes": [{"action": "delete", "id": "@0"}]}, "@0: only 0 changes"),
        ("POST", "/salesforce/commit", {"changes": 1}, "changes is a list"),
        ("POST", "/salesforce/commit", {"user": ["x"]}, "user is a user name"),
        (
            "POST",
            "/salesforce/commit",
            {"changes": [{"action": "create", "fields": "x"}]},
            "fields: an object",
        ),
    ],
)
def test_what_cannot_be_done_is_named_with_its_remedy(
    control: Control, method: str, path: str, body: object, says: str
) -> None:
    status, sentence = control.refused(method, path, body)

    assert status in {400, 404}
    assert says in sentence


def test_the_clock_moves_both_worlds(control: Control, kashflow: httpx.Client) -> None:
    assert kashflow.get("metadata").status_code == 200

    control.ask("POST", "/clock", {"advance_seconds": 3601})

    assert kashflow.get("metadata").json()["Error"] == "InvalidSessionToken"


def test_a_reset_brings_the_seed_back_and_clears_faults_and_counters(
    control: Control, kashflow: httpx.Client
) -> None:
    before = control.ask("GET", "/state/kashflow")
    kashflow.delete("invoices/1001")
    control.ask("POST", "/faults", {"world": "kashflow", "name": "slow"})

    logins = control.ask("POST", "/reset")

    assert control.ask("GET", "/state/kashflow") == before
    assert control.ask("GET", "/faults")["kashflow"]["declared"] == []
    assert control.ask("GET", "/requests") == {"kashflow": [], "salesforce": []}
    assert set(logins) == {"salesforce", "kashflow", "control"}


def test_requests_are_counted_by_template_and_kept_one_by_one(
    control: Control, kashflow: httpx.Client
) -> None:
    control.ask("DELETE", "/requests")
    kashflow.get("customers/BRIG01")
    kashflow.get("customers/ALDG01?x=1")
    kashflow.get("customers/NOBODY")

    assert control.ask("GET", "/requests")["kashflow"] == [
        {"method": "GET", "path": "/v2/customers/{key}", "status": 200, "count": 2},
        {"method": "GET", "path": "/v2/customers/{key}", "status": 404, "count": 1},
    ]
    second = control.ask("GET", "/requests/kashflow")[1]
    assert (second["path"], second["query"]) == ("/v2/customers/ALDG01", "x=1")


def test_a_person_in_the_kashflow_web_app_creates_edits_pays_and_deletes(
    control: Control, kashflow: httpx.Client
) -> None:
    control.ask("POST", "/kashflow/customers", {"Code": "WEB01", "Name": "Web"})
    control.ask("PATCH", "/kashflow/customers/WEB01", {"Note": "phoned"})
    control.ask("PATCH", "/kashflow/products/4000/HEAT-1", {"Price": 655})
    control.ask("POST", "/kashflow/invoices/1004/payments", {"amount": 1440, "note": "cheque 12"})
    control.ask("DELETE", "/kashflow/invoices/1010")

    customer = kashflow.get("customers/WEB01").json()
    assert (customer["Name"], customer["Note"]) == ("Web", "phoned")
    assert kashflow.get("products/4000/HEAT-1").json()["Price"] == 655
    assert kashflow.get("invoices/1004").json()["Status"] == "Paid"
    assert kashflow.get("invoices/1010").status_code == 404


def test_a_person_in_the_salesforce_web_app_commits_several_changes_at_once(
    control: Control, sandbox: Sandbox
) -> None:
    origins: list[tuple[str, int]] = []
    sandbox.run(
        lambda: sandbox.salesforce.store.on_commit(
            lambda commit: origins.append((commit.origin, len(commit.changes)))
        )
    )
    account = {"action": "create", "entity": "Account", "fields": {"Name": "Quayside Ltd"}}
    contact = {"action": "create", "entity": "Contact", "fields": {"LastName": "Reid", "AccountId": "@0"}}

    ids = control.ask("POST", "/salesforce/commit", {"changes": [account, contact]})["ids"]
    control.ask(
        "POST",
        "/salesforce/commit",
        {"changes": [{"action": "update", "id": ids[0], "fields": {"Name": "Quayside plc"}}]},
    )
    control.ask("POST", "/salesforce/commit", {"changes": [{"action": "delete", "id": ids[1]}]})
    control.ask("POST", "/salesforce/commit", {"changes": [{"action": "undelete", "id": ids[1]}]})

    state = control.ask("GET", "/state/salesforce")
    assert {row["Id"]: row["Name"] for row in state["Account"]}[ids[0]] == "Quayside plc"
    assert {row["Id"]: row["AccountId"] for row in state["Contact"]}[ids[1]] == ids[0]
    assert origins == [("", 2), ("", 1), ("", 1), ("", 1)]


def test_streaming_sessions_can_be_forgotten(control: Control, sandbox: Sandbox) -> None:
    token = sandbox.run(sandbox.worlds.salesforce_login)["access_token"]
    handshake = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=10) as streaming:
        where = f"{sandbox.salesforce_url}/cometd/61.0"
        client_id = streaming.post(where, json=[handshake]).json()[0]["clientId"]

        control.ask("POST", "/streaming/forget")

        subscribe = {
            "channel": "/meta/subscribe",
            "clientId": client_id,
            "subscription": "/data/AccountChangeEvent",
        }
        (answer,) = streaming.post(where, json=[subscribe]).json()
    assert answer["successful"] is False
    assert answer["error"].startswith("403")


def test_the_readme_names_every_fault() -> None:
    text = README.read_text(encoding="utf-8")

    assert [name for name in {**KASHFLOW_FAULTS, **known_faults()} if f"`{name}`" not in text] == []
