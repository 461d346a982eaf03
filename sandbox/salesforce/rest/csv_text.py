"""CSV as Bulk API 2.0 wants it: one of six delimiters, LF or CRLF, and nothing else (reference section 3.7)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.salesforce.bulk_jobs import CsvRow
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.values import csv_text

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def rows_of(text: str, delimiter: str, line_ending: str) -> tuple[list[str], list[CsvRow]]:
    """Header and rows of an upload. ApiError InvalidBatch when the line endings or a row do not fit."""
    if ("\r\n" in text) is not (line_ending == "CRLF"):
        expected = "LF is invalid" if line_ending == "CRLF" else "CRLF is invalid"
        raise ApiError(
            "ClientInputError",
            f"LineEnding {expected} on user data. Current LineEnding setting is {line_ending}",
        )
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=DELIMITERS[delimiter])
    lines = [line for line in reader if line]
    if not lines:
        raise ApiError("InvalidBatch", "The upload has no header row")
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            message = f"Error found in line {number}: {len(line)} columns where the header has {len(header)}"
            raise ApiError("InvalidBatch", message)
    return header, [dict(zip(header, line, strict=True)) for line in lines[1:]]


def text_of(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str, line_ending: str) -> str:
    """A result file: every value in quotes, as the platform writes them."""
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        delimiter=DELIMITERS[delimiter],
        lineterminator=LINE_ENDINGS[line_ending],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(header)
    writer.writerows([csv_text(value) for value in row] for row in rows)
    return out.getvalue()
