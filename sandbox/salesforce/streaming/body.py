"""The field part of a change event: which fields it shows and in what shape; not its header.

Reference salesforce.md section 2.1: UPDATE carries what changed and explicit nulls, CREATE and UNDELETE all
that is not empty, DELETE nothing; compound fields are nested; long texts come as differences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from difflib import SequenceMatcher
from typing import Any

from sandbox.salesforce.commits import RowChange
from sandbox.salesforce.fields import Entity
from sandbox.salesforce.schema import Schema

Row = Mapping[str, Any]

#: Never in an event: carried by the header, moved by the system, or derived from other fields.
NEVER_SENT = frozenset(
    {
        "Id", "IsDeleted", "SystemModstamp", "LastActivityDate", "LastViewedDate", "LastReferencedDate",
        "PhotoUrl", "IsClosed", "IsWon", "HasOpportunityLineItem", "HasOpenActivity", "HasOverdueTask",
        "Fiscal", "FiscalQuarter", "FiscalYear",
    }
)  # fmt: skip

#: A field with at least this many characters comes as a difference when it is changed.
LARGE_TEXT = 1_000


def compound_paths(entity: Entity) -> Mapping[str, tuple[str, str]]:
    """Component field to (compound, part): `BillingStreet` -> (`BillingAddress`, `Street`)."""
    return {
        field.name: (field.compound, field.name.removeprefix(field.compound.removesuffix("Address")))
        for field in entity.fields.values()
        if field.compound
    }


def change_body(schema: Schema, change: RowChange) -> tuple[dict[str, Any], list[str]]:
    """The nested fields of one change, and `changedFields` (empty unless it is an update)."""
    entity = schema.find(change.entity)
    if change.change_type == "DELETE" or change.after is None or entity is None:
        return {}, []
    shown = list(_shown_fields(schema, entity))
    paths = compound_paths(entity)
    if change.change_type == "UPDATE" and change.before is not None:
        changed = _changed(shown, change.before, change.after)
        return _nested(paths, changed), [".".join(paths.get(name, (name,))) for name in changed]
    filled = {name: value for name in shown if (value := change.after.get(name)) is not None}
    return _nested(paths, filled), []


def enrichment(row: Row, fields: Sequence[str]) -> dict[str, Any]:
    """What enriches an event of this row: the fields that are not empty."""
    return {name: event_value(row[name]) for name in fields if row.get(name) is not None}


def _shown_fields(schema: Schema, entity: Entity) -> Iterator[str]:
    """The fields an event may carry: of compounds only the parts, and nothing that security hides."""
    whole = {compound for compound, _ in compound_paths(entity).values()}
    for field in schema.visible_fields(entity):
        if field.name not in NEVER_SENT | whole and not field.calculated:
            yield field.name


def _changed(shown: list[str], before: Row, after: Row) -> dict[str, Any]:
    """What an update shows. LastModifiedDate is always said, LastModifiedById only if it is another user."""
    changed = {}
    for name in shown:
        old, new = before.get(name), after.get(name)
        if old != new or name == "LastModifiedDate":
            changed[name] = difference(old, new)
    return changed


def difference(old: Any, new: Any) -> Any:
    """A changed value; a long text as `{"diff": ...}` with the SHA-256 of the text before."""
    if not isinstance(old, str) or not isinstance(new, str) or not old or len(new) < LARGE_TEXT:
        return new
    digest = hashlib.sha256(old.encode(errors="surrogatepass")).hexdigest()
    return {"diff": "\n".join(["--- ", f"+++ {digest}", *_hunks(old.split("\n"), new.split("\n"))])}


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """A unified difference without context; both counts are always written."""
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if tag == "equal":
            continue
        gone, came = old[old_from:old_to], new[new_from:new_to]
        # An empty side names the line before it, as unified differences do.
        old_line, new_line = old_from + bool(gone), new_from + bool(came)
        yield f"@@ -{old_line},{len(gone)} +{new_line},{len(came)} @@"
        yield from (f"-{line}" for line in gone)
        yield from (f"+{line}" for line in came)


def _nested(paths: Mapping[str, tuple[str, str]], flat: Row) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        if name in paths:
            compound, part = paths[name]
            nested.setdefault(compound, {})[part] = event_value(value)
        else:
            nested[name] = event_value(value)
    return nested


def event_value(value: Any) -> Any:
    """A row's value as events print it: datetimes end in Z, dates are plain, Decimals stay numbers."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    if isinstance(value, date):
        return value.isoformat()
    return value
