"""One spelling, exact numbers, both list shapes."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from connectors.errors import AnswerLost, Unreadable
from connectors.kashflow.reading import read_json, read_page, read_row

READ = httpx.Request("GET", "https://kashflow.test/v2/invoices")


def body(content: bytes) -> object:
    return read_json(httpx.Response(200, content=content, request=READ))


def test_numbers_are_exact_and_whole_numbers_stay_whole() -> None:
    assert body(b"[0.1, 7]") == [Decimal("0.1"), 7]
    assert str(body(b"117.5000")) == "117.5000"


def test_a_byte_order_mark_is_no_trouble_and_nothing_is_none() -> None:
    assert body(b'\xef\xbb\xbf{"Id": 1}') == {"Id": 1}
    assert body(b"  ") is None


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"{",
        b'{"Rate": NaN}',
        b'{"Rate": -Infinity}',
        b'{"Rate": 1e99999999999999999999}',
        b'{"Rate": 1e999999999}',
        b"[" * 100_000,
        b"1" * 5_000,
        b'"\xff"',
    ],
)
def test_what_is_not_json_is_an_answer_lost(content: bytes) -> None:
    with pytest.raises(AnswerLost, match="GET /v2/invoices is of no use: it is not JSON"):
        body(content)


def test_every_known_spelling_becomes_ours_and_unknown_fields_stay() -> None:
    row = read_row(
        {
            "VatNumber": "GB1",
            "customercode": "A",
            "WholesalePrice": 5,
            "Currency": {"code": "GBP", "DisplayOnRight": False},
            "lineitems": [{"vatlevel": 20, "ProjectId": 3}],
            "ApplyWHT": True,
            "Key": "guid",
            "brandNew": {"codeName": 1},
        },
        of="a customer",
    )
    assert row == {
        "VATNumber": "GB1",
        "CustomerCode": "A",
        "WholeSalePrice": 5,
        "Currency": {"Code": "GBP", "DisplaySymbolOnRight": False},
        "LineItems": [{"VATLevel": 20, "ProjectNumber": 3}],
        "ApplyWithholdingTax": True,
        "CustomerKey": "guid",
        "brandNew": {"codeName": 1},
    }


def test_where_both_spellings_come_neither_is_lost() -> None:
    row = read_row({"VatNumber": "old", "VATNumber": "new"}, of="a customer")
    assert row == {"VATNumber": "new", "VatNumber": "old"}


def test_codes_lose_their_padding_and_other_text_does_not() -> None:
    row = read_row(
        {"Code": "BRIGHT01  ", "Name": " Bright ", "Addresses": [{"PostCode": " LS1 "}]}, of="a customer"
    )
    assert row == {"Code": "BRIGHT01", "Name": " Bright ", "Addresses": [{"PostCode": "LS1"}]}


@pytest.mark.parametrize(
    ("told", "total"), [(3, 3), ("3", 3), (None, None), (-1, None), ("many", None), (True, None)]
)
def test_the_total_is_a_count_or_unknown(told: object, total: int | None) -> None:
    assert read_page({"MetaData": {"TotalRecords": told}, "Data": []}, of="invoices").total == total


@pytest.mark.parametrize(
    "empty", [{"MetaData": {"TotalRecords": 0}, "Data": None}, {"metadata": None, "data": []}, []]
)
def test_an_empty_list_has_several_shapes(empty: object) -> None:
    assert read_page(empty, of="invoices").rows == []


@pytest.mark.parametrize(
    "odd", [{}, {"Data": {"Id": 1}}, [1, 2], [[]], "text", 5, None, {"MetaData": 5, "Data": []}]
)
def test_what_is_no_list_is_unreadable(odd: object) -> None:
    with pytest.raises(Unreadable, match="of invoices was expected"):
        read_page(odd, of="invoices")


@pytest.mark.parametrize("odd", [[], None, "text", 5])
def test_what_is_no_record_is_unreadable(odd: object) -> None:
    with pytest.raises(Unreadable, match="where one record of invoices/7 was expected"):
        read_row(odd, of="invoices/7")
