"""A field that Salesforce shows to our user and does not let it write."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from ledger import schema
from tests.support.promises import rows_of
from tests.support.small_firm import QUEUES, SmallFirm, small_firms

INVOICES, CUSTOMERS, WRITE_BACKS = QUEUES


def test_it_is_waited_for_and_then_said_by_name_and_nothing_is_left_out_in_silence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    with small_firms(url) as firm_of:
        firm = firm_of()
        account = firm.salesforce.new_account("Bright Ltd")
        first, second = (_won(firm, account) for _ in range(2))
        firm.hear(firm.salesforce.log)
        for queue in (INVOICES, CUSTOMERS, CUSTOMERS, INVOICES):
            firm.work(queue)

        firm.salesforce.read_only = {first}
        firm.work(WRITE_BACKS)

        assert _shown(firm, second) == "2", "its neighbour is written"
        waiting = _write_back(firm)
        assert (waiting.state, waiting.due_at - firm.clock()) == ("waiting", timedelta(minutes=5))

        for _ in range(firm.desk.rules.max_attempts):
            firm.clock.tick(300)
            firm.work(WRITE_BACKS)

        dead = _write_back(firm)
        assert (dead.state, dead.reason_code) == ("dead", "INVALID_FIELD_FOR_INSERT_UPDATE")
        assert "KashFlow_Due__c" in dead.reason_text
        assert _shown(firm, first) is None, "all or nothing of one record"

        firm.salesforce.read_only = set()
        firm.replay([dead.id])
        firm.work(WRITE_BACKS)

        assert _shown(firm, first) == "1"


def _won(firm: SmallFirm, account: str) -> str:
    deal = firm.salesforce.new_deal(account, 120)
    firm.salesforce.change(deal, IsWon=True)
    return deal


def _shown(firm: SmallFirm, deal: str) -> object:
    return firm.salesforce.deals[deal]["KashFlow_Invoice_Number__c"]


def _write_back(firm: SmallFirm) -> Row[Any]:
    """The one that is not done yet."""
    (found,) = [row for row in rows_of(firm.ledger) if row.queue == WRITE_BACKS and row.state != "delivered"]
    return found
