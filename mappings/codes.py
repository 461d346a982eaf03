"""The KashFlow code of a new customer, made from its name and its Salesforce account; not its uniqueness."""

from __future__ import annotations

import base64
import hashlib
import unicodedata

from canonical.names import normalised

_LETTERS = 6
_MARKS = 4


def customer_code(name: str, account_id: str, attempt: int = 0) -> str:
    """A code of at most 10 characters A-Z and 0-9: up to 6 of the name, 4 of a digest.

    At first the digest is of the name alone, so that accounts of one name want the same code and only one of them
    gets it: KashFlow itself sees to it that they meet. Should a code be taken by another customer, `attempt` 1, 2,
    ... gives the next candidates, which only this account has. The same name and account always give the same
    codes, so that a repeated create finds what the first one made.
    """
    plain = unicodedata.normalize("NFKD", name).upper()
    letters = "".join(letter for letter in plain if letter.isascii() and letter.isalnum())[:_LETTERS]
    told_by = f"{account_id}/{attempt}" if attempt else normalised(name)
    digest = hashlib.sha256(told_by.encode()).digest()
    return letters + base64.b32encode(digest).decode("ascii")[:_MARKS]
