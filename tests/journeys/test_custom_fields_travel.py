"""Fields that only one installation has travel both ways, whatever their type, by the lines of YAML that are proposed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.operations.custom_fields import custom_fields, write_lines
from ledger.endings import State
from mappings.book import load
from mappings.golden.owners import Owner
from sandbox.salesforce.fields import Field
from tests.support.pairs import Pair, in_step, owned
from tests.support.road import Road

#: By type: the field in Salesforce, and the name of its box in KashFlow.
FIELDS: Mapping[str, tuple[str, str]] = {
    "string": ("Region__c", "Region"),
    "textarea": ("Directions__c", "Directions"),
    "picklist": ("Tier__c", "Tier"),
    "multipicklist": ("Markets__c", "Markets"),
    "email": ("Accounts_Email__c", "Accounts email"),
    "phone": ("Hotline__c", "Hotline"),
    "url": ("Shop__c", "Shop"),
    "datetime": ("Reviewed_At__c", "Reviewed at"),
    "double": ("Score__c", "Score"),
    "currency": ("Limit__c", "Limit"),
    "percent": ("Rebate__c", "Rebate"),
    "date": ("Renewal__c", "Renewal"),
    "boolean": ("VIP__c", "VIP"),
}
#: A value of each in Salesforce, how KashFlow's people see it, then another as they type it, and what Salesforce holds then.
VALUES: Mapping[str, tuple[Any, Any, Any, Any]] = {
    "string": ("North", "North", "South", "South"),
    "textarea": ("Past the mill", "Past the mill", "Over the bridge", "Over the bridge"),
    "picklist": ("Gold", "Gold", "Silver", "Silver"),
    "multipicklist": ("DE;FR", "DE;FR", "FR", "FR"),
    "email": ("pay@books.example", "pay@books.example", "ap@books.example", "ap@books.example"),
    "phone": ("01904 555 000", "01904 555 000", "01904 555 999", "01904 555 999"),
    "url": ("https://books.example", "https://books.example", "https://b.example", "https://b.example"),
    "datetime": (
        "2026-03-01T10:30:00.000+0000",
        "2026-03-01T10:30:00.000+0000",
        "2026-03-02T08:00:00.000+0000",
        datetime(2026, 3, 2, 8, tzinfo=UTC),
    ),
    "double": (Decimal("7.5"), "7.5", "8.25", Decimal("8.25")),
    "currency": (Decimal("1500.00"), "1500", "2,000.50", Decimal("2000.50")),
    "percent": (Decimal("2.5"), "2.5", "3", Decimal(3)),
    "date": ("2026-04-01", "01/04/2026", "1/5/2026", date(2026, 5, 1)),
    "boolean": (True, True, False, False),
}


@pytest.fixture
def pair(on_the_road: Road, tmp_path: Path) -> Pair:
    """A customer in step where custom fields are mapped."""
    return _in_step(on_the_road, tmp_path)


def _in_step(road: Road, tmp_path: Path) -> Pair:
    """A customer in step, in an org with a custom field of every type and mapping files that name them."""
    for kind, (field, box) in FIELDS.items():
        _add_field(road, field, box, kind)
    described = road.salesforce.describe("Account")
    write_lines(tmp_path / "own", custom_fields(road.book, "Account", described))
    road.book = load(tmp_path / "own")
    road.desk = replace(road.desk, book=road.book)
    return in_step(road)


def _add_field(road: Road, name: str, label: str, kind: str) -> None:
    def add() -> None:
        schema = road.sandbox.salesforce.schema
        options = {"values": ("Gold", "Silver", "DE", "FR")} if "picklist" in kind else {}
        sizes = {"precision": 16, "scale": 2} if kind in ("double", "currency", "percent") else {}
        made = Field(name, label, kind, length=255, custom=True, **options, **sizes)  # type: ignore[arg-type]
        schema.add_field(schema.entity("Account"), made, road.now())

    road.sandbox.run(add)


def _boxes(pair: Pair) -> dict[str, Any]:
    rows = [*pair.customer["CustomTextBoxes"], *pair.customer["CustomCheckBoxes"]]
    return {str(row["Name"]): row["Value"] for row in rows}


def _type_in(pair: Pair, kind: str, value: Any) -> None:
    """A bookkeeper fills a custom box."""
    group, name = "CustomCheckBoxes" if kind == "boolean" else "CustomTextBoxes", FIELDS[kind][1]
    others = [row for row in pair.customer[group] if row["Name"] != name]
    pair.edit_customer(**{group: [*others, {"Name": name, "Value": value}]})


def _walk(road: Road) -> None:
    """No list of KashFlow shows a custom box: the walk through the details, once a day, finds what was typed."""
    road.wait(24 * 3600)
    road.poller().turn()
    road.settle_down()


def test_a_field_of_every_type_is_seen_in_kashflow_and_comes_back_as_it_was_typed_there(
    on_either_ledger: Road, tmp_path: Path
) -> None:
    road, pair = on_either_ledger, _in_step(on_either_ledger, tmp_path)
    pair.edit_account(**{FIELDS[kind][0]: value for kind, (value, *_) in VALUES.items()})
    road.settle_down()
    assert {kind: _boxes(pair)[FIELDS[kind][1]] for kind in VALUES} == {
        kind: told[1] for kind, told in VALUES.items()
    }

    for kind, (_, _, typed, _) in VALUES.items():
        _type_in(pair, kind, typed)
    _walk(road)

    account = pair.account
    assert {kind: account[FIELDS[kind][0]] for kind in VALUES} == {
        kind: told[3] for kind, told in VALUES.items()
    }


def test_clearing_a_field_clears_its_box_and_back(pair: Pair) -> None:
    road = pair.road
    pair.edit_account(Region__c="North", Score__c=7, Renewal__c="2026-04-01")
    road.settle_down()

    pair.edit_account(Region__c=None, Renewal__c=None)
    _type_in(pair, "double", "")
    road.settle_down()

    assert (_boxes(pair)["Region"], _boxes(pair)["Renewal"]) == ("", "")
    assert pair.account["Score__c"] is None


def test_two_custom_fields_that_are_edited_on_two_sides_are_merged(pair: Pair) -> None:
    pair.edit_account(Region__c="North")
    _type_in(pair, "picklist", "Gold")
    pair.road.settle_down()

    assert (_boxes(pair)["Region"], pair.account["Tier__c"]) == ("North", "Gold")
    assert pair.agreed("custom.region") == "North"


def test_a_custom_field_has_an_owner_like_any_other(pair: Pair) -> None:
    owned(pair.road, Owner.NEWEST, **{"custom.region": Owner.SALESFORCE})
    pair.edit_account(Region__c="North")
    _type_in(pair, "string", "South")
    pair.road.settle_down()

    assert (pair.account["Region__c"], _boxes(pair)["Region"]) == ("North", "North")


def test_what_cannot_be_of_its_type_is_said_with_the_field_and_the_value(pair: Pair) -> None:
    road = pair.road
    _type_in(pair, "double", "plenty")
    _walk(road)

    last = road.last(pair.kashflow_id, "salesforce.account")
    assert last.state is State.DEAD
    assert "Score" in str(last.reason_text)
    assert "should be a number" in str(last.reason_text)


def test_two_custom_fields_of_one_label_have_a_box_each(on_the_road: Road, tmp_path: Path) -> None:
    road = on_the_road
    _add_field(road, "Region__c", "Region", "string")
    _add_field(road, "Region_Sold__c", "Region", "string")
    _add_field(road, "Share__c", "%", "percent")

    write_lines(tmp_path / "own", custom_fields(road.book, "Account", road.salesforce.describe("Account")))

    written = load(tmp_path / "own").mapping("kashflow/customer").writing
    assert written is not None
    assert {"CustomTextBoxes"} <= written.fit.fields.keys()
    text = (tmp_path / "own" / "kashflow" / "customer.yaml").read_text(encoding="utf-8")
    for name in ("Region__c", "Region_Sold__c", "Share__c"):
        assert f"CustomTextBoxes[Name={name}].Value" in text
