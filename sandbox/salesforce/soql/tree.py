"""What a SOQL query says, as values; parsing, rendering and running live beside this file.

`position` is where in the text a name stood; it serves messages and does not count in comparisons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_TO_ESCAPE = {value: f"\\{key}" for key, value in _ESCAPES.items() if value != '"'}


@dataclass(frozen=True)
class Path:
    """`Account.Owner.Name` as its parts."""

    parts: tuple[str, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True)
class Call:
    """A function of one field, or of none: `COUNT()`, `SUM(Amount)`, `CALENDAR_YEAR(CloseDate)`. Name in capitals."""

    name: str
    argument: Path | None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class AllFields:
    """`FIELDS(ALL)`, `FIELDS(STANDARD)` or `FIELDS(CUSTOM)`; `which` in capitals."""

    which: str


@dataclass(frozen=True)
class Text:
    """A string as written between its quotes. `\\_` and `\\%` mean something to LIKE only."""

    raw: str

    @classmethod
    def of(cls, value: str) -> Text:
        return cls("".join(_TO_ESCAPE.get(char, char) for char in value))

    @property
    def value(self) -> str:
        return _ESCAPE.sub(_unescaped, self.raw)

    @property
    def pattern(self) -> re.Pattern[str]:
        """As LIKE reads it: `%` is any text, `_` one character, both plain when escaped."""
        pieces, rest = [], self.raw
        while rest:
            escape = _ESCAPE.match(rest)
            if escape:
                pieces.append(re.escape(_unescaped(escape)))
                rest = rest[escape.end() :]
            else:
                pieces.append({"%": ".*", "_": "."}.get(rest[0]) or re.escape(rest[0]))
                rest = rest[1:]
        return re.compile("".join(pieces), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class DateWord:
    """`TODAY`, `LAST_N_DAYS:30`; name in capitals."""

    name: str
    count: int | None = None


#: None is `null`; a date or datetime stands without quotes.
Literal = Text | Decimal | bool | date | datetime | DateWord | None


@dataclass(frozen=True)
class Compare:
    """`op` is one of = != < <= > >= LIKE."""

    left: Path | Call
    op: str
    value: Literal


@dataclass(frozen=True)
class Among:
    left: Path | Call
    values: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True)
class AmongQuery:
    left: Path | Call
    query: Query
    negated: bool


@dataclass(frozen=True)
class Holds:
    """INCLUDES or (negated) EXCLUDES on a multi-select picklist; each text may join values by `;`."""

    left: Path
    values: tuple[Text, ...]
    negated: bool


@dataclass(frozen=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Compare | Among | AmongQuery | Holds | AllOf | AnyOf | Not


@dataclass(frozen=True)
class Selected:
    """One item of the SELECT list. Only paths and calls can have an alias."""

    what: Path | Call | AllFields | Query
    alias: str = ""


@dataclass(frozen=True)
class Order:
    by: Path | Call
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    select: tuple[Selected, ...]
    source: str
    alias: str = ""
    where: Condition | None = None
    group_by: tuple[Path | Call, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    all_rows: bool = False
    source_position: int = field(default=0, compare=False)


def _unescaped(found: re.Match[str]) -> str:
    code = found.group(1)
    if code[0] == "u" and len(code) == 5:
        return chr(int(code[1:], 16))
    return _ESCAPES.get(code, code)
