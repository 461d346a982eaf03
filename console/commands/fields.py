"""`kashforce fields`: prints an object's custom fields and how to map them. What is found: console.operations.custom_fields."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from connectors.errors import NotFound
from console import logs, settings
from console.bootstrap import House
from console.commands.ledgering import complain, print_json
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations.bench import Bench
from console.operations.custom_fields import CustomField, custom_fields, write_lines


def run_fields(entity: str, *, write: bool, as_json: bool) -> int:
    """USAGE for an object that the org does not have or does not show to our user, and where there is no folder to write to."""
    loaded = settings.load()
    logs.configure(loaded, "fields")
    folder = loaded.mappings_dir
    if write and folder is None:
        complain("set KASHFORCE_MAPPINGS_DIR to the folder of your mapping files; ours are not written to")
        return Exit.USAGE
    with House(loaded) as house, Bench(house) as bench:
        try:
            described = bench.salesforce.describe(entity)
        except NotFound:
            complain(f"Salesforce has no object {entity!r}, or does not show it to us; API names end in __c")
            return Exit.USAGE
        found = custom_fields(house.book, entity, described)
    if as_json:
        print_json(found)
    else:
        _show(entity, found)
    if write and folder is not None:
        for name in write_lines(folder, found):
            print(f"wrote {folder / name}", file=sys.stderr)
    return Exit.OK


def _show(entity: str, found: Sequence[CustomField]) -> None:
    if not found:
        print(f"{entity} has no custom fields that we may see.")
        return
    rows = [(one.name, one.type, ", ".join(one.mapped_in) or "no") for one in found]
    screen().print(table(f"Custom fields of {entity}", ("field", "type", "mapped"), rows))
    for one in found:
        if one.lines and not one.mapped_in:
            print(f"\nTo map {one.name}:")
            for where, line in one.lines.items():
                print(f"  # {where}\n  {line}")
