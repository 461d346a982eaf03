"""What a record is worth: read where it says so, and nothing made up where it does not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.worth import MOST_HUNDREDTHS, Worth
from tests.support.desk import shipped_book

DEAL = Worth("Amount", "CurrencyIsoCode")


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"Amount": Decimal("1200.5"), "CurrencyIsoCode": "EUR"}, (120_050, "EUR")),
        ({"Amount": "12", "CurrencyIsoCode": None}, (1_200, "")),
        ({"Amount": Decimal("-0.005")}, (-1, "")),
        ({"Amount": None}, None),
        ({}, None),
        ({"Amount": "a lot"}, None),
        ({"Amount": 1.5}, None),
        ({"Amount": Decimal(MOST_HUNDREDTHS) / 100}, (MOST_HUNDREDTHS, "")),
        ({"Amount": Decimal("1e17")}, None),
        ({"Amount": Decimal("1e900")}, None),
    ],
)
def test_an_amount_is_read_in_hundredths_with_its_currency_or_not_at_all(
    record: dict[str, Any], told: tuple[int, str] | None
) -> None:
    assert DEAL.of(record) == told


def test_deals_and_invoices_say_what_they_are_worth() -> None:
    worth = {flow.name: flow.worth for flow in shipped_book().flows}

    assert worth["opportunity_to_invoice"] == DEAL
    assert worth["invoice_to_opportunity"] == Worth("GrossAmount", "")
    assert worth["opportunity_to_customer"] is None, "its deal counts already"
