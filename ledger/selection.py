"""Which deliveries a person means: one filter for listing, replaying, dropping and requeueing, and how it is written."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from ledger.tables import DeliveryRow

#: Words of a written filter, `word:value`, and the fields of Selection that they set.
WORDS = {
    "id": "ids",
    "queue": "queue",
    "flow": "flow",
    "entity": "entity",
    "record": "records",
    "stage": "stage",
    "code": "code",
    "class": "error_class",
    "cause": "fingerprint",
    "text": "text",
    "since": "since",
    "until": "until",
}
_MANY, _TIMES = ("ids", "records"), ("since", "until")

Moment = InstrumentedAttribute[datetime | None] | InstrumentedAttribute[datetime]


class BadSelection(ValueError):
    """A filter was written in a way that means nothing; the text says what would."""


@dataclass(frozen=True)
class Selection:
    """All that is given must hold; empty means any. Times are UTC."""

    ids: tuple[int, ...] = ()
    queue: str = ""
    flow: str = ""
    #: The source's name of the object, such as Opportunity.
    entity: str = ""
    #: The source's ids of records.
    records: tuple[str, ...] = ()
    stage: str = ""
    code: str = ""
    error_class: str = ""
    fingerprint: str = ""
    #: Part of the reason's sentence, in any case.
    text: str = ""
    #: From, and before. Of dead letters: when they died; for a requeue: when the change happened.
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self, moment: Moment = DeliveryRow.ended_at) -> Iterator[ColumnElement[bool]]:
        """What a row of `deliveries` must meet; `moment` is the time that `since` and `until` speak of."""
        for column, wanted in (
            (DeliveryRow.queue, self.queue),
            (DeliveryRow.flow, self.flow),
            (DeliveryRow.entity, self.entity),
            (DeliveryRow.reason_stage, self.stage),
            (DeliveryRow.reason_code, self.code),
            (DeliveryRow.reason_class, self.error_class),
            (DeliveryRow.fingerprint, self.fingerprint),
        ):
            if wanted:
                yield column == wanted
        if self.ids:
            yield DeliveryRow.id.in_(self.ids)
        if self.records:
            yield DeliveryRow.record_id.in_(self.records)
        if self.text:
            yield DeliveryRow.reason_text.icontains(self.text, autoescape=True)
        if self.since:
            yield moment >= self.since
        if self.until:
            yield moment < self.until

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """The filter that people write: `queue:kashflow.invoice code:mapping since:2026-03-01`. Several ids or
        records are separated by commas; a word without a colon is looked for in the reason. Raises BadSelection."""
        given: dict[str, Any] = {}
        for written in words:
            word, colon, value = written.partition(":")
            field = WORDS.get(word, "") if colon else "text"
            if not field:
                raise BadSelection(f"{word!r} is nothing to choose by; there are {', '.join(WORDS)}")
            if field in given and field not in _MANY:
                raise BadSelection(f"{written!r}: {word or 'text'} was given before")
            said = _value(field, value if colon else written, written)
            given[field] = (*given.get(field, ()), *said) if field in _MANY else said
        return cls(**given)

    @property
    def in_words(self) -> str:
        """As `parse` reads it; `all` where nothing is given."""
        names = {field: word for word, field in WORDS.items()}
        return " ".join(shlex.quote(f"{names[f]}:{_said(v)}") for f, v in self.as_plain().items()) or "all"

    def as_plain(self) -> dict[str, Any]:
        """What is given, as JSON can hold it."""
        return {one.name: _plain(value) for one in fields(self) if (value := getattr(self, one.name))}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """The selection that `as_plain` made this of."""
        values = dict(plain)
        values |= {name: datetime.fromisoformat(values[name]) for name in _TIMES if name in values}
        values |= {name: tuple(values[name]) for name in _MANY if name in values}
        return cls(**values)


def _value(field: str, value: str, written: str) -> Any:
    if not value:
        raise BadSelection(f"{written!r} says nothing after the colon")
    try:
        if field == "ids":
            return tuple(int(one) for one in value.split(","))
        if field in _TIMES:
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        expected = "numbers" if field == "ids" else "a UTC time such as 2026-03-01 or 2026-03-01T09:00"
        raise BadSelection(f"{written!r}: expected {expected}") from None
    return tuple(value.split(",")) if field == "records" else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    shown = ",".join(str(one) for one in value[:3])
    return shown if len(value) <= 3 else f"{shown},… ({len(value):,})"
