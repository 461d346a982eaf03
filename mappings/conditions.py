"""When something applies: `all` or `any` of a closed list of comparisons. There is no expression language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from yaml.nodes import Node

from mappings.bench import Bench, Reach
from mappings.document import Scalar, Wrong, entries, flag, items, scalar, text
from mappings.problems import MappingProblem, shown
from mappings.values import is_blank, number_of, same, text_of


@dataclass(frozen=True)
class Clause:
    """One comparison: `field` against `operand`."""

    field: str
    comparison: str
    operand: Scalar | tuple[Scalar, ...]
    reach: Reach
    holds: Callable[[object], bool]

    def met(self, item: object, root: object) -> bool:
        """Does it hold?"""
        value = self.reach(item, root)
        try:
            return self.holds(value)
        except ValueError:
            said = f"{self.field} should be a number, but is {shown(value)}"
            raise MappingProblem(self.field, said, value) from None

    def unmet(self, item: object, root: object) -> str:
        """Why it does not hold, in words; blank when it does."""
        if self.met(item, root):
            return ""
        value = self.reach(item, root)
        found = "blank" if is_blank(value) else _said(value)
        return f"{self.field} is {found}, and must {_WORDS[self.comparison]} {_operand_text(self.operand)}".rstrip()


@dataclass(frozen=True)
class Condition:
    """Clauses of which all must hold, or any."""

    clauses: tuple[Clause, ...]
    any_will_do: bool = False

    def holds(self, item: object, root: object = None) -> bool:
        """Does `item`, a row of `root` or a record itself, meet the condition?"""
        whole = item if root is None else root
        for clause in self.clauses:
            if clause.met(item, whole) is self.any_will_do:
                return self.any_will_do
        return not self.any_will_do

    def unmet(self, item: object, root: object = None) -> str:
        """Why `item`, a row of `root` or a record itself, does not meet the condition; blank when it does."""
        whole = item if root is None else root
        reasons = [clause.unmet(item, whole) for clause in self.clauses]
        if self.any_will_do:
            return "; ".join(reasons) if all(reasons) else ""
        return next((reason for reason in reasons if reason), "")


def condition(node: Node, bench: Bench) -> Condition:
    """The condition written at `node`: one clause, or a list of them under `all` or `any`."""
    parts = entries(node)
    for word in ("all", "any"):
        if word in parts:
            entries(node, {word})
            return Condition(tuple(_clause(one, bench) for one in items(parts[word])), word == "any")
    return Condition((_clause(node, bench),))


def _clause(node: Node, bench: Bench) -> Clause:
    parts = entries(node, {"field", *COMPARISONS})
    comparisons = [name for name in parts if name != "field"]
    if "field" not in parts or len(comparisons) != 1:
        raise Wrong(node, f"expected field and exactly one of {', '.join(sorted(COMPARISONS))}")
    name = comparisons[0]
    operand, holds = COMPARISONS[name](parts[name])
    return Clause(text(parts["field"]), name, operand, bench.reach(parts["field"]), holds)


Compiled = tuple[Scalar | tuple[Scalar, ...], Callable[[object], bool]]


def _equals(node: Node) -> Compiled:
    wanted = scalar(node)
    return wanted, lambda value: same(value, wanted)


def _not_equals(node: Node) -> Compiled:
    wanted = scalar(node)
    return wanted, lambda value: not same(value, wanted)


def _one_of(node: Node) -> Compiled:
    wanted = tuple(scalar(one) for one in items(node))
    return wanted, lambda value: any(same(value, one) for one in wanted)


def _blank(node: Node) -> Compiled:
    wanted = flag(node)
    return wanted, lambda value: is_blank(value) is wanted


def _greater_than(node: Node) -> Compiled:
    bound = _bound(node)
    return bound, lambda value: not is_blank(value) and number_of(value) > bound


def _less_than(node: Node) -> Compiled:
    bound = _bound(node)
    return bound, lambda value: not is_blank(value) and number_of(value) < bound


def _bound(node: Node) -> Decimal:
    try:
        return number_of(scalar(node))
    except ValueError:
        raise Wrong(node, f"expected a number, found {text(node)!r}") from None


def _said(value: object) -> str:
    return shown(value) if isinstance(value, str) else text_of(value)


def _operand_text(operand: Scalar | tuple[Scalar, ...]) -> str:
    if isinstance(operand, tuple):
        return ", ".join(text_of(one) for one in operand)
    return "blank" if operand is None else text_of(operand)


COMPARISONS: dict[str, Callable[[Node], Compiled]] = {
    "equals": _equals,
    "not_equals": _not_equals,
    "in": _one_of,
    "blank": _blank,
    "greater_than": _greater_than,
    "less_than": _less_than,
}

_WORDS = {
    "equals": "be",
    "not_equals": "not be",
    "in": "be one of",
    "blank": "be blank:",
    "greater_than": "be more than",
    "less_than": "be less than",
}
