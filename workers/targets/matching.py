"""Which KashFlow customers may be the one we mean, and how to have them shown: by exact name, never by guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from canonical.customer import Customer
from canonical.names import normalised

_PLAIN_WORD = re.compile(r"[A-Za-z0-9]+")
#: `GB 123 4567 89` and `123456789` are one number.
_COUNTRY = re.compile(r"^[a-z]{2}")


def searches(name: str) -> list[dict[str, str]]:
    """Filters of KashFlow's customer list that together show whoever has this name.

    KashFlow compares letter by letter, so neither text may reach across a point, a space or an accent: the longest
    plain word, and the first letter with and without its accent, which also shows `3M` to who looks for `3 M`.
    Only a name of one word that begins with an accent or ß over there, and without one here, stays hidden.
    """
    words = _PLAIN_WORD.findall(name)
    first = next((char for char in name if char.isalnum()), "")
    initials = {first, unicodedata.normalize("NFKD", first.casefold())[:1]} - {""}
    return [
        {"searchtext": max(words, key=len, default=name.strip())},
        *({"namestartswith": initial} for initial in sorted(initials)),
    ]


def same_name(name: str, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows with this name; none for a name without letters and digits."""
    ours = normalised(name)
    return [row for row in rows if ours and normalised(str(row.get("Name") or "")) == ours]


def agrees(customer: Customer, row: Mapping[str, Any]) -> bool:
    """Something beside the name says that they are one: VAT number, postcode or an e-mail address."""
    if _our_vat_number(customer) and _vat_number(row):
        return _our_vat_number(customer) == _vat_number(row)
    return bool(_our_postcode(customer) & _postcodes(row) or _our_emails(customer) & _emails(row))


def differs(customer: Customer, row: Mapping[str, Any]) -> bool:
    """Something says that they are two firms: other VAT numbers or, where one has none, other postcodes.

    E-mail addresses do not: two people of one firm have two.
    """
    if _our_vat_number(customer) and _vat_number(row):
        return _our_vat_number(customer) != _vat_number(row)
    ours, theirs = _our_postcode(customer), _postcodes(row)
    return bool(ours and theirs and not ours & theirs)


def _our_vat_number(customer: Customer) -> str:
    return _COUNTRY.sub("", normalised(customer.vat_number))


def _our_postcode(customer: Customer) -> set[str]:
    return {normalised(customer.address.postcode)} - {""} if customer.address else set()


def _our_emails(customer: Customer) -> set[str]:
    return {contact.email.casefold() for contact in customer.contacts if contact.email}


def _vat_number(row: Mapping[str, Any]) -> str:
    return _COUNTRY.sub("", normalised(str(row.get("VATNumber") or row.get("VatNumber") or "")))


def _postcodes(row: Mapping[str, Any]) -> set[str]:
    return {normalised(str(address.get("PostCode") or "")) for address in row.get("Addresses") or []} - {""}


def _emails(row: Mapping[str, Any]) -> set[str]:
    return {str(contact.get("Email") or "").casefold() for contact in row.get("Contacts") or []} - {""}
