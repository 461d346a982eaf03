"""Steps on numbers and flags: nothing here ever sees a float."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce

from yaml.nodes import Node

from canonical.money import pence
from mappings.bench import Bench, Step
from mappings.context import Scope
from mappings.document import whole
from mappings.problems import MappingProblem, shown
from mappings.values import flag_of, is_blank, number_of

_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


def number(bench: Bench) -> Step:
    """`number`: text such as "1,234.50" as an exact number."""
    label = bench.label

    def exact(value: object, _scope: Scope) -> object:
        if is_blank(value):
            return None
        return _number(value, label)

    return exact


def integer(bench: Bench) -> Step:
    """`integer`: a whole number; 4000.00 is one, 4000.5 is a problem."""
    label = bench.label

    def exact(value: object, _scope: Scope) -> object:
        if is_blank(value):
            return None
        found = _number(value, label)
        if found != found.to_integral_value():
            raise MappingProblem(label, f"{label} should be a whole number, but is {shown(value)}", value)
        return int(found)

    return exact


def rounded(node: Node, bench: Bench) -> Step:
    """`round: 2`: a number to that many decimals, half up."""
    label, unit = bench.label, Decimal(1).scaleb(-whole(node, least=0))

    def to_unit(value: object, _scope: Scope) -> object:
        return None if is_blank(value) else _number(value, label).quantize(unit, context=_WIDE)

    return to_unit


def multiply(bench: Bench) -> Step:
    """`multiply`: the product of a list of numbers, in pence; a blank among them makes it blank."""
    label = bench.label

    def product(value: object, _scope: Scope) -> object:
        factors = value if isinstance(value, list) else [value]
        if any(is_blank(factor) for factor in factors):
            return None
        return pence(reduce(_WIDE.multiply, (_number(factor, label) for factor in factors)))

    return product


def flag(bench: Bench) -> Step:
    """`flag`: true or false, also where they are written 1 and 0."""
    label = bench.label

    def known(value: object, _scope: Scope) -> object:
        try:
            return None if is_blank(value) else flag_of(value)
        except ValueError:
            raise MappingProblem(
                label, f"{label} should be true or false, but is {shown(value)}", value
            ) from None

    return known


def _number(value: object, label: str) -> Decimal:
    try:
        return number_of(value)
    except ValueError:
        raise MappingProblem(label, f"{label} should be a number, but is {shown(value)}", value) from None
