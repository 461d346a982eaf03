"""What a tie-out looks like on a terminal and to a script: totals of both sides, and every record with the reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from console.commands.tieout_page import print_tie_out, told, verdict
from console.operations.plain import as_plain
from console.operations.requeue import One
from console.tieout.compare import TieOut
from console.tieout.findings import Difference, Point, Shown, Unread
from console.tieout.period import Period
from console.tieout.totals import Sums, Total

STATUS = Point(
    "Status__c: the Invoice__c shows Paid, KashFlow shows Unpaid, and 1 more",
    (Shown("Status__c", "Paid", "Unpaid"), Shown("Amount__c", "3.00", "20.00", "Payment__c 880-41")),
    One("invoice_to_object", "880"),
)
INVOICE = Difference("invoice", "1014", "Studio desks", "006A", "880", (STATUS,))
DEAD = Difference("invoice", "1015", points=(replace(STATUS, known="dead letter 33"),))
KASHFLOW = Sums(
    2, Decimal("2200.00"), Decimal("440.00"), Decimal("2640.00"), Decimal("20.00"), Decimal("2620.00")
)
TOTAL = Total(
    "invoice", "Invoice__c", "2026-10", "GBP", KASHFLOW, replace(KASHFLOW, gross=Decimal("2540.00"))
)


def _tie_out(
    *differences: Difference, known: Sequence[Difference] = (), unread: Sequence[Unread] = ()
) -> TieOut:
    return TieOut(Period.parse("2026-10"), [TOTAL], differences, known, unread, [])


def _printed(found: TieOut, capsys: pytest.CaptureFixture[str]) -> str:
    print_tie_out(found)
    return " ".join(capsys.readouterr().out.split())


def test_both_sides_and_their_difference_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _printed(_tie_out(), capsys)

    assert "invoice 2026-10 GBP KashFlow 2 2,200.00 440.00 2,640.00 20.00 2,620.00" in shown
    assert "Invoice__c 2 2,200.00 440.00 2,540.00 20.00 2,620.00" in shown
    assert "difference 0 0.00 0.00 -100.00 0.00 0.00" in shown


def test_where_both_sides_say_the_same_no_difference_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    same = replace(_tie_out(), totals=[replace(TOTAL, salesforce=KASHFLOW)])

    shown = _printed(same, capsys)

    assert "difference" not in shown
    assert shown.endswith("Both sides agree.")


def test_each_record_is_told_with_ids_fields_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _printed(_tie_out(INVOICE), capsys)

    assert "invoice 1014 (Studio desks)" in shown
    assert "the Invoice__c shows Paid, KashFlow shows Unpaid" in shown
    assert "Payment__c 880-41 Amount__c: Salesforce 3.00, KashFlow 20.00" in shown
    assert "Salesforce 006A KashFlow 880" in shown
    assert "kashforce tieout --period 2026-10-01..2026-10-31 --repair" in shown


def test_what_is_known_has_its_own_heading_and_is_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    found = _tie_out(known=[DEAD])

    shown = _printed(found, capsys)

    assert found.is_equal
    assert "Known already: 1" in shown
    assert "[dead letter 33]" in shown
    assert shown.endswith("Both sides agree but for what is known already.")


def test_what_could_not_be_compared_is_no_agreement(capsys: pytest.CaptureFixture[str]) -> None:
    found = _tie_out(unread=[Unread("invoice", "1016", "kashflow: busy")])

    assert not found.is_equal
    assert "invoice 1016 kashflow: busy Not everything could be compared" in _printed(found, capsys)


def test_a_script_gets_exact_amounts_as_text() -> None:
    plain = json.loads(json.dumps(as_plain(told(_tie_out(INVOICE)))))

    assert (plain["first"], plain["last"], plain["equal"]) == ("2026-10-01", "2026-10-31", False)
    assert plain["totals"][0]["difference"]["gross"] == "-100.00"
    assert plain["differences"][0]["points"][0]["fields"][0] == {
        "field": "Status__c", "salesforce": "Paid", "kashflow": "Unpaid", "below": "",
    }  # fmt: skip


def test_each_delivery_that_mends_is_registered_once_and_none_for_what_is_known() -> None:
    twice = replace(INVOICE, record="1017", points=(STATUS, replace(STATUS, known="in review 12")))

    assert _tie_out(INVOICE, twice, known=[DEAD]).mends() == (One("invoice_to_object", "880"),)


def test_the_last_line_proposes_no_repair_that_would_do_nothing_or_more_than_was_asked() -> None:
    nobody = replace(INVOICE, points=(replace(STATUS, mend=None),))

    assert verdict(_tie_out(nobody)) == "1 records differ, and only a person can put them right."
    assert "2026-10-31 --entity invoice --repair" in verdict(_tie_out(INVOICE), "invoice")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_amount_is_broken_however_narrow_the_window_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    monkeypatch.setattr("console.commands.screen.USUAL_WIDTH", width)
    movements = replace(TOTAL, entity="bank_transaction", shown_in="Bank_Transaction__c")
    found = replace(_tie_out(), totals=[TOTAL, movements, replace(movements, month="", currency="")])

    print_tie_out(found)

    words = capsys.readouterr().out.split()
    assert words.count("2,640.00") == 2
    assert words.count("-100.00") == 2
    assert "Bank_Transaction__c" in words
