"""Both worlds on real ports: what only a wire can show, and the process that runs them."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from sandbox.faults import Fault
from sandbox.listening import Listening
from sandbox.server import Sandbox
from tests.support.sandbox_clients import kashflow_client

ROOT = Path(__file__).parents[3]
NEW = {"CustomerCode": "BRIG01", "LineItems": [{"Rate": 10}]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=4) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    sandbox.run(sandbox.worlds.reset)
    with kashflow_client(sandbox) as logged_in:
        yield logged_in


def test_both_worlds_answer_with_what_the_announcement_says(sandbox: Sandbox) -> None:
    announced = sandbox.run(sandbox.announcement)

    token = announced["salesforce"]["access_token"]
    salesforce = httpx.get(
        f"{announced['salesforce']['url']}/services/data/v61.0/limits",
        headers={"Authorization": f"Bearer {token}"},
    )
    kashflow = httpx.get(f"{announced['kashflow']['url']}/customers")
    assert salesforce.status_code == 200
    assert kashflow.status_code == 401
    assert set(announced["kashflow"]) == {"url", "username", "password", "memorable_word"}
    assert set(announced["salesforce"]) == {
        *("url", "access_token", "client_id", "client_secret", "username", "password")
    }


@pytest.mark.parametrize(("fault", "made"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_a_dropped_connection_brings_no_byte_of_an_answer(
    sandbox: Sandbox, client: httpx.Client, fault: str, made: int
) -> None:
    before = client.get("nextavailableinvoicenumber").json()
    sandbox.run(lambda: sandbox.kashflow.faults.declare(Fault(fault, match={"method": "POST"})))

    with pytest.raises(httpx.TransportError):
        client.post("invoices", json=NEW)

    assert client.get("nextavailableinvoicenumber").json() == before + made
    assert sandbox.requests["kashflow"].entries[-2].status == 0


def test_a_client_that_gives_up_waiting_does_not_stop_the_write(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    slow = Fault("slow_after_commit", match={"method": "POST"}, params={"seconds": 0.2})
    sandbox.run(lambda: sandbox.kashflow.faults.declare(slow))

    with pytest.raises(httpx.ReadTimeout):
        client.post("invoices", json=NEW, timeout=0.05)

    assert client.get("invoices/1011").status_code == 200


def test_codes_that_need_percent_encoding_reach_the_server(client: httpx.Client) -> None:
    product = {"NominalCode": 4000, "Code": "A B&C?", "Name": "Odd"}

    where = client.post("products", json=product).headers["Location"]

    assert where.endswith("/v2/products/4000/A%20B%26C%3F")
    assert client.get(where).json()["Name"] == "Odd"


def test_page_urls_lead_back_to_the_same_port(client: httpx.Client) -> None:
    following = client.get("customers?perpage=5").json()["MetaData"]["NextPageUrl"]

    assert client.get(following).json()["MetaData"]["PreviousPageUrl"] is not None


def test_the_same_seed_makes_the_same_world_again_after_a_reset(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    before = client.get("invoices/1001").json()
    client.delete("invoices/1001")
    sandbox.run(sandbox.worlds.reset)

    with kashflow_client(sandbox) as again:
        assert again.get("invoices/1001").json() == before
    assert client.get("invoices/1001").status_code == 200, "the same session was drawn again"


def test_work_in_the_servers_thread_brings_its_result_or_its_error(sandbox: Sandbox) -> None:
    assert sandbox.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        sandbox.run(lambda: 1 // 0)
    with pytest.raises(RuntimeError, match="with statement"):
        Sandbox().run(lambda: 7)


def test_a_taken_port_is_named_and_nothing_stays_bound(sandbox: Sandbox) -> None:
    taken = int(sandbox.kashflow_url.rpartition(":")[2].removesuffix("/v2"))

    with pytest.raises(OSError, match=f"port {taken} for kashflow"), Sandbox(kashflow_port=taken):
        pass


def test_servers_end_although_a_connection_is_kept_and_a_stream_is_held() -> None:
    handshake = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
    with Sandbox() as running, ThreadPoolExecutor() as pool:
        token = running.run(running.worlds.salesforce_login)["access_token"]
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60) as streaming:
            where = f"{running.salesforce_url}/cometd/61.0"
            client_id = streaming.post(where, json=[handshake]).json()[0]["clientId"]
            connect = {"channel": "/meta/connect", "clientId": client_id, "connectionType": "long-polling"}
            streaming.post(where, json=[connect])
            held = pool.submit(streaming.post, where, json=[connect])
            running.stop()
            with suppress(httpx.TransportError):
                held.result()

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.control_url}/health")


def started(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, None])
def test_the_process_prints_one_line_and_ends_cleanly(ending: signal.Signals | None) -> None:
    with started("--until-stdin-closes") as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert httpx.get(f"{announced['control']}/health").json()["status"] == "ok"
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v2", announced["kashflow"]["url"])

        if ending is not None:
            process.send_signal(ending)
        rest, complaints = process.communicate()

    assert (process.returncode, rest, complaints) == (0, "", "")


def test_one_port_for_both_worlds_is_refused_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    with started("--salesforce-port", port, "--kashflow-port", port) as process:
        output, complaint = process.communicate()

    assert (process.returncode, output) == (2, "")
    assert complaint.startswith(f"sandbox: port {port} for kashflow cannot be used")
    assert "Traceback" not in complaint


def test_the_process_says_which_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started("--salesforce-port", str(port)) as process:
            output, complaint = process.communicate()

    assert (process.returncode, output) == (2, "")
    assert complaint.startswith(f"sandbox: port {port} for salesforce cannot be used")


def test_an_idle_connection_outlives_the_pauses_between_two_looks_at_a_job() -> None:
    """Published clients pause up to 30 seconds (reference salesforce.md section 3.7) and keep their connection."""
    assert Listening(nobody).config.timeout_keep_alive > 30


async def nobody(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that is never asked."""
