"""The CSV of Bulk API 2.0: records to rows, result rows to the fate of each record. Calls nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.errors import ConnectorError, Refused, Unreadable
from connectors.salesforce.collections import RowResult
from connectors.salesforce.errors import SYSTEM, coded_error

#: 150 MB once Salesforce has encoded it (reference salesforce.md section 3.7).
LONGEST_UPLOAD_BYTES = 100_000_000
#: Blanks a field; an empty value would leave it as it is.
NULL = "#N/A"


@dataclass(frozen=True)
class BulkOutcome:
    """`results` by key; `unprocessed` are the keys of rows that Salesforce never came to, to be sent again."""

    results: dict[str, RowResult]
    unprocessed: list[str]


def write_rows(records: Sequence[Mapping[str, Any]]) -> bytes:
    """The records as CSV with LF line ends. Raises ValueError when there are none, their fields differ, or too much."""
    if not records:
        raise ValueError("a bulk job needs at least one record")
    names = list(records[0])
    text = io.StringIO()
    # Quoted throughout: the csv module leaves a lone carriage return bare, and Salesforce would end the row there.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for at, record in enumerate(records):
        if record.keys() != records[0].keys():
            raise ValueError(f"record {at} of a bulk job has other fields than the first one")
        writer.writerow([_cell(record[name], f"record {at}, {name}") for name in names])
    content = text.getvalue().encode()
    if len(content) > LONGEST_UPLOAD_BYTES:
        raise ValueError(f"{len(content)} bytes are too many for one bulk job: split the records")
    return content


def aligned(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records with all the fields of all of them, as `write_rows` wants it. A field that a record does not name
    stays as it is over there; one that is blank is blanked, as in all other calls."""
    names = dict.fromkeys(name for record in records for name in record)
    return [{name: _blanked(record[name]) if name in record else "" for name in names} for record in records]


def _blanked(value: Any) -> Any:
    return None if value == "" else value


def read_rows(content: bytes) -> list[dict[str, str]]:
    """CSV with a header as one dictionary per row. Raises Unreadable."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"the bulk answer is not CSV: {error}", system=SYSTEM) from error
    if any(len(row) != len(rows[0]) for row in rows):
        raise Unreadable("a row of the bulk answer does not fit its header", system=SYSTEM)
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def outcome(
    key_field: str,
    succeeded: Sequence[Mapping[str, str]],
    failed: Sequence[Mapping[str, str]],
    unprocessed: Sequence[Mapping[str, str]],
) -> BulkOutcome:
    """Match result rows to records by `key_field`, which must be a column of the upload."""
    results = {_key(row, key_field): _succeeded(row) for row in succeeded}
    results |= {_key(row, key_field): _failed(row) for row in failed}
    return BulkOutcome(results, [_key(row, key_field) for row in unprocessed])


def _key(row: Mapping[str, str], key_field: str) -> str:
    if key_field not in row:
        raise Unreadable(f"a row of the bulk answer has no column {key_field}", system=SYSTEM)
    return row[key_field]


def _succeeded(row: Mapping[str, str]) -> RowResult:
    return RowResult(row.get("sf__Id") or None, success=True, created=row.get("sf__Created") == "true")


def _failed(row: Mapping[str, str]) -> RowResult:
    return RowResult(None, success=False, error=_error(row.get("sf__Error", "")))


def _error(told: str) -> ConnectorError:
    """`CODE:message:FIELD --`, where the tail names the fields, or none."""
    code, _, rest = told.partition(":")
    message, _, tail = rest.rpartition(":")
    fields = tail.removesuffix("--").split() if tail.endswith("--") else []
    known = coded_error(code, message or rest, fields=fields)
    return known or Refused(told or "no reason given", system=SYSTEM, code=code)


def _cell(value: object, place: str) -> str:
    match value:
        case None:
            return NULL
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case Decimal() if value.is_finite():
            return format(value, "f")
        case int():
            return str(value)
    raise TypeError(f"{place} is {value!r} ({type(value).__name__}): use Decimal, int, str, bool or None")
