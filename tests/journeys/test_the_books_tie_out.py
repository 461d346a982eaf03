"""At the end of a month both sides are compared: what differs is listed and nothing else, and a repair leaves none of it."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from console.operations import requeue
from console.operations.carrying import Hands, Pace
from console.operations.requeue import Exactly, One
from console.tieout.compare import NoSuchEntity, TieOut
from console.tieout.period import Period
from ledger.endings import LinkFound, State
from mappings.book import Book
from mappings.pairing import WhenGone
from tests.support.corruption import copy, overwrite, plant, remove, unlink
from tests.support.month_end import MonthEnd, month_end, tied_out
from tests.support.pairs import governed, reviews
from tests.support.road import Road


def test_books_in_step_tie_out(on_the_road: Road) -> None:
    month = month_end(on_the_road)

    found = month.tie_out()

    assert [(one.entity, one.record, [point.why for point in one.points]) for one in found.differences] == []
    known = {point.known.rstrip("0123456789 ") for one in found.known for point in one.points}
    assert known == {"from before Kashforce began", "in review"}
    assert (found.unread, found.notes) == ([], [])
    assert all(total.kashflow == total.salesforce for total in found.totals)


def test_fifty_silent_corruptions_are_listed_and_only_those_and_a_repair_leaves_none(
    on_either_ledger: Road,
) -> None:
    month = month_end(on_either_ledger, customers=5, deals=16)
    planted = plant(month, 50, random.Random(50))
    paid = _paid(month)

    found = month.tie_out()

    listed = {(one.entity, one.record): [point.why for point in one.points] for one in found.differences}
    assert set(planted) - set(listed) == set(), {
        where: planted[where] for where in set(planted) - set(listed)
    }
    assert set(listed) - set(planted) == set(), {where: listed[where] for where in set(listed) - set(planted)}
    assert len(listed) == 50

    month.repair(found)

    after = month.tie_out()
    stamps = [invoice["CustomerReference"] for invoice in month.road.invoices()]
    assert len(stamps) == len(set(stamps)), "an invoice was made twice"
    assert _paid(month) == paid, "a payment was entered twice"
    assert [(one.entity, one.record, [point.why for point in one.points]) for one in after.differences] == []


def _paid(month: MonthEnd) -> Decimal:
    """All that KashFlow has booked as paid."""
    rows = month.road.sandbox.run(month.road.sandbox.kashflow.state)["invoices"]
    return sum((row["TotalPaidAmount"] for row in rows), Decimal(0))


def _why(found: TieOut) -> list[tuple[str, str, str]]:
    return [(one.entity, one.record, point.why) for one in found.differences for point in one.points]


def _known(found: TieOut) -> set[tuple[str, str, str]]:
    return {(one.entity, one.record, point.known) for one in found.known for point in one.points}


@pytest.fixture
def small(on_the_road: Road) -> MonthEnd:
    """A month with three deals of two customers."""
    return month_end(on_the_road, customers=2, deals=3)


def test_a_deal_that_says_another_amount_than_its_invoice_is_put_to_a_person_and_known_from_then_on(
    small: MonthEnd,
) -> None:
    road, deal = small.road, small.deals[0]
    (invoice,) = road.invoices(deal)
    line = road.in_salesforce("OpportunityLineItem", OpportunityId=deal)[0]
    overwrite(road, line["Id"], UnitPrice=Decimal("18.00"), TotalPrice=Decimal("18.00"))

    found = small.tie_out("invoice")
    (difference,) = found.differences
    assert (difference.record, difference.name) == (str(invoice["Number"]), "Refit 0")
    assert [(one.field, one.salesforce, one.kashflow) for one in difference.points[0].fields] == [
        ("net", "106.50", "206.50")
    ]
    assert "KashFlow has billed 206.50 net, the deal says 106.50 now" in difference.points[0].why

    small.repair(found)

    after = small.tie_out("invoice")
    assert (after.differences, road.last(deal).reason_code) == ([], "differs_from_invoice")
    (review,) = [one for one in reviews(road) if one.kind == "credit"]
    assert ("invoice", str(invoice["Number"]), f"in review {review.id}") in _known(after)
    assert road.invoices(deal) == [invoice]


def test_a_won_deal_that_nobody_heard_of_is_missing_until_it_is_repaired(small: MonthEnd) -> None:
    road = small.road
    deal = road.deal(small.accounts[0], "500.00", Name="Unheard")
    road.catch_up()
    overwrite(road, deal, StageName="Closed Won", IsWon=True, IsClosed=True)

    found = small.tie_out("invoice")
    assert _why(found) == [
        ("invoice", deal, "missing in KashFlow: the Opportunity meets the condition and has no invoice")
    ]

    small.repair(found)
    assert len(road.invoices(deal)) == 1
    assert _why(small.tie_out("invoice")) == []


def test_a_link_and_a_number_that_are_lost_make_no_second_invoice(small: MonthEnd) -> None:
    road, deal = small.road, small.deals[1]
    (invoice,) = road.invoices(deal)
    unlink(road, "invoice", str(invoice["Id"]), deal, KashFlow_Invoice_Number__c=None)
    unlink(
        road,
        "customer",
        road.ledger.links_by_kashflow_key("customer", [invoice["CustomerCode"]])[
            invoice["CustomerCode"]
        ].kashflow_id,
    )

    found = small.tie_out()
    assert (
        "invoice",
        str(invoice["Number"]),
        f"no link: KashFlow invoice {invoice['Number']} has our stamp",
    ) in _why(found)

    small.repair(found)
    assert road.invoices(deal) == [invoice]
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])
    assert _why(small.tie_out()) == []


def test_a_link_that_names_another_deal_is_forgotten_and_found_again(small: MonthEnd) -> None:
    road = small.road
    first, second = (road.invoices(deal)[0] for deal in small.deals[:2])
    unlink(road, "invoice", str(first["Id"]))
    unlink(road, "invoice", str(second["Id"]))
    road.link([LinkFound("invoice", "Opportunity", small.deals[0], str(second["Id"]), str(second["Number"]))])

    found = small.tie_out("invoice")
    assert {one.record for one in found.differences} == {str(first["Number"]), str(second["Number"])}

    small.repair(found)
    links = road.ledger.links_by_salesforce_id("invoice", "Opportunity", small.deals[:2])
    assert [links[deal].kashflow_id for deal in small.deals[:2]] == [str(first["Id"]), str(second["Id"])]
    assert _why(small.tie_out("invoice")) == []


def test_a_further_invoice_that_settles_a_difference_is_no_difference(small: MonthEnd) -> None:
    road, deal = small.road, small.deals[0]
    (invoice,) = road.invoices(deal)
    line = road.in_salesforce("OpportunityLineItem", OpportunityId=deal)[0]
    overwrite(road, line["Id"], TotalPrice=line["TotalPrice"] + 60, UnitPrice=line["UnitPrice"] + 60)
    further = {"Description": "Delivery", "Quantity": 1, "Rate": "60.00", "VATLevel": 20}
    body = {
        "CustomerCode": invoice["CustomerCode"],
        "CustomerReference": f"SF-{deal}",
        "LineItems": [further],
    }
    road.keep(lambda books: books.invoices.create(body))
    road.settle_down()

    assert _why(small.tie_out("invoice")) == []


def test_an_invoice_that_somebody_deleted_in_kashflow_is_told_and_its_mirror_goes(small: MonthEnd) -> None:
    road = small.road
    (invoice,) = road.invoices(small.deals[0])
    road.void(invoice["Number"])

    found = small.tie_out("invoice")
    assert {(record, why.partition(":")[0]) for _, record, why in _why(found)} == {
        (str(invoice["Id"]), "too much in Salesforce"),
        (
            str(invoice["Number"]),
            f"it was invoice {invoice['Number']}, which KashFlow does not have any more; an issued invoice is not made again",
        ),
    }

    small.repair(found)
    assert road.in_salesforce("Invoice__c", KashFlow_Id__c=str(invoice["Id"])) == []
    assert road.in_salesforce("Invoice_Line__c", KashFlow_Id__c=f"{invoice['Id']}-1") == []
    assert {record for _, record, _ in _why(small.tie_out("invoice"))} == {str(invoice["Number"])}


def test_a_dead_letter_is_known_and_no_difference(small: MonthEnd) -> None:
    road = small.road
    product = road.product("Odd lot", "100.00", VAT_Rate__c="17.5")
    deal = road.deal(small.accounts[0], None, Name="Odd lot")
    road.line(deal, product, 1, "100.00")
    road.win(deal)
    road.catch_up()

    found = small.tie_out("invoice")

    assert road.last(deal).state is State.DEAD
    assert _why(found) == []
    assert ("invoice", deal, f"dead letter {road.last(deal).id}") in _known(found)


def test_another_period_is_about_other_records(small: MonthEnd) -> None:
    road = small.road
    (mirror,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=str(road.invoices(small.deals[0])[0]["Id"]))
    overwrite(road, mirror["Id"], Gross__c=Decimal("1.00"))

    assert len(small.tie_out("invoice", Period.parse("2026-03")).differences) == 1
    assert small.tie_out("invoice", Period.parse("2026-02")).differences == []
    with pytest.raises(NoSuchEntity, match="there are invoice"):
        small.tie_out("unicorn")


def test_totals_tell_by_how_much_a_month_is_out(small: MonthEnd) -> None:
    road = small.road
    (invoice,) = road.invoices(small.deals[0])
    (mirror,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=str(invoice["Id"]))
    overwrite(road, mirror["Id"], Due__c=mirror["Due__c"] - 7)
    remove(road, "Bank_Transaction__c", road.in_salesforce("Bank_Transaction__c")[-1]["Id"])

    totals = {
        (one.entity, one.shown_in, one.month, one.currency): one.difference for one in small.tie_out().totals
    }

    assert totals["invoice", "Invoice__c", "2026-03", "GBP"].due == Decimal("-7.00")
    assert totals["invoice", "Opportunity", "2026-03", "GBP"].due == 0
    movement = totals["bank_transaction", "Bank_Transaction__c", "2026-03", "GBP"]
    assert (movement.count, movement.gross < 0) == (-1, True)
    assert "EUR" in {currency for _, _, _, currency in totals}


def test_what_is_from_before_kashforce_is_not_billed_by_a_repair(on_the_road: Road) -> None:
    road = on_the_road
    deal = road.deal(road.account("Old Friends Ltd"), Name="Billed by hand")
    road.win(deal)
    road.wait(3600)
    later = road.deal(road.account("New Friends Ltd"))
    road.hear_from_now_on()
    road.change(later, Name="The first that is heard")
    road.catch_up()

    found = tied_out(road, "invoice")

    assert ("invoice", deal, "from before Kashforce began") in _known(found)
    assert deal not in {record for _, record, _ in _why(found)}


def test_a_mirrored_record_that_lost_its_id_gets_it_back_and_no_twin(small: MonthEnd) -> None:
    road = small.road
    (mirror,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=str(road.invoices(small.deals[0])[0]["Id"]))
    overwrite(road, mirror["Id"], KashFlow_Id__c=None)
    before = len(road.in_salesforce("Invoice__c"))

    found = small.tie_out("invoice")
    small.repair(found)

    assert [record for _, record, _ in _why(found)] == [mirror["Name"]]
    assert len(road.in_salesforce("Invoice__c")) == before
    assert road.record(mirror["Id"])["KashFlow_Id__c"] == mirror["KashFlow_Id__c"]
    assert _why(small.tie_out("invoice")) == []


def test_a_deal_that_is_deleted_is_known_by_its_question_and_no_difference_once_it_is_credited(
    small: MonthEnd,
) -> None:
    road, deal = small.road, small.deals[0]
    (invoice,) = road.invoices(deal)
    road.delete(deal)
    road.catch_up()
    (review,) = [one for one in reviews(road) if one.kind == "credit"]

    found = small.tie_out("invoice")

    assert _why(found) == []
    assert ("invoice", str(invoice["Number"]), f"in review {review.id}") in _known(found)
    lines = [{**line, "Quantity": -line["Quantity"]} for line in invoice["LineItems"]]
    body = {
        "CustomerCode": invoice["CustomerCode"],
        "CustomerReference": f"SF-{deal}",
        "LineItems": lines,
    }
    road.keep(lambda books: books.invoices.create(body))
    road.settle_down()
    after = small.tie_out("invoice")
    assert _why(after) == []
    assert str(invoice["Number"]) not in {record for _, record, _ in _known(after)}


def test_what_a_flow_keeps_of_a_record_that_is_gone_is_known(small: MonthEnd) -> None:
    road = small.road
    flows = tuple(replace(flow, deletes=False) for flow in road.book.flows)
    road.book = Book(road.book.mappings, flows)
    road.desk = replace(road.desk, book=road.book)
    (mirror, *_) = road.in_salesforce("Supplier__c")
    copy(road, "Supplier__c", mirror, "990001")

    found = small.tie_out("supplier")

    assert _why(found) == []
    assert ("supplier", "990001", "stays, by its flow's when_gone") in _known(found)


def test_a_deleted_account_is_a_difference_until_a_repair_parts_it_from_its_customer(small: MonthEnd) -> None:
    road, account = small.road, small.accounts[0]
    link = road.ledger.links_by_salesforce_id("customer", "Account", [account])[account]
    row = road.record(account)
    overwrite(road, account, IsDeleted=True)

    found = small.tie_out("customer")

    assert [record for _, record, _ in _why(found)] == [link.kashflow_key], row["Name"]
    small.repair(found)
    assert road.customer(link.kashflow_key)["IsArchived"]
    after = small.tie_out("customer")
    assert _why(after) == []
    assert all(total.kashflow == total.salesforce for total in after.totals)


def test_a_customer_that_is_gone_from_kashflow_in_silence_is_parted_from_its_account(small: MonthEnd) -> None:
    road = small.road
    spare = road.account("Spare Parts Ltd", Type="Customer")
    road.settle_down()
    link = road.ledger.links_by_salesforce_id("customer", "Account", [spare])[spare]
    road.keep(lambda books: books.customers.delete(link.kashflow_key))

    found = small.tie_out("customer")

    assert [one.salesforce_id for one in found.differences] == [spare]
    small.repair(found)
    after = small.tie_out("customer")
    assert _why(after) == []
    assert road.record(spare)["Name"] == "Spare Parts Ltd"


def test_where_the_policy_is_to_ignore_a_deletion_it_is_known(small: MonthEnd) -> None:
    road, account = small.road, small.accounts[0]
    governed(road, "account_to_customer", when_gone=WhenGone.IGNORE)
    link = road.ledger.links_by_salesforce_id("customer", "Account", [account])[account]
    overwrite(road, account, IsDeleted=True)

    found = small.tie_out("customer")

    assert _why(found) == []
    assert ("customer", link.kashflow_key, "stays, by its flow's when_gone") in _known(found)


def test_customers_whose_links_are_swapped_are_told_apart_and_not_merged(small: MonthEnd) -> None:
    road = small.road
    first, second = (
        road.ledger.links_by_salesforce_id("customer", "Account", [one])[one] for one in small.accounts
    )
    for link in (first, second):
        unlink(road, "customer", link.kashflow_id)
    road.link(
        [
            LinkFound("customer", "Account", salesforce_id, link.kashflow_id, link.kashflow_key, link.golden)
            for salesforce_id, link in ((second.salesforce_id, first), (first.salesforce_id, second))
        ]
    )
    names = [road.record(account)["Name"] for account in small.accounts]

    found = small.tie_out("customer")
    small.repair(found)

    assert {(record, why.partition(":")[0]) for _, record, why in _why(found)} == {
        (first.kashflow_key, "wrong link"),
        (second.kashflow_key, "wrong link"),
    }
    links = road.ledger.links_by_salesforce_id("customer", "Account", small.accounts)
    assert [links[one].kashflow_id for one in small.accounts] == [first.kashflow_id, second.kashflow_id]
    assert [road.record(account)["Name"] for account in small.accounts] == names
    assert [road.customer(link.kashflow_key)["Name"] for link in (first, second)] == names
    assert _why(small.tie_out("customer")) == []


def test_a_customer_that_is_linked_with_another_firm_finds_its_own_and_is_not_merged(small: MonthEnd) -> None:
    road = small.road
    true, wrong = (
        road.ledger.links_by_salesforce_id("customer", "Account", [one])[one] for one in small.accounts
    )
    unlink(road, "customer", true.kashflow_id)
    unlink(road, "customer", wrong.kashflow_id)
    road.link(
        [
            LinkFound(
                "customer", "Account", true.salesforce_id, wrong.kashflow_id, wrong.kashflow_key, wrong.golden
            )
        ]
    )
    before = {row["Code"]: row["Name"] for row in road.keep(lambda books: books.customers.register.rows())}

    small.repair(small.tie_out("customer"))

    after = {row["Code"]: row["Name"] for row in road.keep(lambda books: books.customers.register.rows())}
    links = road.ledger.links_by_salesforce_id("customer", "Account", small.accounts)
    assert after == before
    assert [links[one].kashflow_id for one in small.accounts] == [true.kashflow_id, wrong.kashflow_id]
    assert _why(small.tie_out("customer")) == []


def test_what_names_a_link_waits_for_it_also_where_a_repair_goes_slowly(on_the_road: Road) -> None:
    road = on_the_road
    account = road.account("Minster Books", Type="Customer")
    deal = road.deal(account)
    ones = (
        One("account_to_customer", account, goes_first=True),
        One("opportunity_to_invoice", deal),
        One("opportunity_to_invoice", road.deal(account)),
    )

    hands = Hands(road.ledger, road.now, lambda _: False)
    requeue.start(hands, road.book, Exactly(ones), who="kim", reason="x", pace=Pace(per_minute=60))

    first = road.last(account, "kashflow.customer")
    assert {road.last(one.record_id).waits_for for one in ones[1:]} == {first.id}
