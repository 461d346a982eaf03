"""Salesforce record ids in their one form that survives case-insensitive tools: 18 characters."""

from __future__ import annotations

import re
from string import ascii_letters, digits

#: Characters of an id in that form.
LONG = 18
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", re.ASCII)
_SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


#: Every upper-case letter as a binary one, all else as a nought.
_CASE = str.maketrans({char: str(int(char.isupper())) for char in ascii_letters + digits})


def to_18(record_id: str) -> str:
    """The 18-character form of a 15- or 18-character id (reference salesforce.md section 6, pitfalls).

    Raises ValueError when it is no id, or when the last three characters do not fit the first fifteen.
    """
    if not _SHAPE.fullmatch(record_id):
        raise ValueError(f"{record_id!r} is no Salesforce id: 15 or 18 letters and digits are expected")
    short = record_id[:15]
    full = short + "".join(_suffix_letter(short[start : start + 5]) for start in (0, 5, 10))
    if len(record_id) == LONG and record_id != full:
        raise ValueError(f"{record_id!r} is no Salesforce id: its last three characters do not fit the rest")
    return full


def _suffix_letter(group: str) -> str:
    """One letter tells which of five characters are upper-case."""
    return _SUFFIX_LETTERS[int(group.translate(_CASE)[::-1], 2)]
