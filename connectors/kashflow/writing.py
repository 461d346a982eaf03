"""What we send as JSON: Decimals to the last digit, never a float. Knows no records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal


def to_json(value: object, *, at: str = "body") -> str:
    """`value` (mappings, sequences, str, int, bool, Decimal, None) as JSON text.

    The json module knows no Decimal, and by way of a float `0.1` could leave as something else.
    Raises TypeError naming the place for a float or any other kind, ValueError for a Decimal that is no number.
    """
    if isinstance(value, Mapping):
        members = (f"{json.dumps(str(key))}:{to_json(item, at=f'{at}.{key}')}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return "[" + ",".join(to_json(item, at=f"{at}[{i}]") for i, item in enumerate(value)) + "]"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{at} is {value}, which is no amount")
        return format(value, "f")
    if value is None or isinstance(value, str | int):
        return json.dumps(value)
    raise TypeError(f"{at} is a {type(value).__name__}: amounts are Decimal, dates go through write_date")
