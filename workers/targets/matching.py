"""Which KashFlow customers are the one we mean, and how to have them shown: exact after normalising, never a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from canonical.customer import Customer

_PLAIN_WORD = re.compile(r"[A-Za-z0-9]+")


def searches(name: str) -> list[dict[str, str]]:
    """Filters of KashFlow's customer list that together show whoever `matches` would accept.

    KashFlow compares letter by letter, so neither text may reach across a point, a space or an accent: the longest
    plain word, and the first letter with and without its accent, which also shows `3M` to who looks for `3 M`.
    Only a name of one word that begins with an accent over there, and without one here, stays hidden.
    """
    words = _PLAIN_WORD.findall(name)
    first = next((char for char in name if char.isalnum()), "")
    initials = {first, unicodedata.normalize("NFKD", first)[:1]} - {""}
    return [
        {"searchtext": max(words, key=len, default=name.strip())},
        *({"namestartswith": initial} for initial in sorted(initials)),
    ]


def matches(customer: Customer, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows with the customer's name; where several have it, those that agree on postcode or e-mail as well."""
    name = normalised(customer.name)
    same_name = [row for row in rows if name and normalised(str(row.get("Name") or "")) == name]
    if len(same_name) < 2:
        return same_name
    closer = [
        row
        for row in same_name
        if _postcodes(row) & _our_postcode(customer) or _emails(row) & _our_emails(customer)
    ]
    return closer if len(closer) == 1 else same_name


def normalised(text: str) -> str:
    """Lower case, without accents, punctuation and spaces: `Müller & Sons, Ltd.` is `mullersonsltd`. Letters of every
    script stay, or all names in another one would be the same."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if char.isalnum())


def _our_postcode(customer: Customer) -> set[str]:
    return {normalised(customer.address.postcode)} - {""} if customer.address else set()


def _our_emails(customer: Customer) -> set[str]:
    return {contact.email.casefold() for contact in customer.contacts if contact.email}


def _postcodes(row: Mapping[str, Any]) -> set[str]:
    return {normalised(str(address.get("PostCode") or "")) for address in row.get("Addresses") or []} - {""}


def _emails(row: Mapping[str, Any]) -> set[str]:
    return {str(contact.get("Email") or "").casefold() for contact in row.get("Contacts") or []} - {""}
