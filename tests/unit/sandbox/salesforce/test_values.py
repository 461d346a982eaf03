"""What fields accept and how values are shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.rest.call import parsed
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.values import decimal_text, printed, read_datetime, stored

SCHEMA = Schema.load()


def _stored(path: str, raw: Any) -> Any:
    entity_name, _, field_name = path.partition(".")
    entity = SCHEMA.entity(entity_name)
    return stored(entity, entity.fields[field_name], raw)


@pytest.mark.parametrize(
    ("path", "raw", "kept"),
    [
        ("Account.Name", "  Acme  ", "Acme"),
        ("Account.Phone", "", None),
        ("Opportunity.Amount", Decimal("10.1"), Decimal("10.10")),
        ("Opportunity.Amount", "12.345", Decimal("12.35")),
        ("Opportunity.Amount", 7, Decimal("7.00")),
        ("Opportunity.CloseDate", "2026-01-31", date(2026, 1, 31)),
        ("Opportunity.CloseDate", "2026-01-31T23:30:00Z", date(2026, 1, 31)),
        ("Opportunity.IsPrivate", None, False),
        ("Opportunity.IsPrivate", "true", True),
        ("Opportunity.StageName", "closed won", "Closed Won"),
        ("Account.Type", "Something new", "Something new"),
        ("Account.NumberOfEmployees", 12, 12),
        ("Contact.AccountId", "001T1000001nI4j", "001T1000001nI4jIAE"),
    ],
)
def test_a_fitting_value_is_kept(path: str, raw: Any, kept: Any) -> None:
    assert _stored(path, raw) == kept


@pytest.mark.parametrize(
    ("path", "raw", "code"),
    [
        ("Opportunity.Name", "x" * 121, "STRING_TOO_LONG"),
        ("Contact.Email", "nobody", "INVALID_EMAIL_ADDRESS"),
        ("Opportunity.StageName", "Sold", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Opportunity.Amount", "1e17", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Opportunity.Amount", "NaN", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Opportunity.Amount", "ten", "JSON_PARSER_ERROR"),
        ("Opportunity.Amount", True, "JSON_PARSER_ERROR"),
        ("Opportunity.CloseDate", "31/01/2026", "JSON_PARSER_ERROR"),
        ("Opportunity.IsPrivate", "perhaps", "JSON_PARSER_ERROR"),
        ("Account.Name", 5, "JSON_PARSER_ERROR"),
        ("Account.Name", ["x"], "JSON_PARSER_ERROR"),
        ("Contact.AccountId", "12", "MALFORMED_ID"),
    ],
)
def test_an_unfit_value_is_refused_by_its_code(path: str, raw: Any, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        _stored(path, raw)

    assert refused.value.code == code


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_money_goes_to_json_and_back_without_drifting(amount: Decimal) -> None:
    assert parsed(json_text({"amount": amount}).encode())["amount"] == amount


@pytest.mark.parametrize(
    ("value", "text"), [("10.10", "10.1"), ("250", "250.0"), ("0.00", "0.0"), ("-3.05", "-3.05")]
)
def test_numbers_are_printed_as_the_platform_prints_doubles(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0)))
def test_a_printed_datetime_is_read_back(when: datetime) -> None:
    assert read_datetime(printed(when)) == when
