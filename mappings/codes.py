"""The KashFlow code of a new customer, made from its name and its Salesforce account; not its uniqueness."""

from __future__ import annotations

import base64
import hashlib
import unicodedata

_LETTERS = 6
_MARKS = 4


def customer_code(name: str, account_id: str, attempt: int = 0) -> str:
    """A code of at most 10 characters A-Z and 0-9: up to 6 of the name, 4 that only this account has.

    The same account always gets the same code, so that a repeated create finds what the first one made. Should a
    code be taken by another customer, `attempt` 1, 2, ... gives the next candidates.
    """
    plain = unicodedata.normalize("NFKD", name).upper()
    letters = "".join(letter for letter in plain if letter.isascii() and letter.isalnum())[:_LETTERS]
    digest = hashlib.sha256(f"{account_id}/{attempt}".encode()).digest()
    return letters + base64.b32encode(digest).decode("ascii")[:_MARKS]
