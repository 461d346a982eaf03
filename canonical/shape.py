"""The rules every noun shares: frozen, no unknown field, no float where money or a quantity is meant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


class Noun(BaseModel):
    """A value of our own language: it cannot change, and it refuses a field it does not know.

    Raises `pydantic.ValidationError`, which names each field it blames and does not repeat what was in it.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True
    )


def no_float(value: object) -> object:
    """Refuse binary fractions: 0.1 + 0.2 is not 0.3, and the difference ends up in somebody's VAT return."""
    if isinstance(value, (float, bool)):
        raise ValueError("must be a Decimal, a whole number or their text, never a float or a boolean")
    return value


#: Text that says something: at least one character after stripping.
Text = Annotated[str, StringConstraints(min_length=1)]


def _as_text(value: object) -> object:
    """A number or a date as everybody would write it; all else as it is."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return format(Decimal(value).normalize(), "f")
    return value


#: What a field holds that only one installation has: text or a flag. Of what type it is over there, the mapping files say.
CustomValue = Annotated[bool | str, BeforeValidator(_as_text)]
