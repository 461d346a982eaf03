"""What a delivery wants to see in Salesforce, against what is there: written, adopted, moved or removed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mappings.recordmapping import RecordMapping
from tests.support.desk import shipped_book
from workers.targets.recordset import Changes, Present, RecordSet, changes, wanted

INVOICE, LINE = "Invoice__c", "Invoice_Line__c"
FIELDS = {
    INVOICE: frozenset({"KashFlow_Id__c", "Name"}),
    LINE: frozenset({"KashFlow_Id__c", "Name", "Invoice__c"}),
}


def _mapping() -> RecordMapping:
    return shipped_book().mapping("salesforce/invoice")


def _has(entity: str) -> frozenset[str]:
    return FIELDS.get(entity, frozenset())


def _changes(*lines: str, there: list[tuple[str, dict[str, Any]]], adopts: bool = False) -> Changes:
    payload = {
        "KashFlow_Id__c": "12",
        "Name": "1042",
        "Status__c": "Paid",
        "Invoice_Lines__r": [{"Name": name} for name in lines],
        "Payments__r": [],
    }
    wants = replace(wanted(_mapping(), payload, _has), adopts=adopts)
    return changes(_mapping(), wants, Present("KashFlow_Id__c", there))


def _line(key: str | None, name: str, record_id: str, parent: str = "a00") -> tuple[str, dict[str, Any]]:
    return LINE, {"Id": record_id, "KashFlow_Id__c": key, "Name": name, "Invoice__c": parent}


MAIN = (INVOICE, {"Id": "a00", "KashFlow_Id__c": "12", "Name": "1042"})


def test_where_all_is_there_nothing_is_written_and_fields_that_the_org_lacks_are_no_difference() -> None:
    assert not _changes("Desk", there=[MAIN, _line("12-1", "Desk", "a01")])


def test_a_new_record_is_written_whole_with_its_rows_in_their_places() -> None:
    found = _changes("Desk", "Chair", there=[])

    assert found.main is not None
    assert (found.main.id, found.main.fields) == ("", {"KashFlow_Id__c": "12", "Name": "1042"})
    assert [(write.one.key, write.one.parent_field) for write in found.below] == [
        ("12-1", "Invoice__c"),
        ("12-2", "Invoice__c"),
    ]


def test_a_row_too_many_is_removed_and_a_row_of_another_record_is_not() -> None:
    found = _changes(
        "Desk",
        there=[
            MAIN,
            _line("12-1", "Desk", "a01"),
            _line("12-2", "Chair", "a02"),
            _line("123-2", "Lamp", "a03"),
        ],
    )

    assert found.surplus == ((LINE, "a02"),)
    assert not found.below


def test_a_row_that_a_person_entered_takes_its_key_by_its_place() -> None:
    found = _changes("Desk", "Chair", there=[MAIN, _line(None, "Desk", "a01"), _line(None, "Chair", "a02")])

    assert [(write.id, write.fields) for write in found.below] == [
        ("a01", {"KashFlow_Id__c": "12-1"}),
        ("a02", {"KashFlow_Id__c": "12-2"}),
    ]


def test_a_row_under_another_parent_is_moved() -> None:
    found = _changes("Desk", there=[MAIN, _line("12-1", "Desk", "a01", parent="a99")])

    ((write,), surplus) = (found.below, found.surplus)
    assert (write.id, write.fields, write.one.parent_field) == ("a01", {}, "Invoice__c")
    assert surplus == ()


def test_what_differs_is_told_with_what_is_there_so_far() -> None:
    found = _changes("Desk", there=[MAIN, _line("12-1", "Chair", "a01")])

    assert [(write.before, write.fields) for write in found.below] == [({"Name": "Chair"}, {"Name": "Desk"})]


def test_a_record_that_goes_takes_its_rows_with_it_and_no_others() -> None:
    goes = RecordSet("12", (), frozenset({LINE}), unwanted=INVOICE)
    there = [MAIN, _line("12-1", "Desk", "a01"), _line("123-1", "Chair", "a02", "a09")]

    found = changes(_mapping(), goes, Present("KashFlow_Id__c", there))

    assert (found.main, found.below) == (None, ())
    assert found.surplus == ((LINE, "a01"), (INVOICE, "a00"))


def test_a_record_that_is_gone_already_needs_no_removal() -> None:
    goes = RecordSet("12", (), frozenset({LINE}), unwanted=INVOICE)

    assert not changes(_mapping(), goes, Present("KashFlow_Id__c", []))


def test_a_row_that_may_have_lost_its_key_is_taken_for_what_it_says_and_not_by_its_place() -> None:
    there = [MAIN, _line(None, "Chair", "a01"), _line(None, "Desk", "a02")]

    found = _changes("Desk", "Lamp", there=there, adopts=True)

    assert [(write.id, write.one.key) for write in found.below] == [("a02", "12-1"), ("", "12-2")]
