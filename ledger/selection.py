"""Which deliveries a person means: one filter for listing, replaying, dropping and requeueing. Builds conditions only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from ledger.tables import DeliveryRow


@dataclass(frozen=True)
class Selection:
    """All that is given must hold; empty means any. Times are UTC."""

    ids: tuple[int, ...] = ()
    queue: str = ""
    flow: str = ""
    #: The source's name of the object, such as Opportunity.
    entity: str = ""
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

    def conditions(
        self,
        moment: InstrumentedAttribute[datetime | None]
        | InstrumentedAttribute[datetime] = DeliveryRow.ended_at,
    ) -> Iterator[ColumnElement[bool]]:
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

    @property
    def in_words(self) -> str:
        """The filter as a person reads it back, such as `queue kashflow.invoice, code mapping`."""
        said = [f"{name.replace('_', ' ')} {_said(value)}" for name, value in self.as_plain().items()]
        return ", ".join(said) or "all"

    def as_plain(self) -> dict[str, Any]:
        """What is given, as JSON can hold it."""
        plain: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value:
                plain[one.name] = value.isoformat() if isinstance(value, datetime) else value
        return {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items()}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """The selection that `as_plain` made this of."""
        values = dict(plain)
        for name in ("since", "until"):
            if name in values:
                values[name] = datetime.fromisoformat(values[name])
        for name in ("ids", "records"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)


def _said(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(str(one) for one in value[:3])
        return shown if len(value) <= 3 else f"{shown} and {len(value) - 3} more"
    return str(value)
