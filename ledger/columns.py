"""What the columns of the ledger hold that SQLAlchemy has no type for, and how several are named; the tables themselves are in tables/."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeEngine


def columns_of(entity: type[DeclarativeBase], names: Iterable[str]) -> tuple[InstrumentedAttribute[Any], ...]:
    """The columns of these names in their order: what to select for a value that is made of a row's places."""
    return tuple(getattr(entity, name) for name in names)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases; a naive one is refused, because nobody knows what it meant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the ledger stores UTC")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """None where the driver brings aware UTC datetimes by itself; see ledger/database.py."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC)


class HeardText(TypeDecorator[str]):
    """Text that others made up, as far as it fits: cut to `length` if there is one, without the one character that
    PostgreSQL refuses, and without halves of characters, which JSON can name and no database takes. What a foreign
    system says must not keep us from writing down that it said something."""

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return Text() if self.length is None else String(self.length)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        whole = value.encode("utf-8", "replace").decode()
        return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")[: self.length]


# SQLite counts up by itself only for INTEGER primary keys.
BigId = BigInteger().with_variant(Integer(), "sqlite")
