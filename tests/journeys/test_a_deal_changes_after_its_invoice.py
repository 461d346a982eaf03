"""An issued invoice is never rewritten: what differs since is put to a person, with the credit note that would settle it."""

from __future__ import annotations

import pytest

from ledger.endings import State
from ledger.reviews import ReviewState
from tests.support.firm import Row
from tests.support.pairs import answer, reviews, take_back
from tests.support.road import Road


@pytest.fixture
def invoiced(on_either_ledger: Road) -> tuple[Road, str, Row]:
    """A deal of two lines over 1,200.00 net that was won and invoiced."""
    road = on_either_ledger
    account = road.account("Larkfield Ceramics Ltd")
    kiln, clay = road.product("Kiln", "900.00", VAT_Rate__c=20), road.product("Clay", "10.00", VAT_Rate__c=20)
    deal = road.deal(account, None)
    road.line(deal, kiln, 1, "900.00")
    road.line(deal, clay, 30, "10.00")
    road.win(deal)
    road.catch_up()
    (invoice,) = road.invoices(deal)
    return road, deal, invoice


def _buy_less_clay(road: Road, deal: str, quantity: int) -> None:
    (_, clay) = road.in_salesforce("OpportunityLineItem", OpportunityId=deal)
    road.change(clay["Id"], Quantity=quantity)
    road.catch_up()


def _credit(road: Road, deal: str, invoice: Row, quantity: int, rate: str) -> None:
    """A bookkeeper makes a credit note in KashFlow."""
    line = {"Description": "Credited", "Quantity": -quantity, "Rate": rate, "VATLevel": 20}
    body = {"CustomerCode": invoice["CustomerCode"], "CustomerReference": f"SF-{deal}", "LineItems": [line]}
    road.keep(lambda books: books.invoices.create(body))


def test_a_deal_that_changes_after_its_invoice_is_put_to_a_person_with_a_credit_note(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, deal, invoice = invoiced

    _buy_less_clay(road, deal, 20)

    last, (review,) = road.last(deal), reviews(road)
    assert (last.state, last.reason_code) == (State.UNCHANGED, "differs_from_invoice")
    assert (review.kind, review.state, review.question) == ("credit", ReviewState.OPEN, last.reason_text)
    assert review.question == (
        f"it is invoice {invoice['Number']} already; an issued invoice is not rewritten. KashFlow has billed 1200.00 net, "
        f"the deal says 1100.00 now: a credit note over 100.00 with the reference SF-{deal} would settle it"
    )
    assert review.detail["rows"][1] == {"field": "net", "Salesforce": "1100.00", "KashFlow": "1200.00"}
    assert road.invoices(deal) == [invoice]


def test_once_the_credit_note_is_there_the_question_is_closed(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, invoice = invoiced
    _buy_less_clay(road, deal, 20)
    (review,) = reviews(road)
    _credit(road, deal, invoice, 10, "10.00")

    answer(road, review, "settled")
    road.rest()

    assert road.last(deal).reason_code == "already_invoiced"
    (used,) = reviews(road, ReviewState.USED)
    assert used.id == review.id


def test_an_answer_that_is_not_true_is_asked_again(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, _ = invoiced
    _buy_less_clay(road, deal, 20)
    (review,) = reviews(road)

    answer(road, review, "settled")
    road.rest()

    (still,) = reviews(road)
    assert (still.id, still.state, still.decision) == (review.id, ReviewState.OPEN, None)


def test_a_credit_note_that_is_noticed_anyway_withdraws_the_question(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, deal, invoice = invoiced
    _buy_less_clay(road, deal, 20)
    _credit(road, deal, invoice, 10, "10.00")

    road.change(deal, Name="Kiln and clay")
    road.catch_up()

    assert road.last(deal).reason_code == "already_invoiced"
    assert len(reviews(road, ReviewState.WITHDRAWN)) == 1


def test_a_difference_that_is_meant_is_not_asked_about_again_until_it_is_another(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, deal, _ = invoiced
    _buy_less_clay(road, deal, 20)
    (review,) = reviews(road)
    answer(road, review, "keep", reason="a discount by hand")
    road.rest()
    road.change(deal, Name="Kiln and clay")
    road.catch_up()
    assert road.last(deal).reason_code == "difference_accepted"
    assert str(road.last(deal).reason_text).endswith(
        "Ines decided in review 1 to leave it so (a discount by hand)"
    )

    _buy_less_clay(road, deal, 10)

    (again,) = reviews(road)
    assert again.state is ReviewState.OPEN
    assert again.detail["rows"][1]["Salesforce"] == "1000.00"


def test_a_difference_that_was_accepted_can_be_taken_back(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, _ = invoiced
    _buy_less_clay(road, deal, 20)
    (review,) = reviews(road)
    answer(road, review, "keep")
    road.rest()

    take_back(road, review)
    road.rest()

    (again,) = reviews(road)
    assert again.state is ReviewState.OPEN
    assert road.last(deal).reason_code == "differs_from_invoice"


@pytest.mark.parametrize("off", ["lost", "deleted"])
def test_a_deal_that_is_off_after_its_invoice_keeps_it_until_it_is_credited(
    invoiced: tuple[Road, str, Row], off: str
) -> None:
    road, deal, invoice = invoiced

    if off == "lost":
        road.change(deal, StageName="Closed Lost")
    else:
        road.delete(deal)
    road.catch_up()

    why = {
        "lost": "IsWon is false, and must be true",
        "deleted": f"the Opportunity {deal} no longer exists in salesforce",
    }[off]
    (review,) = reviews(road)
    assert review.question == (
        f"{why}; it is invoice {invoice['Number']} already, which stays as it is: if the deal is off, a credit note over "
        f"1200.00 with the reference SF-{deal} would settle it"
    )
    assert road.invoices(deal) == [invoice]

    _credit(road, deal, invoice, 1, "1200.00")
    answer(road, review, "settled")
    road.rest()
    assert [one.id for one in reviews(road, ReviewState.USED)] == [review.id]
    assert reviews(road) == []


def test_a_deal_that_was_never_invoiced_and_is_deleted_is_nobodys_question(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.delete(deal)

    road.catch_up()

    assert reviews(road, *ReviewState) == []


@pytest.mark.both_ledgers
@pytest.mark.parametrize("off", ["reopened", "deleted"])
def test_a_deal_that_is_off_while_its_invoice_is_in_doubt_keeps_the_invoice_that_was_made(
    on_the_road: Road, off: str
) -> None:
    road = on_the_road
    deal = _won_and_lost_sight_of(road, "drop_after_commit")

    if off == "reopened":
        road.change(deal, StageName="Proposal/Price Quote")
    else:
        road.delete(deal)
    road.catch_up()

    (invoice,) = road.invoices(deal)
    (review,) = reviews(road)
    assert f"it is invoice {invoice['Number']} already" in review.question
    if off == "reopened":
        assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
        road.win(deal)
        road.catch_up()
        assert road.invoices(deal) == [invoice]
        assert reviews(road) == []


def test_a_deal_that_is_off_and_whose_invoice_was_not_made_is_invoiced_when_it_is_won_again(
    on_the_road: Road,
) -> None:
    road = on_the_road
    deal = _won_and_lost_sight_of(road, "drop_before_commit")
    road.change(deal, StageName="Proposal/Price Quote")
    road.catch_up()
    assert (road.invoices(deal), reviews(road)) == ([], [])

    road.win(deal)
    road.catch_up()

    assert len(road.invoices(deal)) == 1


def _won_and_lost_sight_of(road: Road, fault: str) -> str:
    """A won deal; nobody knows what became of the request that makes its invoice."""
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.hear()
    for queue in ("kashflow.invoice", "kashflow.customer"):
        road.work_on(queue)
    road.fault("kashflow", fault, match={"method": "POST", "resource": "invoices"})
    road.work_on("kashflow.invoice")
    return deal


def test_a_deal_that_becomes_another_firms_is_put_to_a_person(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, invoice = invoiced

    road.change(deal, AccountId=road.account("Robinfield Pottery"))
    road.catch_up()

    (review,) = reviews(road)
    assert "to another customer or in another currency" in review.question
    assert f"a credit note over 1200.00 with the reference SF-{deal}" in review.question
    _credit(road, deal, invoice, 1, "1200.00")
    answer(road, review, "settled")
    road.rest()
    (again,) = reviews(road)
    assert "a further invoice over 1200.00" in again.question


def test_a_deal_whose_account_was_merged_into_another_has_its_invoice(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, deal, _ = invoiced
    winner = road.account("Larkfield Ceramics Group")
    road.catch_up()

    road.merge(winner, str(road.record(deal)["AccountId"]))
    road.catch_up()

    assert road.last(deal).reason_code == "already_invoiced"
    assert [one for one in reviews(road) if one.kind == "credit"] == []
