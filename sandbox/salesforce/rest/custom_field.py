"""From the Metadata of a Tooling CustomField to a field of the schema (reference section 3.10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from sandbox.salesforce.errors import bad_field
from sandbox.salesforce.fields import Field, field_from

Part = TypeVar("Part", dict[str, Any], list[Any])

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")

#: Metadata type -> our type
_TYPES: Mapping[str, str] = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Picklist": "picklist",
    "Lookup": "reference",
}
_LONGEST, _MOST_DIGITS = 131_072, 18
_JSON_NAMES = {dict: "object", list: "array"}
_FIXED_LENGTHS = {"TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255}


def custom_field(name: str, metadata: Mapping[str, Any], *, hidden: bool) -> Field:
    """ApiError names the fact that is missing or unknown."""
    kind = str(metadata.get("type"))
    if not _NAME.fullmatch(name):
        raise bad_field(
            "INVALID_INPUT", f"a custom field is named like My_Field__c, not {name!r}", "FullName"
        )
    if kind not in _TYPES:
        raise bad_field(
            "INVALID_INPUT", f"unknown field type {kind!r}; known are {', '.join(_TYPES)}", "type"
        )
    if "label" not in metadata:
        raise bad_field("REQUIRED_FIELD_MISSING", "Required fields are missing: [label]", "label")
    facts: dict[str, Any] = {
        "type": _TYPES[kind],
        "label": str(metadata["label"]),
        "required": metadata.get("required") is True,
        "unique": metadata.get("unique") is True,
        "case_sensitive": metadata.get("caseSensitive") is True,
        "external_id": metadata.get("externalId") is True,
        "hidden": hidden,
    }
    return field_from(name, facts | _size(kind, metadata), custom=True)


def _size(kind: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    if kind in _FIXED_LENGTHS:
        return {"length": _FIXED_LENGTHS[kind], **_picklist(metadata)}
    if kind in ("Text", "LongTextArea"):
        return {"length": _number(metadata, "length", _LONGEST)}
    if kind in ("Number", "Currency", "Percent"):
        precision = _number(metadata, "precision", _MOST_DIGITS)
        return {"precision": precision, "scale": _number(metadata, "scale", precision)}
    if kind == "Lookup":
        children = metadata.get("relationshipName")
        reference = {"reference_to": str(metadata.get("referenceTo", ""))}
        return reference | ({"children": f"{children}__r"} if children else {})
    return {"default": metadata.get("defaultValue") is True} if kind == "Checkbox" else {}


def _picklist(metadata: Mapping[str, Any]) -> dict[str, Any]:
    value_set = _part(metadata, "valueSet", dict)
    values = _part(_part(value_set, "valueSetDefinition", dict), "value", list)
    names = [str(each.get("fullName") or each.get("valueName")) for each in values if isinstance(each, dict)]
    return {"values": names, "restricted": value_set.get("restricted") is True}


def _part(whole: Mapping[str, Any], name: str, kind: type[Part]) -> Part:
    """What stands under this name, an empty one when nothing does."""
    value = whole.get(name) or kind()
    if not isinstance(value, kind):
        raise bad_field("INVALID_INPUT", f"{name} must be a JSON {_JSON_NAMES[kind]}", name)
    return value


def _number(metadata: Mapping[str, Any], name: str, most: int) -> int:
    value = metadata.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_field("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", name)
    if not 0 <= value <= most:
        raise bad_field("INVALID_INPUT", f"{name} must be a number from 0 to {most}, not {value}", name)
    return value
