"""Up to 200 records in one API call (`/composite/sobjects`), each answered by itself, in the order they were given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError, Unreadable
from connectors.exchange import Exchange
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.ids import LONG, to_18
from connectors.salesforce.jsontext import encode
from connectors.salesforce.org import Org, Record
from connectors.salesforce.paths import segment
from connectors.salesforce.refusals import row_error

#: The API's limits on one call (reference salesforce.md section 3.3).
MOST_RECORDS = 200
MOST_RETRIEVED = 2_000

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class RowResult:
    """What became of one record: `success` with its `id` (18 characters), or the `error` that kept it out.

    `created` tells an insert from an update, and is False wherever the API does not say.
    """

    id: str | None
    success: bool
    created: bool = False
    error: ConnectorError | None = None


def create(org: Org, entity: str, records: Sequence[Fields], *, all_or_none: bool) -> list[RowResult]:
    """Insert. Not idempotent: after an AnswerLost nobody knows which exist, so prefer `upsert`."""
    rows = [_typed(entity, record) for record in records]
    return _write(org, "POST", "composite/sobjects", rows, all_or_none, creates=True)


def update(org: Org, entity: str, records: Sequence[Fields], *, all_or_none: bool) -> list[RowResult]:
    """Update by id; each record has `id` or `Id`. Raises ValueError when one has none."""
    rows = [_typed_with_id(entity, record, at) for at, record in enumerate(records)]
    return _write(org, "PATCH", "composite/sobjects", rows, all_or_none)


def upsert(
    org: Org, entity: str, external_id_field: str, records: Sequence[Fields], *, all_or_none: bool
) -> list[RowResult]:
    """Insert or update by a unique external id; each record has that field and no id. Raises ValueError otherwise."""
    for at, record in enumerate(records):
        if record.get(external_id_field) in (None, "") or "id" in record or "Id" in record:
            raise ValueError(f"record {at} of an upsert must have {external_id_field} and no id")
    path = f"composite/sobjects/{segment(entity)}/{segment(external_id_field)}"
    return _write(org, "PATCH", path, [_typed(entity, record) for record in records], all_or_none)


def delete(org: Org, ids: Sequence[str]) -> list[RowResult]:
    """Delete by id, 200 a call. One that is gone already fails with NotFound."""
    results: list[RowResult] = []
    for start in range(0, len(ids), MOST_RECORDS):
        chunk = list(ids[start : start + MOST_RECORDS])
        answer = org.call(
            "DELETE", "composite/sobjects", params={"ids": ",".join(chunk), "allOrNone": "false"}
        )
        results += [
            _row_result("DELETE composite/sobjects", {"id": record_id}, row, created=False)
            for record_id, row in zip(chunk, _as_many(answer, len(chunk)), strict=True)
        ]
    return results


def retrieve(org: Org, entity: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
    """The records by id, in the order of `ids`; None for one that is gone or hidden from us."""
    path = f"composite/sobjects/{segment(entity)}"
    found: list[Record | None] = []
    for start in range(0, len(ids), MOST_RETRIEVED):
        wanted = list(ids[start : start + MOST_RETRIEVED])
        answer = org.call("POST", path, body={"ids": wanted, "fields": list(fields)})
        rows = _as_many(answer, len(wanted))
        found += [row if isinstance(row, dict) else None for row in rows]
    return found


def _write(
    org: Org, method: str, path: str, rows: list[Record], all_or_none: bool, *, creates: bool = False
) -> list[RowResult]:
    """One call per 200 rows. A call that fails as a whole raises, unless rows before it were answered already:
    then its rows, and those that were not sent any more, carry the error, so that no answer is lost."""
    if all_or_none and len(rows) > MOST_RECORDS:
        raise ValueError(f"all or none holds for one call of {MOST_RECORDS} records, not for {len(rows)}")
    results: list[RowResult] = []
    for chunk in _chunks(rows):
        try:
            answer = org.call(method, path, body={"allOrNone": all_or_none, "records": chunk})
            answers = zip(chunk, _as_many(answer, len(chunk)), strict=True)
            results += [_row_result(f"{method} {path}", sent, row, created=creates) for sent, row in answers]
        except ConnectorError as error:
            if not results:
                raise
            left = len(rows) - len(results)
            return results + [RowResult(None, success=False, error=error)] * left
    return results


def _chunks(rows: list[Record]) -> Iterator[list[Record]]:
    return (rows[start : start + MOST_RECORDS] for start in range(0, len(rows), MOST_RECORDS))


def _as_many(answer: object, count: int) -> list[Any]:
    """The answer's rows. Results are told apart by their place alone, so one too few makes all of them worthless."""
    rows = [] if answer is None else answer
    if not isinstance(rows, list) or len(rows) != count:
        raise Unreadable(
            f"Salesforce did not answer {count} records with {count} results",
            system=SYSTEM,
            may_have_happened=True,
        )
    return rows


def _row_result(call: str, sent: Record, row: object, *, created: bool) -> RowResult:
    if isinstance(row, dict) and row.get("success") is True and (record_id := _id(row.get("id"), sent)):
        return RowResult(record_id, success=True, created=row.get("created", created) is True)
    match row:
        case {"success": False, "errors": list(errors)}:
            error = row_error(errors)
        case _:
            error = Unreadable(
                "the result of this record says neither success with an id nor errors",
                system=SYSTEM,
                may_have_happened=True,
            )
    error.exchange = Exchange(f"{call}\n{encode(sent).decode()}", encode(row).decode())
    return RowResult(None, success=False, error=error)


def _id(text: object, sent: Record) -> str | None:
    if not isinstance(text, str):
        return None
    if text == sent.get("id") and len(text) == LONG:
        return text  # what we named ourselves is not checked letter by letter
    try:
        return to_18(text)
    except ValueError:
        return None


def _typed(entity: str, record: Fields) -> Record:
    return {"attributes": {"type": entity}, **_others(record, "attributes")}


def _typed_with_id(entity: str, record: Fields, at: int) -> Record:
    """With its id in small letters, in which Salesforce wants it here."""
    record_id = record.get("id") or record.get("Id")
    if not record_id:
        raise ValueError(f"record {at} of an update has no id")
    return {"attributes": {"type": entity}, "id": record_id, **_others(record, "attributes", "id", "Id")}


def _others(record: Fields, *names: str) -> Record:
    others = dict(record)
    for name in names:
        others.pop(name, None)
    return others
