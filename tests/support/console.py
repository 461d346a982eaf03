"""An installation for tests of the console: settings that read no file, and a ledger with a morning's work in it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from console.settings import Settings, load
from ledger import schema
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Ending, Failed, Reason, Unchanged
from ledger.ledger import Ledger
from ledger.producing import Cursor, Incident
from sandbox.server import Sandbox
from tests.support.ledger import START, account, opportunity

#: No server has this port: nothing may listen below 1024 but root's services, and this one is long dead.
NO_REDIS = "redis://127.0.0.1:1/0"

VAT_REFUSED = Reason(
    "send",
    "InvalidVATRate",
    "KashFlow refused the invoice: the VAT rate 17.5 % is not set up in this account",
)
LOCKED_OUT = Reason(
    "send", "SQLTimeout", "KashFlow's database timed out; nothing was written, it is tried again"
)


def settings_in(folder: Path, **chosen: Any) -> Settings:
    """Settings of an installation that keeps everything in `folder` and has no Redis unless one is chosen."""
    return load(None, **{"state_dir": folder, "redis_url": NO_REDIS, **chosen})


def logins_of(sandbox: Sandbox) -> dict[str, str]:
    """The settings that lead to both worlds of a running sandbox."""
    told = sandbox.announcement()
    salesforce, kashflow = told["salesforce"], told["kashflow"]
    return {
        "salesforce_url": salesforce["url"],
        "salesforce_client_id": salesforce["client_id"],
        "salesforce_client_secret": salesforce["client_secret"],
        "kashflow_url": kashflow["url"],
        "kashflow_username": kashflow["username"],
        "kashflow_password": kashflow["password"],
        "kashflow_memorable_word": kashflow["memorable_word"],
    }


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """The same as variables, for processes."""
    return {f"KASHFORCE_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def ledger_at(url: str) -> Iterator[Ledger]:
    schema.upgrade(url)
    ledger = Ledger.open(url)
    try:
        yield ledger
    finally:
        ledger.close()


def a_morning_of_work(ledger: Ledger, now: datetime = START) -> None:
    """Seven invoices, two customers: delivered, one dead, one put off, two waiting; a cursor, a producer, an incident.

    The two that wait were registered 125 seconds before `now`.
    """
    early = now - timedelta(hours=1)
    ledger.register(
        [replace(opportunity(number), occurred_at=early) for number in range(1, 6)]
        + [account(1), account(2)],
        cursors=[Cursor("salesforce_stream:/data/ChangeEvents", "7327646", early)],
        now=early,
    )
    stuck = Failed(now + timedelta(minutes=4), LOCKED_OUT)
    endings: list[Ending] = [Delivered("created invoice 1042"), Delivered("created invoice 1043")]
    _settle(ledger, "kashflow.invoice", [*endings, Delivered("…"), Dead(VAT_REFUSED), stuck], early)
    same = Unchanged(Reason("compare", "same_values", "KashFlow holds these values already"))
    _settle(ledger, "kashflow.customer", [Delivered("created customer BRACK01"), same], early)
    lost = Incident(
        "position_lost",
        "salesforce",
        "/data/ChangeEvents",
        "7327600",
        now - timedelta(hours=2),
        {"reason": "the replay id is older than what Salesforce keeps", "raw": "a customer's record"},
    )
    ledger.register([opportunity(6), opportunity(7)], incidents=[lost], now=now - timedelta(seconds=125))
    ledger.take_lease("salesforce_stream", "office-server:4711:9f2c01ab", now=now, seconds=10)


def _settle(ledger: Ledger, queue: str, endings: list[Ending], at: datetime) -> None:
    claim = ledger.claim(queue, [], limit=200, now=at, lease_seconds=30)
    settlements = [
        Settlement(delivery, ending) for delivery, ending in zip(claim.deliveries, endings, strict=True)
    ]
    ledger.settle(claim, settlements, now=at + timedelta(seconds=3))


@contextmanager
def logging_restored() -> Iterator[None]:
    """Undo what a command did to the logging of this process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
