"""A payment that a person enters in Salesforce becomes a line of its KashFlow invoice: once, and beside all others."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ledger.endings import State
from producers.salesforce_sweep import SweepRules
from sandbox.server import Sandbox
from tests.support.firm import Row
from tests.support.road import Road, road

OFTEN = SweepRules(swept_only=frozenset({"Payment__c"}), swept_only_seconds=1)
PUT = {"method": "PUT", "resource": "invoices"}


@pytest.fixture(params=["invoice", "resource"])
def till(request: pytest.FixtureRequest, served_sandbox: Sandbox, tmp_path: Path) -> Iterator[Road]:
    """An account that takes payments with the whole invoice, and one that has a resource for them; the one is kept in step
    with SQLite, the other with PostgreSQL. Payments are swept: no change event tells of them here."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "resource":
        url = str(request.getfixturevalue("postgres_url"))
    with road(served_sandbox, url, payments_way=request.param) as opened:
        opened.sweep(OFTEN)
        yield opened


def _invoiced(road: Road) -> tuple[str, Row]:
    deal = road.deal(road.account("Paying Ltd"))
    road.win(deal)
    road.catch_up()
    (invoice,) = road.invoices(deal)
    assert invoice["GrossAmount"] == Decimal("1440.00")
    return deal, invoice


def _pays(road: Road, amount: str, **fields: Any) -> str:
    today = road.now().date().isoformat()
    return road.create("Payment__c", Amount__c=amount, Payment_Date__c=today, **fields)


def _catch_up(road: Road) -> None:
    road.wait(2)
    road.sweep(OFTEN)
    road.rest()


def _lines(road: Road, invoice: Row) -> list[Row]:
    lines: list[Row] = road.keep(lambda books: books.invoices.detail(invoice["Number"])["PaymentLines"])
    return lines


def _money_in(road: Road) -> Decimal:
    rows = road.keep(lambda books: books.transactions.all())
    return sum(
        (row["PaidIn"] - row["PaidOut"] for row in rows if row["CustomerName"] == "Paying Ltd"), Decimal(0)
    )


def test_a_part_payment_is_booked_and_shows_on_the_deal(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)

    payment = _pays(road, "400.00", Opportunity__c=deal, Method__c="Bank Transfer", Note__c="first half")
    _catch_up(road)

    (line,) = _lines(road, invoice)
    assert (line["Amount"], line["Method"], line["Date"]) == (Decimal("400.00"), 409844, road.now().date())
    assert line["Note"] == f"first half SF-{payment}"
    assert _money_in(road) == Decimal("400.00")
    assert road.record(deal)["KashFlow_Invoice_Status__c"] == "Part paid"
    assert road.record(deal)["KashFlow_Due__c"] == Decimal("1040.00")


def test_the_payment_gets_kashflows_id_and_no_twin(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)

    payment = _pays(road, "400.00", Opportunity__c=deal)
    _catch_up(road)
    _catch_up(road)

    (line,) = _lines(road, invoice)
    (record,) = road.in_salesforce("Payment__c")
    assert record["Id"] == payment
    assert record["KashFlow_Id__c"] == f"{invoice['Id']}-{line['Id']}"
    (shown,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=str(invoice["Id"]))
    assert record["Invoice__c"] == shown["Id"]
    assert len(_lines(road, invoice)) == 1


def test_a_payment_names_its_invoice_by_the_record_of_it(till: Road) -> None:
    road = till
    _, invoice = _invoiced(road)
    shown = road.create("Invoice__c", Name=str(invoice["Number"]), KashFlow_Id__c=str(invoice["Id"]))
    another = road.create("Invoice__c", Name=str(invoice["Number"]), KashFlow_Id__c="999")

    paid = _pays(road, "10.00", Invoice__c=shown)
    astray = _pays(road, "20.00", Invoice__c=another)
    _catch_up(road)

    assert [line["Amount"] for line in _lines(road, invoice)] == [Decimal("10.00")]
    assert road.last(paid, "kashflow.payment").state is State.DELIVERED
    assert road.last(astray, "kashflow.payment").reason_code == "renumbered"


def test_an_overpayment_and_a_refund_settle_the_invoice(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)

    much = _pays(road, "1500.00", Opportunity__c=deal)
    _catch_up(road)
    assert road.story(much, "kashflow.payment")[-1][1].endswith(", which overpays it by 60.00")
    assert road.record(deal)["KashFlow_Invoice_Status__c"] == "Overpaid"

    _pays(road, "-60.00", Opportunity__c=deal, Note__c="paid back")
    _catch_up(road)
    assert [line["Amount"] for line in _lines(road, invoice)] == [Decimal("1500.00"), Decimal("-60.00")]
    assert road.record(deal)["KashFlow_Invoice_Status__c"] == "Paid"


def test_payments_of_one_invoice_in_the_same_second_do_not_overwrite_each_other(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)
    road.pay(invoice["Number"], "40.00")

    for amount in ("100.00", "200.00", "300.00"):
        _pays(road, amount, Opportunity__c=deal)
    _catch_up(road)

    assert sorted(line["Amount"] for line in _lines(road, invoice)) == [40, 100, 200, 300]
    assert _money_in(road) == Decimal("640.00")


@pytest.mark.parametrize("fault", ["drop_after_commit", "http_500_after_commit", "drop_before_commit"])
def test_a_lost_answer_books_no_payment_twice(till: Road, fault: str) -> None:
    road = till
    deal, invoice = _invoiced(road)
    road.fault("kashflow", fault, match=PUT)
    road.fault("kashflow", fault, match={"method": "POST", "resource": "payments"})

    payment = _pays(road, "400.00", Opportunity__c=deal)
    _catch_up(road)

    assert [line["Amount"] for line in _lines(road, invoice)] == [Decimal("400.00")]
    assert road.last(payment, "kashflow.payment").state is State.DELIVERED
    assert [ending for ending, _ in road.story(payment, "kashflow.payment")].count("failed") == 1


def test_the_account_is_found_by_its_name_and_a_method_that_kashflow_lacks_is_named(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)
    reserve = road.create("Bank_Account__c", Name="reserve account")

    _pays(road, "10.00", Opportunity__c=deal, Bank_Account__c=reserve, Method__c="card")
    odd = _pays(road, "20.00", Opportunity__c=deal, Method__c="Barter")
    _catch_up(road)

    (line,) = _lines(road, invoice)
    account = road.keep(lambda books: books.bank_accounts.register.by_id(line["AccountId"]))
    assert account is not None
    assert (account["AccountName"], line["Method"]) == ("Reserve Account", 409846)
    assert road.last(odd, "kashflow.payment").state is State.DEAD
    assert '"Barter", which table payment_method_ids does not list' in str(
        road.last(odd, "kashflow.payment").reason_text
    )


def test_a_payment_without_an_invoice_waits_and_then_says_what_is_missing(till: Road) -> None:
    road = till

    payment = _pays(road, "10.00")
    _catch_up(road)

    last = road.last(payment, "kashflow.payment")
    assert (last.state, last.reason_code) == (State.DEAD, "no_invoice")
    assert (
        last.reason_text
        == "what it pays has no invoice in KashFlow yet; name its Invoice, Opportunity or Order"
    )


def test_a_payment_that_was_entered_is_not_entered_again_when_it_is_edited(till: Road) -> None:
    road = till
    deal, invoice = _invoiced(road)
    payment = _pays(road, "400.00", Opportunity__c=deal)
    _catch_up(road)

    road.wait(2)
    road.change(payment, Amount__c="450.00")
    _catch_up(road)

    assert [line["Amount"] for line in _lines(road, invoice)] == [Decimal("400.00")]
    assert road.last(payment, "kashflow.payment").state is State.UNCHANGED
