"""SOQL text into tokens; what they mean together is the parser's business."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.salesforce.errors import ApiError

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[A-Za-z][A-Za-z0-9_]*)
    | '(?P<text>(?:[^'\\]|\\(?:["'\\nNrRtTbBfF_%]|u[0-9A-Fa-f]{4}))*)'
    | (?P<symbol><=|>=|!=|<>|[=<>(),.:])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """`kind` is name, number, date, datetime, text, symbol or end; `text` leaves out the quotes of a string."""

    kind: str
    text: str
    position: int


def tokens(soql: str) -> list[Token]:
    """All tokens and one of kind `end`; MALFORMED_QUERY where no token begins."""
    found: list[Token] = []
    position = 0
    while position < len(soql):
        match = _TOKEN.match(soql, position)
        if match is None:
            raise malformed(soql, position, f"unexpected character: '{soql[position]}'")
        kind = match.lastgroup or ""
        if kind != "space":
            found.append(Token(kind, match.group(kind), position))
        position = match.end()
    found.append(Token("end", "<EOF>", len(soql)))
    return found


def malformed(soql: str, position: int, reason: str) -> ApiError:
    return ApiError("MALFORMED_QUERY", pointed(soql, position, reason))


def pointed(soql: str, position: int, reason: str) -> str:
    """The reason below the text around it and its row and column, as the platform words it."""
    row = soql.count("\n", 0, position) + 1
    column = position - (soql.rfind("\n", 0, position) + 1) + 1
    start = max(0, position - 40)
    around = soql[start : position + 20].replace("\n", " ")
    return f"\n{around}\n{' ' * (position - start)}^\nERROR at Row:{row}:Column:{column}\n{reason}"
