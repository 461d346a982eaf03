"""A change event's payload as a typed value with flat field names. Knows Change Data Capture, not how it was heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

HEADER = "ChangeEventHeader"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ChangeType(StrEnum):
    """What happened (reference salesforce.md section 2.1). The GAP_ kinds say only that something did."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNDELETE = "UNDELETE"
    SNAPSHOT = "SNAPSHOT"
    GAP_CREATE = "GAP_CREATE"
    GAP_UPDATE = "GAP_UPDATE"
    GAP_DELETE = "GAP_DELETE"
    GAP_UNDELETE = "GAP_UNDELETE"
    GAP_OVERFLOW = "GAP_OVERFLOW"


class MalformedChange(ValueError):
    """The payload is no change event; `field` names the part that is missing or wrong."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(
            f"{HEADER}.{field} must be {expected}" if field != HEADER else f"{field} must be {expected}"
        )
        self.field = field


@dataclass(frozen=True)
class ChangeEvent:
    """One change of one record, or the same change of several records in one transaction.

    Field names are flat, as REST spells them: `BillingStreet`, `LastName`. `fields` is a patch: it holds what was set,
    with None for what was cleared. `diffed_fields` changed too, but came as a difference to the old text only
    (section 2.1): read them from the record.
    """

    entity: str
    record_ids: tuple[str, ...]
    change_type: ChangeType
    changed_fields: tuple[str, ...]
    commit_timestamp: datetime
    commit_number: int | None
    transaction_key: str
    sequence_number: int
    commit_user: str
    change_origin: str
    fields: Mapping[str, Any]
    diffed_fields: tuple[str, ...] = ()

    @property
    def is_overflow(self) -> bool:
        """More changed than Salesforce tells one by one: read the entire entity again (section 2.4)."""
        return self.change_type is ChangeType.GAP_OVERFLOW

    @property
    def is_gap(self) -> bool:
        """The named records changed, we are not told how: read them (section 2.3)."""
        return self.change_type.startswith("GAP_") and not self.is_overflow

    @property
    def has_wildcard(self) -> bool:
        """A record id such as `001*` stands for all records of the entity (section 2.1)."""
        return any(record_id.endswith("*") for record_id in self.record_ids)


def read_change(payload: Mapping[str, Any]) -> ChangeEvent:
    """The change in a StreamEvent's payload. Raises MalformedChange, which names the field."""
    header = payload.get(HEADER)
    if not isinstance(header, Mapping):
        raise MalformedChange(HEADER, "an object")
    body = dict(_flattened({name: value for name, value in payload.items() if name != HEADER}))
    diffed = tuple(name for name, value in body.items() if _is_diff(value))
    return ChangeEvent(
        entity=_text(header, "entityName"),
        record_ids=_texts(header, "recordIds"),
        change_type=_change_type(header),
        changed_fields=tuple(flat_name(name) for name in _texts(header, "changedFields", may_be_empty=True)),
        commit_timestamp=_time(header, "commitTimestamp"),
        commit_number=_integer(header, "commitNumber") if header.get("commitNumber") is not None else None,
        transaction_key=_text(header, "transactionKey"),
        sequence_number=_integer(header, "sequenceNumber"),
        commit_user=_text(header, "commitUser"),
        change_origin=_text(header, "changeOrigin", may_be_empty=True),
        fields={name: value for name, value in body.items() if name not in diffed},
        diffed_fields=diffed,
    )


def flat_name(path: str) -> str:
    """`BillingAddress.Street` is `BillingStreet` in REST, `Address.City` is `City`, `Name.LastName` is `LastName`,
    and `Site__c.Latitude`, of a custom geolocation or address, is `Site__Latitude__s`. Other names stay as they are."""
    compound, dot, component = path.partition(".")
    if not dot:
        return path
    if compound.endswith("__c"):
        return f"{compound.removesuffix('__c')}__{component}__s"
    return component if compound == "Name" else compound.removesuffix("Address") + component


def _flattened(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if isinstance(value, Mapping) and not _is_diff(value):
            yield from ((flat_name(f"{name}.{component}"), part) for component, part in value.items())
        else:
            yield name, value


def _is_diff(value: object) -> bool:
    return isinstance(value, Mapping) and "diff" in value


def _text(header: Mapping[str, Any], field: str, *, may_be_empty: bool = False) -> str:
    value = header.get(field)
    if may_be_empty and value is None:
        return ""
    if not isinstance(value, str) or not (value.strip() or may_be_empty) or not value.isprintable():
        raise MalformedChange(field, "text")
    return value


def _texts(header: Mapping[str, Any], field: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
    values = header.get(field)
    if may_be_empty and values is None:
        return ()
    if not isinstance(values, list) or not all(
        isinstance(each, str) and each.strip() and each.isprintable() for each in values
    ):
        raise MalformedChange(field, "a list of texts")
    if not (values or may_be_empty):
        raise MalformedChange(field, "a list of at least one text")
    return tuple(values)


def _integer(header: Mapping[str, Any], field: str) -> int:
    value = header.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedChange(field, "an integer")
    return value


def _time(header: Mapping[str, Any], field: str) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=_integer(header, field))
    except OverflowError as error:
        raise MalformedChange(field, "a time in milliseconds since 1970") from error


def _change_type(header: Mapping[str, Any]) -> ChangeType:
    name = _text(header, "changeType")
    try:
        return ChangeType(name)
    except ValueError as error:
        raise MalformedChange("changeType", f"one of {', '.join(ChangeType)}, not {name!r}") from error
