"""From what a client sends for a field to what a row keeps, and back to JSON or CSV text. One field at a time.

Kept in rows: str, bool, int, Decimal, date, datetime (UTC, whole seconds as Salesforce keeps them) and None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.fields import Entity, Field
from sandbox.salesforce.ids import full_id

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;.]+(\.[^@\s,;.]+)*\.[A-Za-z]{2,}")
#: More digits before or behind the point than any number of a record has.
_MOST_DIGITS = 100
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


def stored(entity: Entity, field: Field, raw: Any) -> Any:
    """`raw` (from JSON or CSV) as the row keeps it; ApiError with the platform's code when it does not fit."""
    if isinstance(raw, str):
        raw = raw.strip()
    if raw is None or raw == "":
        return False if field.type == "boolean" else None
    if field.is_text:
        return _text(entity, field, raw)
    return _READERS[field.type](field, raw)


def printed(value: Any) -> Any:
    """As REST JSON shows it: datetimes with milliseconds and +0000; Decimals stay for the JSON writer."""
    if isinstance(value, datetime):
        return f"{_seconds(value)}.000+0000"
    if isinstance(value, date):
        return value.isoformat()
    return value


def csv_text(value: Any) -> str:
    """As Bulk API 2.0 results show it (reference salesforce.md section 6, Datetimes)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{_seconds(value)}.000Z"
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def decimal_text(value: Decimal) -> str:
    """A JSON number with at least one decimal and no trailing noughts: 10.1, 250.0.

    One beyond what any field holds keeps its exponent: written out it could have a milliard digits.
    """
    if value and abs(value.adjusted()) > _MOST_DIGITS:
        return str(value)
    text = f"{value:f}"
    if "." not in text:
        return f"{text}.0"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def read_datetime(text: str) -> datetime:
    """A datetime with a zone, in UTC and whole seconds; ValueError otherwise."""
    moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", text))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError(f"{text!r} is beyond the calendar in UTC") from None


def _seconds(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _text(entity: Entity, field: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise _cannot_read("string", raw)
    if field.type == "email" and not _EMAIL.fullmatch(raw):
        raise bad_field("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {raw}", field.name)
    if len(raw) > field.length:
        message = f"{field.label}: data value too large: {raw} (max length={field.length})"
        raise bad_field("STRING_TOO_LONG", message, field.name)
    if field.type == "picklist":
        return _picked(field, raw)
    return raw


def _picked(field: Field, raw: str) -> str:
    known = next((value for value in field.values if value.lower() == raw.lower()), None)
    if known is None and field.restricted:
        message = f"{field.label}: bad value for restricted picklist field: {raw}"
        raise bad_field("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
    return known or raw


def _boolean(field: Field, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("true", "false", "1", "0"):
        return raw.lower() in ("true", "1")
    raise _cannot_read("boolean", raw)


def _number(field: Field, raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float, Decimal)):
        raise _cannot_read(field.type, raw)
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        raise _cannot_read(field.type, raw) from None
    limit = Decimal(10) ** (field.precision - field.scale)
    if not value.is_finite() or abs(value) >= limit:
        message = f"{field.label}: value outside of valid range on numeric field: {raw}"
        raise bad_field("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)
    return value.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)


def _whole(field: Field, raw: Any) -> int:
    value = _number(field, raw)
    return int(value)


def _date(field: Field, raw: Any) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    try:
        return date.fromisoformat(raw[:10]) if len(raw) == 10 else read_datetime(raw).date()
    except (TypeError, ValueError):
        raise _cannot_read("date", raw) from None


def _datetime(field: Field, raw: Any) -> datetime:
    if isinstance(raw, datetime):
        return raw.astimezone(UTC).replace(microsecond=0)
    try:
        return read_datetime(raw) if len(raw) > 10 else read_datetime(f"{raw}T00:00:00Z")
    except (TypeError, ValueError):
        raise _cannot_read("datetime", raw) from None


def _id(field: Field, raw: Any) -> str:
    known = full_id(raw) if isinstance(raw, str) else None
    if known is None:
        raise bad_field("MALFORMED_ID", f"{field.label}: id value of incorrect type: {raw}", field.name)
    return known


def _cannot_read(kind: str, raw: Any) -> ApiError:
    shown = _token(raw)
    return ApiError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {kind} from {shown}")


def _token(raw: Any) -> str:
    if isinstance(raw, bool):
        return f"VALUE_{str(raw).upper()} value {str(raw).lower()}"
    if isinstance(raw, int):
        return f"VALUE_NUMBER_INT value {raw}"
    if isinstance(raw, (float, Decimal)):
        return f"VALUE_NUMBER_FLOAT value {raw}"
    if isinstance(raw, str):
        return f"VALUE_STRING value {raw}"
    return "START_OBJECT value {" if isinstance(raw, dict) else "START_ARRAY value ["


_READERS: dict[str, Callable[[Field, Any], Any]] = {
    "boolean": _boolean,
    "int": _whole,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
    "reference": _id,
    "id": _id,
}
