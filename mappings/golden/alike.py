"""When two values of one field are the same although they are spelled differently. Changes no value."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import phonenumbers

from mappings.golden.record import Value, Values

#: Where phone numbers without a country code are from when no address says otherwise.
HOME = "GB"


def alike(field: str, one: Value, other: Value, region: str = HOME) -> bool:
    """Do both say the same in `field`? Nothing, None and blank text are one."""
    return normal(field, one, region) == normal(field, other, region)


def normal(field: str, value: Value, region: str = HOME) -> Value:
    """The form of `value` that all of its spellings share; None for blank."""
    if not isinstance(value, str):
        return value
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if not text:
        return None
    kind = _KINDS.get(field.rpartition(".")[2])
    return kind(text, region) if kind else text


def mark_of(field: str, value: Value, region: str = HOME) -> str:
    """A few letters that tell values of `field` apart and give none away."""
    said = f"{type(value).__name__} {normal(field, value, region)}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def region_of(*sides: Values) -> str:
    """The country that phone numbers are from: the first that an address names."""
    named = (side.get(field) for field in ("address.country", "delivery_address.country") for side in sides)
    return next((str(country) for country in named if country), HOME)


def _folded(text: str, _region: str) -> str:
    return text.casefold()


def _letters(text: str, _region: str) -> str:
    """Without spaces, points and dashes: `yo1 7ht` is `YO17HT`. A text of nothing else stays as it is."""
    return "".join(char for char in text.upper() if char.isalnum()) or text


def _vat_number(text: str, region: str) -> str:
    """`GB 123 4567 89` and `123456789` are one number."""
    letters = _letters(text, region)
    return letters.removeprefix(HOME) or letters


@lru_cache(maxsize=4096)
def _number(text: str, region: str) -> str:
    """As it is dialled from abroad; a text that is no number, letter by letter."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text.casefold()
    said = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{said};{number.extension}" if number.extension else said


_KINDS: dict[str, Callable[[str, str], str]] = {
    "code": _folded,
    "country": _letters,
    "currency": _letters,
    "email": _folded,
    "mobile": _number,
    "phone": _number,
    "postcode": _letters,
    "vat_number": _vat_number,
}
