"""An invoice line always bills exactly what the deal says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.invoice import InvoiceLine
from canonical.money import pence, plain, times
from canonical.raising import Sale, SoldLine, invoice_for, line_for, totals
from tests.support.canonical import amounts, invoice_lines, quantities, vat_rates


def _line(**sold: object) -> InvoiceLine:
    return line_for(SoldLine.model_validate(sold))


prices = st.decimals("-99999", "99999", places=4)


@given(quantities, prices, prices, vat_rates)
def test_the_net_is_always_the_total_of_the_source(
    quantity: Decimal, unit_price: Decimal, total: Decimal, vat_rate: Decimal
) -> None:
    line = _line(quantity=quantity, unit_price=unit_price, total=total, vat_rate=vat_rate)

    assert line.net == pence(total) == times(line.quantity, line.rate)
    assert line.rate == pence(line.rate)


@given(quantities.filter(bool), amounts)
def test_a_price_in_whole_pence_is_kept_as_it_is(quantity: Decimal, unit_price: Decimal) -> None:
    total = times(quantity, unit_price)

    line = _line(
        quantity=quantity, unit_price=unit_price, total=total, vat_rate=Decimal(20), description="Bolts"
    )

    assert (line.quantity, line.rate, line.description) == (quantity, unit_price, "Bolts")


@pytest.mark.parametrize(
    ("quantity", "unit_price", "total", "billed"),
    [
        ("2", "50", "100", ("2", "50.00", "Bolts")),
        ("3", "100", "270", ("3", "90.00", "Bolts")),
        ("4", "0.125", "0.50", ("1", "0.50", "Bolts (4 \N{MULTIPLICATION SIGN} 0.125)")),
        ("3", "33.333", "100.00", ("1", "100.00", "Bolts (3 \N{MULTIPLICATION SIGN} 33.333)")),
        ("3", "33.33", "95", ("1", "95.00", "Bolts (3 \N{MULTIPLICATION SIGN} 33.33 less discount)")),
        ("0", "50", "0", ("1", "0.00", "Bolts (0 \N{MULTIPLICATION SIGN} 50)")),
    ],
)
def test_how_a_deal_is_billed(
    quantity: str, unit_price: str, total: str, billed: tuple[str, str, str]
) -> None:
    line = _line(
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        total=Decimal(total),
        vat_rate=Decimal(20),
        description="Bolts",
    )

    assert (str(line.quantity), str(line.rate), line.description) == billed


@given(st.lists(invoice_lines()))
def test_the_header_is_the_sum_of_the_lines(lines: list[InvoiceLine]) -> None:
    header = totals(lines)

    assert header["net"] == sum(line.net for line in lines)
    assert header["gross"] == header["net"] + header["vat"]


def test_a_sale_becomes_an_invoice_that_adds_up() -> None:
    line = {"quantity": 3, "unit_price": "33.333", "total": 100, "vat_rate": 20}
    sale = {
        "reference": "SF-006",
        "customer": {"account_id": "001"},
        "issued_on": "2026-03-02",
        "lines": [line, line],
    }

    invoice = invoice_for(Sale.model_validate(sale))

    assert [str(figure) for figure in (invoice.net, invoice.vat, invoice.gross)] == [
        "200.00",
        "40.00",
        "240.00",
    ]


def test_a_sale_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="lines"):
        Sale.model_validate(
            {"reference": "SF-006", "customer": {"code": "A"}, "issued_on": "2026-03-02", "lines": []}
        )


@given(prices)
def test_a_number_is_written_as_a_person_writes_it(number: Decimal) -> None:
    text = plain(number)

    assert Decimal(text) == number
    assert "E" not in text
    assert not ("." in text and text.endswith("0"))
