"""Turns the answers of operations into what JSON can hold, and seconds into words. Shapes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def as_plain(value: object) -> Any:
    """Dataclasses as objects with their field names, times as ISO 8601 text in UTC, everything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: as_plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def in_words(seconds: float | None) -> str:
    """An age in its two largest units, such as `3 h 20 min`; a dash for one that is not known."""
    if seconds is None:
        return "-"
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    if whole < _DAY:
        return _two(whole, _HOUR, "h", _MINUTE, "min")
    return _two(whole, _DAY, "d", _HOUR, "h")


def _two(seconds: int, large: int, name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large} {name}" + (f" {rest} {small_name}" if rest else "")
