"""The custom fields that an object of the org has, and the lines of YAML that map them; puts those into mapping files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canonical.customer import Customer
from mappings.book import Book, file_text
from mappings.recordmapping import RecordMapping

_TEXT = ("", "", "", "")
_NUMBER = ("number", "number", "number", "text")
#: By describe's type: the steps to read and to write Salesforce's field, to read and to write KashFlow's box.
#: docs/mappings.md explains them. What is not listed is text.
_STEPS: Mapping[str, tuple[str, str, str, str]] = {
    "boolean": ("flag", "", "flag", ""),
    "currency": _NUMBER,
    "date": ("", "iso_date", "date", "uk_date"),
    "double": _NUMBER,
    "int": _NUMBER,
    "percent": _NUMBER,
}


@dataclass(frozen=True)
class CustomField:
    """One custom field, as our user sees it."""

    name: str
    label: str
    #: As describe says: `string`, `currency`, `multipicklist`, ...
    type: str
    #: The mapping files that name it.
    mapped_in: tuple[str, ...]
    #: Lines of YAML by file and section, such as `salesforce/account.yaml, read`.
    lines: Mapping[str, str]


def custom_fields(book: Book, entity: str, described: Mapping[str, Any]) -> list[CustomField]:
    """What describe of `entity` shows of fields that an administrator made, by name."""
    mappings = [one for one in book.mappings.values() if one.system == "salesforce" and one.entity == entity]
    both_ways = [one for one in mappings if one.can("read") and one.can("write")]
    fields = [
        field
        for field in described["fields"]
        # A part of a compound field is mapped with it, if at all.
        if field.get("custom") and not field.get("compoundFieldName")
    ]
    boxes = Counter(_plain(str(field.get("label") or "")) for field in fields)
    return [
        CustomField(
            name=str(field["name"]),
            label=str(field.get("label") or ""),
            type=str(field["type"]),
            mapped_in=tuple(_naming(mappings, str(field["name"]))),
            lines=dict(_lines((both_ways or mappings)[:1], field, _box_name(field, boxes))),
        )
        for field in sorted(fields, key=lambda field: str(field["name"]))
    ]


def write_lines(folder: Path, found: Iterable[CustomField]) -> list[str]:
    """Put the lines of what nothing maps yet into the files of `folder`, beginning with a copy of ours where it has none.

    Returns the names of the files. What stands there stays.
    """
    files: dict[str, str] = {}
    for one in found:
        for place, line in one.lines.items() if not one.mapped_in else ():
            name, section = place.split(", ")
            text = files.get(name) or file_text(name, folder)
            head, tail = text.split(f"\n{section}:\n", maxsplit=1)
            files[name] = f"{head}\n{section}:\n  {line}\n{tail}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(files)


def _naming(mappings: Iterable[RecordMapping], name: str) -> Iterator[str]:
    for mapping in mappings:
        written = mapping.writing.fit.fields if mapping.writing else {}
        if name in mapping.plan.fields or name in written or name == mapping.key:
            yield f"{mapping.name}.yaml"


def _box_name(field: Mapping[str, Any], boxes: Mapping[str, int]) -> str:
    """The field's label; its name where several fields have that label, or nothing of it can be spelled."""
    label = _plain(str(field.get("label") or ""))
    return label if label and boxes[label] == 1 else str(field["name"])


def _lines(
    mappings: Iterable[RecordMapping], field: Mapping[str, Any], box_name: str
) -> Iterator[tuple[str, str]]:
    name = str(field["name"])
    ours = f"custom.{name.removesuffix('__c').lower()}"
    read, write, read_box, write_box = _STEPS.get(str(field["type"]), _TEXT)
    writable = bool(field.get("updateable"))
    for mapping in mappings:
        if mapping.can("read"):
            yield f"{mapping.name}.yaml, read", _line(ours, name, read, optional=True)
        if mapping.can("write") and writable:
            yield f"{mapping.name}.yaml, write", _line(name, ours, write, optional=True)
        # Customers alone have boxes (reference kashflow.md section 3.17).
        if mapping.kind.noun is Customer and mapping.can("write"):
            group = "CustomCheckBoxes" if field["type"] == "boolean" else "CustomTextBoxes"
            box = f"{group}[Name={box_name}].Value"
            if writable:
                yield "kashflow/customer.yaml, read", _line(ours, box, read_box)
            yield "kashflow/customer.yaml, write", _line(box, ours, write_box)


def _plain(label: str) -> str:
    """A box's name as a path can spell it."""
    return " ".join("".join(char for char in label if char.isalnum() or char in " -_").split())


def _line(target: str, path: str, step: str, *, optional: bool = False) -> str:
    # Within braces a bracket would begin a list.
    parts = [f"from: '{path}'" if "[" in path else f"from: {path}"]
    parts += [f"then: [{step}]"] if step else []
    parts += ["optional: true"] if optional else []
    return f"{target}: {path}" if len(parts) == 1 else f"{target}: {{{', '.join(parts)}}}"
