"""Steps that choose a value: by a table, by a country's name, or because there is none."""

from __future__ import annotations

from yaml.nodes import MappingNode, Node

from mappings.bench import Bench, Step
from mappings.context import Scope
from mappings.document import entries, word
from mappings.problems import MappingProblem, shown
from mappings.rules import argument
from mappings.tables import at_run_time
from mappings.values import is_blank, text_of


def default(node: Node, bench: Bench) -> Step:
    """`default: 30` or `default: {setting: nominal_code}`: the argument, where the value is blank."""
    other = argument(node, bench)
    return lambda value, scope: other(scope) if is_blank(value) else value


def lookup(node: Node, bench: Bench) -> Step:
    """`lookup: statuses` or `lookup: {table: statuses, missing: keep}`: what a table says of the value.

    A value that is not in the table is refused, kept or made blank, as `missing` says.
    """
    given = (
        entries(node, ("table", "missing"), needed=("table",))
        if isinstance(node, MappingNode)
        else {"table": node}
    )
    missing = word(given["missing"], ("refuse", "keep", "blank")) if "missing" in given else "refuse"
    name, label = bench.table(given["table"]), bench.label
    table = at_run_time(bench.tables[name], name, label)

    def found(value: object, scope: Scope) -> object:
        if is_blank(value):
            return None
        entry = table(scope).get(text_of(value))
        if entry is not None:
            return entry
        if missing == "refuse":
            raise MappingProblem(label, f"{label} is {shown(value)}, which table {name} does not list", value)
        return value if missing == "keep" else None

    return found


def country(bench: Bench) -> Step:
    """`country`: the ISO code of a country's name or code, as `countries.yaml` lists them."""
    countries, label = bench.countries, bench.label

    def coded(value: object, _scope: Scope) -> object:
        if is_blank(value):
            return None
        code = countries.code(text_of(value))
        if code is None:
            raise MappingProblem(
                label, f"{label} is {shown(value)}, a country that countries.yaml does not list", value
            )
        return code

    return coded


def country_name(bench: Bench) -> Step:
    """`country_name`: the name of a country's ISO code, as `countries.yaml` lists it; a code without one stays."""
    names = bench.countries.names
    return lambda value, _scope: None if is_blank(value) else names.get(text_of(value), text_of(value))
