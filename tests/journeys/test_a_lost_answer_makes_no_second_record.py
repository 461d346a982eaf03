"""A request whose answer was lost may have been carried out: whatever happened, there is one record in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from ledger.deliveries import Claim, Settled, Settlement
from ledger.endings import ENDED
from ledger.ledger import Ledger
from tests.support.road import Road

INVOICES, CUSTOMERS = "/v2/invoices", "/v2/customers"
LOST = ["drop_after_commit", "drop_before_commit", "http_500_after_commit", "sql_timeout_after_commit"]
NOT_DONE = ["sql_timeout", "http_500", "html_503"]


def _won_deal(road: Road) -> str:
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    return deal


def _one_of_each(road: Road, deal: str) -> None:
    """One customer, one invoice, and the deal shows it."""
    (invoice,) = road.invoices(deal)
    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert invoice["CustomerCode"] == customer["Code"]
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert {delivery.state for delivery in road.deliveries(deal)} <= ENDED


@pytest.mark.parametrize("trouble", [*LOST, *NOT_DONE])
@pytest.mark.parametrize("path", [INVOICES, CUSTOMERS])
def test_trouble_with_a_post_leaves_one_record_in_the_end(on_the_road: Road, path: str, trouble: str) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", trouble, match={"method": "POST", "path": path})

    road.catch_up()

    _one_of_each(road, deal)


@pytest.mark.parametrize("trouble", LOST)
def test_two_lost_answers_in_a_row_leave_one_invoice(on_the_road: Road, trouble: str) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", trouble, times=2, match={"method": "POST", "path": INVOICES})

    road.catch_up()

    _one_of_each(road, deal)


def test_whoever_reads_the_story_learns_that_the_invoice_was_found_again(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": INVOICES})

    road.catch_up()

    (invoice,) = road.invoices(deal)
    *_, (lost, why), (found, note) = road.story(deal)
    assert (lost, found) == ("failed", "delivered")
    assert "POST /v2/invoices" in why
    assert note == f"found invoice {invoice['Number']}, made by an earlier attempt"


def test_an_invoice_that_shows_late_is_waited_for(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", "read_after_write_delay", match={"resource": "invoices"}, seconds=5)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": INVOICES})

    road.catch_up()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1


def test_a_customer_that_shows_late_is_waited_for(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", "read_after_write_delay", match={"resource": "customers"}, seconds=30)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": CUSTOMERS})

    road.catch_up()

    _one_of_each(road, deal)


def test_a_customer_that_shows_late_is_not_made_again_for_another_deal_of_its_account(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    first, second = road.deal(account), road.deal(account)
    road.fault("kashflow", "read_after_write_delay", match={"resource": "customers"}, seconds=30)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": CUSTOMERS})

    # The second deal asks for the same customer while nobody can tell yet whether the first one made it.
    road.win(first)
    road.hear()
    road.work()
    road.win(second)
    road.hear()
    road.work()
    assert road.unfinished(), "the customer is in doubt"
    road.rest()

    (customer,) = road.customers("Larkfield Ceramics Ltd")
    assert [invoice["CustomerCode"] for invoice in road.invoices()] == [customer["Code"]] * 2


def test_an_account_renamed_while_its_customer_is_in_doubt_still_becomes_one_customer(
    on_the_road: Road,
) -> None:
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    deal = road.deal(account)
    road.win(deal)
    road.fault("kashflow", "read_after_write_delay", match={"resource": "customers"}, seconds=60)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": CUSTOMERS})
    road.hear()
    road.work()

    road.change(account, Name="Kiln Lane Pottery")
    road.rest()

    ours = [
        row for row in road.sandbox.run(road.sandbox.kashflow.state)["customers"] if account in row["Note"]
    ]
    assert [row["Name"] for row in ours] == ["Larkfield Ceramics Ltd"]
    assert [invoice["CustomerCode"] for invoice in road.invoices(deal)] == [ours[0]["Code"]]


def test_a_row_that_slips_from_the_page_is_no_reason_to_make_the_invoice_again(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault("kashflow", "drop_after_commit", match={"method": "POST", "path": INVOICES})
    road.fault("kashflow", "row_missing_from_page", times=4, match={"resource": "invoices"})

    road.catch_up()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1
    assert any("left rows out" in note for _, note in road.story(deal))


def test_a_row_that_slips_from_the_page_is_no_reason_to_make_a_customer_twice(on_the_road: Road) -> None:
    road = on_the_road
    road.add_customer("HAND01", "Larkfield Ceramics Ltd")
    deal = _won_deal(road)
    road.fault("kashflow", "row_missing_from_page", times=4, match={"resource": "customers"})

    road.catch_up()

    (invoice,) = road.invoices(deal)
    assert invoice["CustomerCode"] == "HAND01"
    assert len(road.customers("Larkfield Ceramics Ltd")) == 1


def test_an_answer_without_the_number_is_looked_up(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault(
        "kashflow",
        "missing_fields",
        match={"method": "POST", "path": INVOICES},
        fields=["Number", "Id"],
    )

    road.catch_up()

    _one_of_each(road, deal)


def test_an_answer_without_the_customers_code_is_looked_up(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.fault(
        "kashflow", "missing_fields", match={"method": "POST", "path": CUSTOMERS}, fields=["Code", "Id"]
    )

    road.catch_up()

    _one_of_each(road, deal)


class _SettlesOnceTooLate(Ledger):
    """The worker is killed after its requests and before it could settle: the first settle never happens."""

    killed = False

    def settle(self, claim: Claim, settlements: Sequence[Settlement], *, now: datetime) -> Settled:
        if not self.killed:
            self.killed = True
            raise KeyboardInterrupt
        return super().settle(claim, settlements, now=now)


@pytest.fixture
def killed_ledger(on_the_road: Road) -> Iterator[Ledger]:
    ledger = _SettlesOnceTooLate.open(on_the_road.ledger_url)
    yield ledger
    ledger.close()


def test_a_worker_killed_between_commit_and_settle_leaves_one_customer(
    on_the_road: Road, killed_ledger: Ledger
) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.work_on("kashflow.invoice")

    with pytest.raises(KeyboardInterrupt):
        road.work_on("kashflow.customer", replace(road.desk, ledger=killed_ledger))
    assert len(road.customers("Larkfield Ceramics Ltd")) == 1
    road.rest()

    _one_of_each(road, deal)
    assert [ending for ending, _ in road.story(deal, "kashflow.customer")] == ["lease_expired", "delivered"]


def test_a_worker_killed_between_commit_and_settle_leaves_one_invoice_and_its_number_shows(
    on_the_road: Road, killed_ledger: Ledger
) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.work_on("kashflow.invoice")
    road.work_on("kashflow.customer")

    with pytest.raises(KeyboardInterrupt):
        road.work_on("kashflow.invoice", replace(road.desk, ledger=killed_ledger))
    assert len(road.invoices(deal)) == 1
    assert road.record(deal)["KashFlow_Invoice_Number__c"] is None
    road.rest()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1
    endings = [ending for ending, _ in road.story(deal)]
    assert [ending for ending in endings if ending != "not_now"] == ["lease_expired", "delivered"]


def test_a_worker_killed_while_it_writes_back_writes_the_number_again(
    on_the_road: Road, killed_ledger: Ledger
) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer", "kashflow.invoice"):
        road.work_on(queue)

    with pytest.raises(KeyboardInterrupt):
        road.work_on("salesforce.opportunity", replace(road.desk, ledger=killed_ledger))
    road.rest()

    _one_of_each(road, deal)


def test_a_worker_that_settles_after_its_lease_had_run_out_keeps_what_it_learned(on_the_road: Road) -> None:
    road = on_the_road
    deal = _won_deal(road)
    road.hear()
    road.work_on("kashflow.invoice")
    road.work_on("kashflow.customer")

    class Stalled(Ledger):
        """Its machine sleeps before it settles; meanwhile another worker is given the batch."""

        def settle(self, claim: Claim, settlements: Sequence[Settlement], *, now: datetime) -> Settled:
            road.wait(31)
            road.work()
            settled = super().settle(claim, settlements, now=road.now())
            assert settled.too_late
            return settled

    ledger = Stalled.open(road.ledger_url)
    road.work_on("kashflow.invoice", replace(road.desk, ledger=ledger))
    ledger.close()
    road.rest()

    _one_of_each(road, deal)
    assert road.calls("POST", INVOICES) == 1
