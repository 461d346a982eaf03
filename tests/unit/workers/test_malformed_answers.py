"""Malformed answers of both APIs on their way through the spine: each attempt has one ending, and our code never fails.

Ten thousand of each API meet its client alone, in tests/unit/connectors; fewer go on to an ending, which takes longer.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import structlog
from sqlalchemy import func, select

from connectors.budget import BudgetState, Granted, Outcome
from connectors.kashflow.writing import to_json
from connectors.meter import Meter
from connectors.salesforce import collections, queries
from connectors.salesforce.collections import Fields, RowResult
from connectors.salesforce.org import Record
from ledger import schema
from ledger.tables import AttemptRow
from tests.support.canned_salesforce import Canned, org_answered_by
from tests.support.moments import Moments
from tests.support.promises import assert_each_is_in_one_state, rows_of, unfinished
from tests.support.small_firm import QUEUES, SmallFirm, small_firms
from tests.support.small_salesforce import SmallSalesforce
from tests.support.spoilt import Spoiler

STATUSES = (200, 200, 200, 200, 200, 200, 201, 204, 302, 400, 400, 401, 403, 404, 409, 429, 500, 503)
ANSWERS = 600
DEALS = 40
ACCOUNTS = 20


class _SpoiltSalesforce(SmallSalesforce):
    """Says what the small Salesforce would, through the real client's calls, and spoilt on the way."""

    def __init__(self, clock: Callable[[], datetime], moments: Moments) -> None:
        super().__init__(clock, moments)
        self.spoiler: Spoiler | None = None
        self.answers = 0
        self._org = org_answered_by(self._answer)
        self._good: Any = None

    def query(self, soql: str) -> list[Record]:
        found = super().query(soql)
        self._good = {"totalSize": len(found), "done": True, "records": found}
        return [row for page in queries.pages(self._org, soql) for row in page]

    def collections_retrieve(
        self, entity: str, ids: Sequence[str], fields: Sequence[str]
    ) -> list[Record | None]:
        self._good = super().collections_retrieve(entity, ids, fields)
        return collections.retrieve(self._org, entity, ids, fields)

    def collections_update(
        self, entity: str, records: Sequence[Fields], all_or_none: bool = False
    ) -> list[RowResult]:
        done = super().collections_update(entity, records, all_or_none)
        self._good = [{"id": result.id, "success": True, "errors": []} for result in done]
        return collections.update(self._org, entity, records, all_or_none=all_or_none)

    def close(self) -> None:
        self._org.close()
        super().close()

    def _answer(self, _: requests.PreparedRequest) -> Canned:
        if self.spoiler is None or self.spoiler.rng.random() < 0.3:
            return 200, to_json(self._good).encode(), {}
        self.answers += 1
        status = self.spoiler.rng.choice([code for code in STATUSES if code != 401])
        return status, self.spoiler.body(self._good), {}


class _SpoiltKashFlow:
    """What becomes of the answers of the small KashFlow on their way; logins arrive safely."""

    def __init__(self, seed: int) -> None:
        self.spoiler: Spoiler | None = Spoiler(seed)
        self.answers = 0

    def spoil(self, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        spoiler = self.spoiler
        if spoiler is None or request.url.path.endswith("sessiontoken") or spoiler.rng.random() < 0.3:
            return answer
        self.answers += 1
        good = json.loads(answer.content, parse_float=Decimal)
        status = answer.status_code if spoiler.rng.random() < 0.6 else spoiler.rng.choice(STATUSES)
        return httpx.Response(status, content=spoiler.body(good))


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    return url


def test_malformed_answers_of_kashflow_each_end_in_one_way(url: str) -> None:
    on_the_way = _SpoiltKashFlow(3)
    with small_firms(url, on_its_way=on_the_way.spoil) as firm_of, structlog.testing.capture_logs() as logs:
        firm = firm_of()
        _open_for_business(firm)
        while on_the_way.answers < ANSWERS:
            _one_round(firm)
        on_the_way.spoiler = None

        _assert_each_attempt_ended_once(firm)
        _assert_all_comes_to_rest(firm)
    assert [line for line in logs if line["event"] == "step_broke"] == []


def test_malformed_answers_of_salesforce_each_end_in_one_way(url: str) -> None:
    with small_firms(url, salesforce=_SpoiltSalesforce) as firm_of, structlog.testing.capture_logs() as logs:
        firm = firm_of()
        salesforce = firm.salesforce
        assert isinstance(salesforce, _SpoiltSalesforce)
        salesforce.spoiler = Spoiler(4)
        _open_for_business(firm)
        while salesforce.answers < ANSWERS / 2:
            _one_round(firm)
        salesforce.spoiler = None

        _assert_each_attempt_ended_once(firm)
        _assert_all_comes_to_rest(firm)
        salesforce.close()
    assert [line for line in logs if line["event"] == "step_broke"] == []


@pytest.mark.parametrize("number", ["x", True, [7], 10**40, "\ud800"])
def test_an_answer_that_names_no_invoice_is_looked_into_and_nothing_is_sent_again(
    url: str, number: object
) -> None:
    def garbled(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/invoices"):
            return httpx.Response(201, json={**answer.json(), "Number": number})
        return answer

    with small_firms(url, on_its_way=garbled) as firm_of:
        firm = firm_of()
        firm.salesforce.new_account("Bright Ltd")
        deal = firm.salesforce.new_deal(next(iter(firm.salesforce.accounts)), 120)
        firm.salesforce.change(deal, IsWon=True)
        firm.hear(firm.salesforce.log)

        _assert_all_comes_to_rest(firm)

        assert len(firm.kashflow.invoices) == 1
        assert firm.salesforce.deals[deal]["KashFlow_Invoice_Number__c"] == "1"


class _Generous:
    """A budget that is never spent: what it holds back is shown elsewhere."""

    def spend(self, calls: int, priority: int, now: float | None = None) -> Granted:
        return Granted("a lease")

    def done(self, lease: str, outcome: Outcome) -> None: ...
    def observe_usage(self, used: int, allowed: int) -> None: ...

    def state(self) -> BudgetState:
        raise AssertionError("nobody asks it how it is")


def _open_for_business(firm: SmallFirm) -> None:
    generous = _Generous()
    firm.desk = replace(
        firm.desk, kashflow_meter=Meter("kashflow", generous), salesforce_meter=Meter("salesforce", generous)
    )
    for number in range(ACCOUNTS):
        firm.salesforce.new_account(f"Customer {number} Ltd")


def _one_round(firm: SmallFirm) -> None:
    """New deals are won, all queues are worked on, an operator puts dead letters back, and some time passes."""
    already = len(firm.salesforce.log)
    accounts = list(firm.salesforce.accounts)
    for number in range(DEALS):
        deal = firm.salesforce.new_deal(accounts[number % ACCOUNTS], 120)
        firm.salesforce.change(deal, IsWon=True)
    firm.hear(firm.salesforce.log[already:])
    for queue in (*QUEUES, QUEUES[0], QUEUES[2]):
        firm.work(queue)
    firm.replay(firm.dead())
    firm.clock.tick(400)
    firm.sweep()


def _assert_each_attempt_ended_once(firm: SmallFirm) -> None:
    rows = rows_of(firm.ledger)
    assert_each_is_in_one_state(rows)
    assert [row.id for row in rows if row.state == "running"] == [], "a batch was not settled"
    with firm.ledger.reading() as connection:
        attempts = connection.execute(
            select(AttemptRow.delivery_id, AttemptRow.code, func.count().label("times")).group_by(
                AttemptRow.delivery_id, AttemptRow.claim
            )
        ).all()
    assert {attempt.times for attempt in attempts} == {1}
    assert {attempt.code for attempt in attempts if hasattr(builtins, attempt.code or "")} == set()


def _assert_all_comes_to_rest(firm: SmallFirm) -> None:
    for _ in range(60):
        firm.replay(firm.dead())
        while firm.queues_with_work() and sum(firm.work(queue) for queue in QUEUES):
            pass
        if firm.next_due() is None:
            return
        firm.clock.tick(900)
        firm.sweep()
    raise AssertionError(unfinished(rows_of(firm.ledger)))
