"""What tells dead letters of one cause from those of another, whatever record they are about."""

from __future__ import annotations

import hashlib
import re

from ledger.endings import Reason

#: What differs from record to record: quoted words, and words with a digit, a path or an @ in them.
_VARIABLE = re.compile(r"""'[^']*'|"[^"]*"|\S*[\d@/]\S*""")
#: Such words may come in any number, as in a list of rates.
_RUN = re.compile(r"#(?:[\s,;.]*#)+")
_BLANK = re.compile(r"\s+")


def fingerprint(queue: str, reason: Reason) -> str:
    """16 letters: equal for one queue, step, class, code and wording, apart from what names the record.

    Names of people and firms that stand unquoted in a foreign sentence cannot be told from its other words; such
    dead letters have one code and many fingerprints.
    """
    wording = _RUN.sub("#", _BLANK.sub(" ", _VARIABLE.sub("#", reason.text))).casefold()
    parts = (queue, reason.stage, reason.error_class, _VARIABLE.sub("#", reason.code), wording)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
