"""Record ids: making them, checking them, bringing 15 characters to 18. Knows no rows."""

from __future__ import annotations

import random
import string
from collections import defaultdict

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIX = string.ascii_uppercase + "012345"


def suffix_of(short: str) -> str:
    """The three check characters of a 15-character id (reference salesforce.md section 6, Pitfalls)."""
    return "".join(
        _SUFFIX[sum(1 << place for place, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z")]
        for start in (0, 5, 10)
    )


def looks_like_id(text: str) -> bool:
    return len(text) in (15, 18) and text.isascii() and text.isalnum()


def full_id(text: str) -> str | None:
    """The 18-character form, or None when `text` cannot be an id. The suffix of a long id repairs its case."""
    if not looks_like_id(text):
        return None
    if len(text) == 15:
        return text + suffix_of(text)
    repaired = _with_case_of_suffix(text[:15], text[15:].upper())
    return repaired if repaired is not None and suffix_of(repaired[:15]) == repaired[15:] else None


def _with_case_of_suffix(short: str, suffix: str) -> str | None:
    chars = []
    for group, check in enumerate(suffix):
        bits = _SUFFIX.find(check)
        if bits < 0:
            return None
        for place in range(5):
            char = short[group * 5 + place]
            chars.append(char.upper() if bits >> place & 1 else char.lower())
    return "".join(chars) + suffix


class IdMaker:
    """Hands out increasing ids per key prefix; the org's part of the id comes from `rng`."""

    def __init__(self, rng: random.Random) -> None:
        self._pod = "".join(rng.choice(_BASE62) for _ in range(2)) + "0000"
        self._next: defaultdict[str, int] = defaultdict(lambda: rng.randrange(1000, 60000))

    def new(self, prefix: str) -> str:
        self._next[prefix] += 1
        number, digits = self._next[prefix], ""
        while number:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        short = f"{prefix}{self._pod}{digits:0>6}"
        return short + suffix_of(short)
