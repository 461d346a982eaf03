"""The pages: who may see them, what they show, and that nothing a record says becomes markup."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.bootstrap import House
from console.settings import BadSettings, Settings
from console.web.app import create_app
from console.web.guard import SECURITY_HEADERS
from console.web.metrics import METRICS
from console.web.server import serve
from ledger import schema
from ledger.deliveries import Settlement
from ledger.endings import Dead, Reason
from tests.support.console import a_morning_of_work, environment_of, ledger_at, settings_in
from tests.support.ledger import START, opportunity
from tests.support.ports import free_port
from tests.support.streaming import served, until

PASSWORD = "correct horse: battery stäple"
PAGES = ("/", "/api/status", "/metrics", "/style.css", "/icon.svg")


@pytest.fixture
def settings(tmp_path: Path, valkey_url: str) -> Settings:
    return settings_in(tmp_path, redis_url=valkey_url)


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx.Client]:
    """Logged in, in front of a ledger with a morning's work in it."""
    with ledger_at(settings.ledger) as ledger:
        a_morning_of_work(ledger)
    with House(settings) as house:
        house.salesforce_budget.observe_usage(6312, 15000)
        with pages_of(house) as client:
            yield client


@pytest.fixture
def stranger(client: httpx.Client) -> Iterator[httpx.Client]:
    """Somebody who does not know the password."""
    with httpx.Client(base_url=client.base_url) as stranger:
        yield stranger


@contextmanager
def pages_of(house: House) -> Iterator[httpx.Client]:
    """Served on a port of loopback, as in life, to somebody who knows the password."""
    with (
        served(create_app(house, PASSWORD)) as url,
        httpx.Client(base_url=url, headers=_login(PASSWORD)) as client,
    ):
        yield client


def test_the_page_shows_queues_troubles_cursors_incidents_and_budgets(client: httpx.Client) -> None:
    page = client.get("/").text

    for word in (
        "1 dead letter waits for a decision.",
        "kashflow.invoice",
        "salesforce.opportunity",
        "006000000000004AAA",
        "17.5 %",
        "salesforce_stream:/data/ChangeEvents",
        "position lost",
        "6,312 of 15,000",
    ):
        assert word in page
    assert 'http-equiv="refresh"' in page
    assert "http://127.0.0.1:5555/" in page


def test_the_page_is_well_formed_and_brings_no_script_and_no_style_of_its_own(client: httpx.Client) -> None:
    page = client.get("/").text
    tags = _tags(page)

    assert "<!doctype html>" in page
    assert {"script", "style", "iframe", "form"}.isdisjoint(tags)
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_what_a_record_says_is_shown_as_text(settings: Settings, client: httpx.Client) -> None:
    with ledger_at(settings.ledger) as ledger:
        ledger.register([replace(opportunity(9), occurred_at=START)], now=START)
        claim = ledger.claim("kashflow.invoice", [], limit=200, now=START, lease_seconds=30)
        evil = Dead(Reason("send", "Evil", "<script>alert(1)</script>"))
        ledger.settle(claim, [Settlement(each, evil) for each in claim.deliveries], now=START)

    page = client.get("/").text

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_installation_that_has_done_nothing_yet_has_a_page(settings: Settings) -> None:
    schema.upgrade(settings.ledger)
    with House(settings) as house, pages_of(house) as client:
        page = client.get("/").text

    assert "All is well, and nothing waits." in page
    assert "No producer has read anything yet." in page


def test_the_page_is_there_while_redis_is_away_and_says_so(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    schema.upgrade(settings.ledger)
    with House(settings) as house, pages_of(house) as client:
        page = client.get("/").text

    assert "the budgets are not known" in page


def test_the_api_tells_what_the_command_tells(client: httpx.Client) -> None:
    seen = client.get("/api/status").json()

    assert [queue["name"] for queue in seen["queues"]][:1] == ["kashflow.invoice"]
    assert seen["troubles"][1]["code"] == "InvalidVATRate"


def test_metrics_are_read_by_prometheus_own_parser(client: httpx.Client) -> None:
    answer = client.get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    deliveries = {
        (sample.labels["queue"], sample.labels["state"]): sample.value
        for sample in families["kashforce_deliveries"].samples
    }
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert families.keys() == {metric.name for metric in METRICS}
    assert deliveries["kashflow.invoice", "dead"] == 1
    assert deliveries["kashflow.customer", "unchanged"] == 1
    assert families["kashforce_budget_used_calls"].samples[0].value == 6312
    assert families["kashforce_open_incidents"].samples[0].value == 1


def test_every_metric_says_its_unit_and_what_it_means() -> None:
    for metric in METRICS:
        assert metric.unit
        assert metric.meaning.endswith(".")
        assert "\n" not in metric.meaning
        assert metric.name.startswith("kashforce_")


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_nothing_is_shown_without_the_password(stranger: httpx.Client, path: str) -> None:
    refusals = [
        stranger.get(path),
        stranger.get(path, headers=_login("wrong")),
        stranger.get(path, headers=_login(PASSWORD, user="root")),
        stranger.get(path, headers=_login("")),
        stranger.get(path, headers={"Authorization": "Basic %%%"}),
        stranger.get(
            path, headers={"Authorization": _login(PASSWORD)["Authorization"].replace("Basic", "Bearer")}
        ),
    ]

    for refusal in refusals:
        assert refusal.status_code == 401
        assert refusal.headers["WWW-Authenticate"].startswith("Basic ")
        assert "kashflow" not in refusal.text


@pytest.mark.parametrize("path", [*PAGES, "/healthz", "/nowhere"])
def test_every_answer_carries_the_security_headers(
    client: httpx.Client, stranger: httpx.Client, path: str
) -> None:
    for answer in (client.get(path), stranger.get(path)):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value


def test_health_needs_no_login_and_tells_nothing_but_ok(stranger: httpx.Client) -> None:
    answer = stranger.get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/healthz", "/", "/metrics"])
def test_without_a_ledger_every_page_is_unavailable_and_names_no_address(tmp_path: Path, path: str) -> None:
    url = "postgresql://kashforce:hush-ledger@127.0.0.1:1/ledger"
    with House(settings_in(tmp_path, ledger_url=url)) as house, pages_of(house) as client:
        answer = client.get(path)

    assert answer.status_code == 503
    assert "kashforce doctor" in answer.text
    assert "hush" not in answer.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "office.example"])  # noqa: S104 - they are refused
def test_beyond_this_machine_only_a_chosen_password_will_do(tmp_path: Path, host: str) -> None:
    with (
        House(settings_in(tmp_path)) as house,
        pytest.raises(BadSettings, match="KASHFORCE_CONSOLE_PASSWORD"),
    ):
        serve(house, host=host, port=free_port(), password="made by itself")


def test_the_process_serves_behind_the_password_and_ends_in_order_at_sigterm(tmp_path: Path) -> None:
    port = free_port()
    chosen = {"state_dir": str(tmp_path), "web_port": str(port), "console_password": "hush-console"}
    schema.upgrade(settings_in(tmp_path).ledger)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KASHFORCE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "web"],
        env={**inherited, "PYTHONPATH": str(Path.cwd()), **environment_of(chosen)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        until(lambda: _answers(f"http://127.0.0.1:{port}/healthz"))
        known = httpx.get(f"http://127.0.0.1:{port}/", auth=("operator", "hush-console"))
        unknown = httpx.get(f"http://127.0.0.1:{port}/")

        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate()

    assert (known.status_code, unknown.status_code, process.returncode) == (200, 401, 0)
    assert "server" not in known.headers
    assert "hush" not in printed
    assert "Traceback" not in printed


def _login(password: str, user: str = "operator") -> dict[str, str]:
    """As a browser that was told charset="UTF-8" sends it."""
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.add(tag)


def _tags(page: str) -> set[str]:
    parser = _Tags()
    parser.feed(page)
    parser.close()
    return parser.seen
