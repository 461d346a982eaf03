"""Bends an answer as declared: padded codes, missing, added and emptied fields; the data itself stays right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from sandbox.kashflow.values import Row

_CODES = frozenset({"Code", "CustomerCode", "SupplierCode", "ProductCode"})
_UNKNOWN = {"XReserved1": None, "XRowVersion": "AAAAAAAAB9E=", "XLinks": [{"Rel": "self", "Href": ""}]}


class Strikes(Protocol):
    def __call__(self, fault: str, /) -> Mapping[str, Any] | None: ...


def distorted(strikes: Strikes, payload: Any) -> Any:
    """The payload with every distortion that strikes."""
    if strikes("padded_codes") is not None:
        payload = _deeply(payload, _padded)
    emptied = strikes("null_collections") if _is_list(payload) else None
    if emptied is not None:
        absent = bool(emptied.get("absent"))
        payload = _each_row(payload, lambda row: _without_collections(row, absent))
    if (found := strikes("missing_fields")) is not None:
        gone = frozenset(found.get("fields", ()))
        payload = _deeply(payload, lambda row: _without(row, gone))
    if strikes("extra_fields") is not None:
        payload = _each_row(payload, lambda row: row | _UNKNOWN)
    return payload


def _is_list(payload: Any) -> bool:
    return isinstance(payload, list) or (isinstance(payload, dict) and "MetaData" in payload)


def _each_row(payload: Any, change: Callable[[Row], Row]) -> Any:
    """Change the records of an answer, not what is nested in them."""
    if isinstance(payload, list):
        return [change(row) if isinstance(row, dict) else row for row in payload]
    if isinstance(payload, dict) and "MetaData" in payload:
        return payload | {"Data": _each_row(payload["Data"], change)}
    return change(payload) if isinstance(payload, dict) else payload


def _deeply(value: Any, change: Callable[[Row], Row]) -> Any:
    if isinstance(value, list):
        return [_deeply(part, change) for part in value]
    if isinstance(value, dict):
        return change({key: _deeply(part, change) for key, part in value.items()})
    return value


def _padded(row: Row) -> Row:
    return {
        key: f"{value}    " if key in _CODES and isinstance(value, str) else value
        for key, value in row.items()
    }


def _without(row: Row, names: Collection[str]) -> Row:
    return {key: value for key, value in row.items() if key not in names}


def _without_collections(row: Row, absent: bool) -> Row:
    kept = {key: value for key, value in row.items() if not isinstance(value, list)}
    return kept if absent else {key: None if key not in kept else value for key, value in row.items()}
