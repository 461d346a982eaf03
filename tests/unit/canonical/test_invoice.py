"""An invoice whose figures do not add up is refused, and the message names the figure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.invoice import CustomerKey, Invoice, InvoiceLine
from tests.support.canonical import invoice_lines, invoices

some_pence = st.decimals("0.01", "5.00", places=2)


@given(invoices())
def test_an_invoice_survives_the_journey_through_json(invoice: Invoice) -> None:
    assert Invoice.model_validate_json(invoice.model_dump_json()) == invoice


@given(invoices(), st.sampled_from(["net", "vat", "gross"]), some_pence)
def test_one_penny_more_in_a_header_figure_is_refused_by_name(
    invoice: Invoice, figure: str, more: Decimal
) -> None:
    said = invoice.model_dump()

    with pytest.raises(ValidationError, match=rf"{figure} "):
        Invoice.model_validate(said | {figure: said[figure] + more})


@given(invoices(), some_pence)
def test_header_figures_that_only_agree_with_each_other_are_refused(invoice: Invoice, more: Decimal) -> None:
    said = invoice.model_dump()

    with pytest.raises(ValidationError, match="not the sum of its lines"):
        Invoice.model_validate(said | {"net": invoice.net + more, "gross": invoice.gross + more})


@given(invoice_lines(), some_pence)
def test_a_line_that_is_not_quantity_times_rate_is_refused(line: InvoiceLine, more: Decimal) -> None:
    with pytest.raises(ValidationError, match="is not quantity"):
        InvoiceLine.model_validate(line.model_dump() | {"net": line.net + more})


@given(invoices())
def test_a_header_alone_may_stand_without_its_lines(invoice: Invoice) -> None:
    assert Invoice.model_validate(invoice.model_dump() | {"lines": ()}).gross == invoice.gross


@given(invoices())
def test_an_invoice_is_not_due_before_it_is_issued(invoice: Invoice) -> None:
    with pytest.raises(ValidationError, match="due_on"):
        Invoice.model_validate(invoice.model_dump() | {"due_on": invoice.issued_on - timedelta(days=1)})


def test_an_exempt_line_carries_no_vat() -> None:
    line = {"quantity": 1, "rate": 1, "net": 1, "vat_rate": 20, "vat": "0.20", "vat_exempt": True}

    with pytest.raises(ValidationError, match="exempt"):
        InvoiceLine.model_validate(line)


def test_an_invoice_for_nobody_is_refused() -> None:
    with pytest.raises(ValidationError, match="account_id or code"):
        CustomerKey(name="Bright Ltd")


@pytest.mark.parametrize("field", ["net", "paid", "due"])
def test_a_float_is_refused_by_name(field: str) -> None:
    said = {"customer": {"code": "A"}, "issued_on": date(2026, 1, 1), "net": 1, "vat": 0, "gross": 1}

    with pytest.raises(ValidationError, match=rf"{field}\n.*float"):
        Invoice.model_validate(said | {field: 1.0})
