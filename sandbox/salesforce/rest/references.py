"""`@{ref.field}` in a Composite subrequest, replaced by what an earlier one answered (reference section 3.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.values import csv_text

_MENTION = re.compile(r"@\{([A-Za-z0-9][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+|\[\d+\])+)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


def filled(content: Any, results: Mapping[str, Any]) -> Any:
    """`content` with every mention replaced. A text that is one mention takes the value's own type.

    ApiError PROCESSING_HALTED when the mentioned request failed, comes later, or answered no such thing.
    """
    if isinstance(content, dict):
        return {key: filled(value, results) for key, value in content.items()}
    if isinstance(content, list):
        return [filled(value, results) for value in content]
    if not isinstance(content, str):
        return content
    whole = _MENTION.fullmatch(content)
    if whole:
        return _value(whole, results)
    return _MENTION.sub(lambda found: csv_text(_value(found, results)), content)


def _value(mention: re.Match[str], results: Mapping[str, Any]) -> Any:
    reference, path = mention.groups()
    value = results.get(reference)
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict) and name in value:
            value = value[name]
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            raise ApiError(
                "PROCESSING_HALTED", f"Invalid reference specified. No value for {reference}{path} found"
            )
    return value
