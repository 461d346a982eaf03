"""An invoice, its lines and its payments show as records of Salesforce; once issued it stays, and a difference is told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from canonical.change import Change, Kind
from ledger.deliveries import deliveries_of
from ledger.endings import State
from tests.support.firm import Row
from tests.support.road import Road


@pytest.fixture
def invoiced(on_the_road: Road) -> tuple[Road, str, Row]:
    """A deal of two lines that was won and invoiced; the poll has seen its invoice, and Salesforce shows it."""
    road = on_the_road
    account = road.account("Larkfield Ceramics Ltd")
    kiln, clay = road.product("Kiln", "900.00", VAT_Rate__c=20), road.product("Clay", "10.00", VAT_Rate__c=20)
    deal = road.deal(account, None)
    road.line(deal, kiln, 1, "900.00")
    road.line(deal, clay, 30, "10.00")
    road.win(deal)
    road.catch_up()
    _see(road)
    (invoice,) = road.invoices(deal)
    return road, deal, invoice


def _see(road: Road) -> None:
    road.look()
    road.rest()


def _shown(road: Road, invoice: Row) -> Row:
    (record,) = road.in_salesforce("Invoice__c", KashFlow_Id__c=str(invoice["Id"]))
    return record


def _lines(road: Road, invoice: Row) -> list[tuple[str, Decimal]]:
    rows = road.in_salesforce("Invoice_Line__c", Invoice__c=_shown(road, invoice)["Id"])
    return [(row["Name"], row["Net__c"]) for row in rows]


@pytest.mark.both_ledgers
def test_an_invoice_shows_with_its_lines_under_its_deal_and_account(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, invoice = invoiced

    record = _shown(road, invoice)

    assert (record["Name"], record["Type__c"], record["Status__c"]) == (
        str(invoice["Number"]),
        "Invoice",
        "Unpaid",
    )
    assert (record["Opportunity__c"], record["Account__c"]) == (deal, road.record(deal)["AccountId"])
    assert (record["Net__c"], record["VAT__c"], record["Gross__c"]) == (1200, 240, 1440)
    assert _lines(road, invoice) == [("Kiln", Decimal("900.00")), ("Clay", Decimal("300.00"))]


@pytest.mark.both_ledgers
def test_payments_show_one_by_one_and_go_when_they_are_taken_back(invoiced: tuple[Road, str, Row]) -> None:
    road, deal, invoice = invoiced

    road.pay(invoice["Number"], "440.00")
    _see(road)
    assert _shown(road, invoice)["Status__c"] == "Part Paid"
    (payment,) = road.in_salesforce("Payment__c")
    assert (payment["Amount__c"], payment["Method__c"]) == (Decimal("440.00"), "Bank Transfer")
    assert (payment["Invoice__c"], payment["Opportunity__c"]) == (_shown(road, invoice)["Id"], deal)

    road.pay(invoice["Number"], "1000.00")
    _see(road)
    assert (_shown(road, invoice)["Status__c"], _shown(road, invoice)["Due__c"]) == ("Paid", 0)
    assert _shown(road, invoice)["Paid_Date__c"] == road.now().date()
    assert len(road.in_salesforce("Payment__c")) == 2

    road.take_payments_back(invoice["Number"])
    _see(road)
    assert road.in_salesforce("Payment__c") == []


def test_a_line_that_is_taken_away_goes_and_one_that_is_reworded_stays_the_same_record(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, _, invoice = invoiced
    first = road.in_salesforce("Invoice_Line__c")[0]["Id"]

    kept = {**invoice["LineItems"][0], "Description": "Kiln, delivered"}
    road.keep(lambda books: books.invoices.edit(invoice["Number"], LineItems=[kept]))
    _see(road)

    assert _lines(road, invoice) == [("Kiln, delivered", Decimal("900.00"))]
    assert road.in_salesforce("Invoice_Line__c")[0]["Id"] == first


def test_a_credit_note_is_told_apart(invoiced: tuple[Road, str, Row]) -> None:
    road, _, invoice = invoiced

    credit = {"Description": "Clay, returned", "Quantity": -5, "Rate": "10.00", "VATLevel": 20}
    body = {"CustomerCode": invoice["CustomerCode"], "LineItems": [credit]}
    note = road.keep(lambda books: books.invoices.create(body))
    _see(road)

    record = _shown(road, note)
    assert (record["Type__c"], record["Gross__c"], record["Opportunity__c"]) == ("Credit Note", -60, None)


def test_seen_again_unchanged_nothing_is_written(invoiced: tuple[Road, str, Row]) -> None:
    road, _, invoice = invoiced
    stamp = _shown(road, invoice)["SystemModstamp"]

    road.wait(60)
    road.requeue("Invoice", str(invoice["Id"]), "invoice_to_object")
    road.rest()

    assert road.last(str(invoice["Id"]), "salesforce.invoice").state is State.UNCHANGED
    assert _shown(road, invoice)["SystemModstamp"] == stamp


def test_a_record_that_somebody_deleted_comes_back_with_the_next_change(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, _, invoice = invoiced
    road.delete(_shown(road, invoice)["Id"])

    road.pay(invoice["Number"], "440.00")
    _see(road)

    assert _shown(road, invoice)["Status__c"] == "Part Paid"
    assert len(_lines(road, invoice)) == 2


def test_an_org_with_payments_and_no_invoices_gets_the_payments(on_the_road: Road) -> None:
    road = on_the_road
    for name in ("Invoice__c", "Invoice_Line__c"):
        road.sandbox.run(lambda name=name: road.sandbox.salesforce.schema.remove(name))  # type: ignore[misc]
    deal = road.deal(road.account("Larkfield Ceramics Ltd"))
    road.win(deal)
    road.catch_up()
    _see(road)

    road.pay(road.invoices(deal)[0]["Number"], "440.00")
    _see(road)

    (payment,) = road.in_salesforce("Payment__c")
    assert (payment["Amount__c"], payment["Opportunity__c"]) == (Decimal("440.00"), deal)


@pytest.mark.both_ledgers
def test_an_invoice_that_is_deleted_in_kashflow_goes_with_all_that_showed_it_and_the_deal_stays(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, deal, invoice = invoiced
    road.pay(invoice["Number"], "440.00")
    _see(road)
    another = road.deal(road.record(deal)["AccountId"])
    road.win(another)
    road.catch_up()
    _see(road)
    road.take_payments_back(invoice["Number"])
    road.keep(lambda books: books.invoices.delete(invoice["Number"]))

    _see(road)
    assert len(road.in_salesforce("Invoice__c")) == 2
    road.wait(2 * 3600 + 1)
    _see(road)

    (left,) = road.in_salesforce("Invoice__c")
    assert left["Opportunity__c"] == another
    assert {row["Invoice__c"] for row in road.in_salesforce("Invoice_Line__c")} == {left["Id"]}
    assert road.in_salesforce("Payment__c") == []
    assert road.last(str(invoice["Id"]), "salesforce.invoice").state is State.DELIVERED
    assert road.record(deal)["KashFlow_Invoice_Number__c"] == str(invoice["Number"])


def test_an_invoice_that_is_deleted_before_anything_showed_it_is_nothing_to_do(
    invoiced: tuple[Road, str, Row],
) -> None:
    road, _, invoice = invoiced
    road.delete(_shown(road, invoice)["Id"])
    road.keep(lambda books: books.invoices.delete(invoice["Number"]))
    _see(road)

    road.wait(2 * 3600 + 1)
    _see(road)

    assert road.last(str(invoice["Id"]), "salesforce.invoice").reason_code == "gone"


def test_a_supplier_that_was_renamed_before_a_worker_came_is_not_taken_for_deleted(on_the_road: Road) -> None:
    road = on_the_road
    supplier = _known_supplier(road)
    shown = road.in_salesforce("Supplier__c", KashFlow_Id__c=str(supplier["Id"]))
    road.wait(3600)
    _told(road, supplier, kind="unknown")
    road.keep(lambda books: books.suppliers.edit(supplier["Code"], Code="NEW-CODE"))
    road.wait(3600)

    road.rest()

    (after,) = road.in_salesforce("Supplier__c", KashFlow_Id__c=str(supplier["Id"]))
    assert after["Id"] == shown[0]["Id"]


def test_a_list_with_gaps_is_no_reason_to_delete_what_shows_a_record(on_the_road: Road) -> None:
    road = on_the_road
    suppliers = road.keep(lambda books: books.suppliers.register.rows())
    for supplier in suppliers:
        _told(road, supplier, kind="unknown")
    road.rest()
    before = [row["Id"] for row in road.in_salesforce("Supplier__c")]
    road.fault("kashflow", "row_missing_from_page", times=100, match={"resource": "suppliers"})

    for _ in range(6):
        road.wait(60)
        for supplier in suppliers:
            _told(road, supplier, kind="deleted", hint={})
        road.work_on("salesforce.supplier")

    assert [row["Id"] for row in road.in_salesforce("Supplier__c")] == before


def _known_supplier(road: Road) -> Row:
    """A supplier that Salesforce shows."""
    (supplier, *_) = road.keep(lambda books: books.suppliers.register.rows())
    _told(road, supplier, kind="unknown")
    road.rest()
    return supplier


def _told(road: Road, supplier: Row, *, kind: Kind, hint: dict[str, str] | None = None) -> None:
    change = Change(
        source="kashflow",
        entity="Supplier",
        record_id=str(supplier["Id"]),
        version=f"{kind} {road.now().isoformat()}",
        kind=kind,
        occurred_at=road.now(),
        hint={"key": supplier["Code"]} if hint is None else hint,
    )
    flow = road.book.flow("supplier_to_object")
    road.ledger.register(deliveries_of([change], lambda _: [flow]), now=road.now())
