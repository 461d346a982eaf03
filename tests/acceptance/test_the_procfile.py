"""The Procfile as `honcho start` runs it, on a Valkey and a PostgreSQL by URL, with two workers."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.house import ROOT
from tests.support.installation import BINARIES, DELIVERED_WITHIN, STARTED_WITHIN, Installation, eventually

PASSWORD = "open-sesame-for-tests"
LOGIN = httpx.BasicAuth("operator", PASSWORD)


def ask(url: str, auth: httpx.Auth | None = None) -> httpx.Response | None:
    """None while nobody answers there."""
    try:
        return httpx.get(url, auth=auth, timeout=10, trust_env=False)
    except httpx.TransportError:
        return None


def shown_by_flower(installation: Installation, path: str) -> Mapping[str, Any]:
    """What Flower's API answers; empty while it has nothing to show."""
    answer = ask(f"http://127.0.0.1:{installation.settings['flower_port']}{path}", LOGIN)
    found: Mapping[str, Any] = answer.json() if answer is not None and answer.is_success else {}
    return found


def two_workers(installation: Installation) -> Mapping[str, Any]:
    """What Flower tells of each worker, once it knows of two and each has answered what it listens to."""
    known = shown_by_flower(installation, "/api/workers?refresh=1")
    return known if len(known) == 2 and all("active_queues" in one for one in known.values()) else {}


def flower_tasks(installation: Installation) -> set[tuple[str, str]]:
    """(queue, state) of every batch that Flower knows of."""
    tasks = shown_by_flower(installation, "/api/tasks").values()
    return {(task["args"].split(":")[0], task["state"]) for task in tasks if task["name"] == "kashforce.run"}


def test_the_procfile_runs_an_installation_and_ends_it(
    valkey_url: str, postgres_url: str, installation: Installation
) -> None:
    installation.settings |= {
        "redis_url": valkey_url,
        "ledger_url": postgres_url,
        "console_password": PASSWORD,
    }
    upgraded = installation.run("ledger", "upgrade")
    assert upgraded.code == 0, upgraded.err

    command = [str(BINARIES / "honcho"), "start", "-f", str(ROOT / "Procfile"), "-c", "worker=2"]
    honcho = installation.start("procfile", command=command).has_printed("subscribed")
    workers = eventually(lambda: two_workers(installation), STARTED_WITHIN, "Flower shows two workers")
    deals = installation.deals("Larkfield Ceramics", "Tern Valley Brewery", "Ottery Yarn Works")
    installation.win(*deals)
    installation.show_their_numbers(*deals)

    queues = {"kashflow.invoice", "kashflow.customer", "salesforce.opportunity"}
    for worker in workers.values():
        assert {queue["name"] for queue in worker["active_queues"]} > queues
    eventually(
        lambda: flower_tasks(installation) >= {(queue, "SUCCESS") for queue in queues},
        DELIVERED_WITHIN,
        "Flower shows the batches of every queue",
    )
    flower = f"http://127.0.0.1:{installation.settings['flower_port']}"
    for path in ("/", "/workers", "/tasks", "/api/workers", "/api/tasks"):
        refused = ask(f"{flower}{path}")
        assert refused is not None
        assert refused.status_code == 401, path
    health = ask(f"http://127.0.0.1:{installation.settings['web_port']}/healthz")
    assert health is not None
    assert (health.status_code, health.text) == (200, "ok\n")

    assert honcho.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert installation.processes() == {}
    assert "SIGKILL" not in honcho.printed, "every process ended by itself"
    assert "Traceback" not in honcho.printed
