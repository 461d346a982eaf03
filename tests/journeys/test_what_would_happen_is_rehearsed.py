"""What the spine would do is rehearsed record by record with its own steps, and nothing is written by that."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import func, select

from ledger.tables import AttemptRow, DeliveryRow, IntentRow, LinkRow
from tests.support.road import Road
from workers.rehearsal import Rehearsed, Would, rehearse
from workers.rehearsed import FieldChange


def _one(road: Road, flow: str, record_id: str) -> Rehearsed:
    (found,) = rehearse(road.desk, road.book.flow(flow), [record_id])
    return found


def _invoiced(road: Road) -> tuple[str, str]:
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    road.look()
    road.rest()
    road.wait(3600)
    return deal, str(road.invoices(deal)[0]["Id"])


def _rows(road: Road) -> list[int]:
    with road.ledger.reading() as connection:
        counts = (
            select(func.count()).select_from(row) for row in (AttemptRow, DeliveryRow, IntentRow, LinkRow)
        )
        return [connection.scalar(one) or 0 for one in counts]


def test_what_is_in_step_would_stay_unchanged(on_the_road: Road) -> None:
    road = on_the_road
    deal, invoice = _invoiced(road)

    assert _one(road, "opportunity_to_invoice", deal).would is Would.UNCHANGED
    assert _one(road, "invoice_to_opportunity", invoice).would is Would.UNCHANGED
    assert _one(road, "invoice_to_object", invoice).would is Would.UNCHANGED


def test_what_differs_is_told_field_by_field_with_both_values(on_the_road: Road) -> None:
    road = on_the_road
    deal, invoice = _invoiced(road)
    (line,) = road.in_salesforce("Invoice_Line__c")
    road.change(deal, KashFlow_Invoice_Status__c="Paid")
    road.change(line["Id"], Name="Something else")

    shown = _one(road, "invoice_to_opportunity", invoice)
    mirrored = _one(road, "invoice_to_object", invoice)

    assert (shown.would, mirrored.would) == (Would.CHANGE, Would.CHANGE)
    assert [asdict(one) for one in shown.fields] == [
        asdict(FieldChange("KashFlow_Invoice_Status__c", "Paid", "Unpaid", "salesforce"))
    ]
    assert [(one.below, one.field, one.before, one.after) for one in mirrored.fields] == [
        (f"Invoice_Line__c {invoice}-1", "Name", "Something else", "Office refit")
    ]


def test_what_is_not_there_would_be_made_once_what_it_needs_is_there(on_the_road: Road) -> None:
    road = on_the_road
    deal, invoice = _invoiced(road)
    account = str(road.record(deal)["AccountId"])
    second, stranger = road.deal(account), road.deal(road.account("Nobody Yet Ltd"))
    road.win(second, stranger)
    (mirrored,) = road.in_salesforce("Invoice__c")
    road.delete(mirrored["Id"])

    assert _one(road, "opportunity_to_invoice", second).would is Would.CREATE
    assert _one(road, "opportunity_to_invoice", stranger).would is Would.NEED
    assert _one(road, "invoice_to_object", invoice).would is Would.CREATE


def test_each_record_of_a_batch_comes_to_its_own_outcome(on_the_road: Road) -> None:
    road = on_the_road
    account = str(road.record(_invoiced(road)[0])["AccountId"])
    deals = [road.deal(account, Name=f"Deal {number}") for number in range(3)]
    road.win(*deals)

    looked_for = {deal: {"look": "yes"} for deal in deals}
    found = list(rehearse(road.desk, road.book.flow("opportunity_to_invoice"), deals, looked_for))

    assert sorted(one.record_id for one in found) == sorted(deals)
    assert {one.would for one in found} == {Would.CREATE}


def test_what_is_gone_is_told_as_gone(on_the_road: Road) -> None:
    road = on_the_road
    deal, invoice = _invoiced(road)
    account = str(road.record(deal)["AccountId"])
    road.void(road.invoices(deal)[0]["Number"])
    road.delete(account)

    assert _one(road, "invoice_to_object", invoice).would is Would.GONE
    assert _one(road, "opportunity_to_invoice", deal).would is not Would.CREATE
    assert _one(road, "account_to_customer", account).would is Would.GONE


def test_nothing_is_written_by_a_rehearsal(on_the_road: Road) -> None:
    road = on_the_road
    deal, invoice = _invoiced(road)
    road.change(deal, KashFlow_Invoice_Status__c="Paid")
    road.edit_customer(road.invoices(deal)[0]["CustomerCode"], Name="Larkfield Kilns Ltd")
    before, written = _rows(road), road.written()

    for flow in road.book.flows:
        ids = {"Opportunity": deal, "Invoice": invoice}
        if flow.source_entity in ids:
            _one(road, flow.name, ids[flow.source_entity])
        if flow.source_entity == "Customer":
            customers = road.sandbox.run(road.sandbox.kashflow.state)["customers"]
            assert any(
                one.would is Would.CHANGE
                for one in rehearse(road.desk, flow, [str(row["Id"]) for row in customers])
            )

    assert (before, written) == (_rows(road), road.written())
