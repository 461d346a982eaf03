"""What a bookkeeper does to an invoice in KashFlow shows on the Opportunity; what we did ourselves ends in silence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ledger.endings import State
from tests.support.firm import Row
from tests.support.road import Road


@pytest.fixture
def invoiced(on_the_road: Road) -> str:
    """A deal that was won, invoiced and written back; the poll has seen its invoice."""
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    road.look()
    road.rest()
    return deal


def _invoice(road: Road, deal: str) -> Row:
    (invoice,) = road.invoices(deal)
    return invoice


@pytest.mark.both_ledgers
def test_a_payment_shows_on_the_opportunity(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road
    invoice = _invoice(road, invoiced)
    assert road.record(invoiced)["KashFlow_Due__c"] == Decimal("1440.00")

    road.pay(invoice["Number"], "400.00")
    road.look()
    road.rest()
    assert road.record(invoiced)["KashFlow_Invoice_Status__c"] == "Part paid"
    assert road.record(invoiced)["KashFlow_Due__c"] == Decimal("1040.00")

    road.pay(invoice["Number"], "1040.00")
    road.look()
    road.rest()
    assert road.record(invoiced)["KashFlow_Invoice_Status__c"] == "Paid"
    assert road.record(invoiced)["KashFlow_Due__c"] == Decimal("0.00")
    assert road.story(str(invoice["Id"]), "salesforce.opportunity") == [
        (
            "delivered",
            "wrote KashFlow_Due__c, KashFlow_Invoice_Status__c, KashFlow_Paid_Date__c, KashFlow_Paid__c",
        )
    ]


def test_our_own_invoice_seen_by_the_poll_ends_unchanged(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road

    last = road.written_back(invoiced)

    assert (last.version, last.state, last.reason_text) == (
        "seen 1",
        State.UNCHANGED,
        "Salesforce holds these values already",
    )


def test_a_look_that_sees_nothing_new_causes_nothing(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road
    before = len(road.deliveries(str(_invoice(road, invoiced)["Id"])))

    road.look()
    road.look()

    assert len(road.deliveries(str(_invoice(road, invoiced)["Id"]))) == before


def test_our_own_write_to_the_opportunity_starts_nothing(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road
    before = [one.id for one in road.deliveries(invoiced)]

    road.hear()

    assert [one.id for one in road.deliveries(invoiced)] == before


def test_an_invoice_that_falls_due_unpaid_is_shown_as_overdue(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road

    road.wait(40 * 86_400)
    road.look()
    road.rest()

    assert road.record(invoiced)["KashFlow_Invoice_Status__c"] == "Overdue"


@pytest.mark.both_ledgers
def test_paid_unpaid_and_paid_again_are_three_changes(on_the_road: Road, invoiced: str) -> None:
    road = on_the_road
    invoice = _invoice(road, invoiced)
    shown = []

    for lines in ("1440.00", None, "1440.00"):
        if lines:
            road.pay(invoice["Number"], lines)
        else:
            road.take_payments_back(invoice["Number"])
        road.look()
        road.rest()
        shown.append(road.record(invoiced)["KashFlow_Invoice_Status__c"])

    assert shown == ["Paid", "Unpaid", "Paid"]


def test_an_invoice_that_was_not_made_by_us_is_none_of_salesforces_business(on_the_road: Road) -> None:
    road = on_the_road
    road.add_customer("HAND01", "Minster Books")
    body = {
        "CustomerCode": "HAND01",
        "LineItems": [{"Description": "Shelves", "Quantity": 1, "Rate": "10.00", "VATLevel": 20}],
    }
    row = road.sandbox.run(lambda: road.sandbox.kashflow.invoices.create(body))

    road.look()
    road.rest()

    assert road.deliveries(str(row["Id"])) == []


def test_a_payment_that_was_taken_while_the_answer_was_on_its_way_is_not_lost(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer", "kashflow.invoice"):
        road.work_on(queue)

    road.pay(_invoice(road, deal)["Number"], "1440.00")
    road.look()
    road.rest()

    assert road.record(deal)["KashFlow_Invoice_Status__c"] == "Paid"


def test_a_person_who_edits_our_fields_is_overruled_by_the_next_change_in_kashflow(
    on_the_road: Road, invoiced: str
) -> None:
    road = on_the_road
    invoice = _invoice(road, invoiced)
    road.change(invoiced, KashFlow_Invoice_Number__c="by hand")

    road.pay(invoice["Number"], "1.00")
    road.look()
    road.rest()

    assert road.record(invoiced)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])


def test_an_invoice_deleted_in_kashflow_ends_unchanged_with_the_reason(
    on_the_road: Road, invoiced: str
) -> None:
    road = on_the_road
    invoice = _invoice(road, invoiced)
    road.pay(invoice["Number"], "1.00")
    road.look()

    road.take_payments_back(invoice["Number"])
    road.sandbox.run(lambda: road.sandbox.kashflow.invoices.delete(invoice["Number"]))
    road.wait(61)
    road.rest()

    last = road.last(str(invoice["Id"]), "salesforce.opportunity")
    assert (last.state, last.reason_code) == (State.UNCHANGED, "gone")
    assert f"the Invoice {invoice['Id']} no longer exists in kashflow" == last.reason_text


def test_payment_methods_that_our_user_may_not_read_keep_no_status_back(
    on_the_road: Road, invoiced: str
) -> None:
    road = on_the_road
    road.fault("kashflow", "permission_denied", times=None, match={"resource": "paymentmethods"})

    road.pay(_invoice(road, invoiced)["Number"], "1440.00")
    road.look()
    road.rest()

    assert road.record(invoiced)["KashFlow_Invoice_Status__c"] == "Paid"
    assert [row["Method__c"] for row in road.in_salesforce("Payment__c")] == [None]
