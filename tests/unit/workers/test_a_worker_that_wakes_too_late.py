"""A worker that is frozen before it writes an Opportunity, and goes on when another one has written what is newer."""

from __future__ import annotations

from pathlib import Path

from ledger import schema
from tests.support.moments import BEFORE_WRITE
from tests.support.small_firm import QUEUES, SmallFirm, small_firms

INVOICES, CUSTOMERS, WRITE_BACKS = QUEUES


def test_what_it_puts_back_is_put_right_although_no_change_tells_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    schema.upgrade(url)
    with small_firms(url) as firm_of:
        firm = firm_of()
        deal = firm.salesforce.new_deal(firm.salesforce.new_account("Bright Ltd"), 120)
        firm.salesforce.change(deal, IsWon=True)
        firm.hear(firm.salesforce.log)
        for queue in (INVOICES, CUSTOMERS, INVOICES):
            firm.work(queue)
        firm.clock.tick(100)

        def frozen() -> None:
            firm.clock.tick(40)
            firm.sweep()
            firm.kashflow.pay(firm.kashflow.invoices[0])
            firm.work(WRITE_BACKS)
            assert _status(firm, deal) == "Paid"

        firm.moments.at(BEFORE_WRITE, 1, frozen)
        firm.work(WRITE_BACKS)
        assert _status(firm, deal) == "Unpaid", "it did not know better"

        firm.look_at_invoices()
        firm.work(WRITE_BACKS)

        assert _status(firm, deal) == "Paid"


def _status(firm: SmallFirm, deal: str) -> object:
    return firm.salesforce.deals[deal]["KashFlow_Invoice_Status__c"]
