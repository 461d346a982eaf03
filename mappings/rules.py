"""One rule: where a value comes from and which steps it goes through; not where it is put."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.bench import Bench, Step, Value
from mappings.conditions import Condition, condition
from mappings.context import Scope
from mappings.document import Scalar, Wrong, entries, flag, items, scalar, word
from mappings.problems import MappingProblem
from mappings.values import is_blank

ORIGINS = ("from", "first_of", "constant", "setting", "context")
MANNERS = ("then", "when", "optional", "required")
_GIVEN: dict[str, Value] = {
    "today": lambda scope: scope.context.today,
    "currency": lambda scope: scope.context.currency,
}


@dataclass(frozen=True)
class Rule:
    """A compiled rule; `last_step` tells how its values are compared."""

    value: Value
    last_step: str = ""


def rule(node: Node, bench: Bench, also: Collection[str] = ()) -> Rule:
    """The rule written at `node`: a bare path, or a mapping with one origin; `also` names further keys it may have."""
    if isinstance(node, ScalarNode):
        return Rule(_from(node, bench))
    parts = entries(node, {*ORIGINS, *MANNERS, *also})
    origins = [name for name in ORIGINS if name in parts]
    if len(origins) != 1:
        raise Wrong(node, f"expected exactly one of {', '.join(ORIGINS)}")
    if "optional" in parts:
        bench = replace(bench, optional=flag(parts["optional"]))
    seen = len(bench.used)
    value = _ORIGIN[origins[0]](parts[origins[0]], bench)
    if not bench.label:
        bench = replace(bench, label=bench.label_since(seen))
    steps = [_step(one, bench) for one in items(parts["then"])] if "then" in parts else []
    value = _through(value, [step for _, step in steps])
    if "when" in parts:
        value = _only_when(condition(parts["when"], bench), value)
    if "required" in parts and flag(parts["required"]):
        value = _required(value, bench.label)
    return Rule(value, steps[-1][0] if steps else "")


def argument(node: Node, bench: Bench) -> Value:
    """A step's argument: a constant, or a rule where it is a mapping."""
    if isinstance(node, MappingNode):
        return rule(node, bench).value
    constant = scalar(node)
    return lambda _scope: constant


def _from(node: Node, bench: Bench) -> Value:
    if isinstance(node, SequenceNode):
        members = [rule(one, bench).value for one in items(node)]
        return lambda scope: [member(scope) for member in members]
    if isinstance(node, MappingNode):
        named = [(name, rule(one, bench).value) for name, one in entries(node).items()]
        return lambda scope: {name: member(scope) for name, member in named}
    return bench.value(node)


def _first_of(node: Node, bench: Bench) -> Value:
    candidates = [rule(one, bench).value for one in items(node)]

    def first(scope: Scope) -> object:
        for candidate in candidates:
            value = candidate(scope)
            if not is_blank(value):
                return value
        return None

    return first


def _constant(node: Node, _bench: Bench) -> Value:
    value = scalar(node)
    return lambda _scope: value


def _setting(node: Node, bench: Bench) -> Value:
    name = bench.setting(node)
    usual: Scalar = bench.settings[name]
    return lambda scope: scope.context.settings.get(name, usual)


def _context(node: Node, _bench: Bench) -> Value:
    return _GIVEN[word(node, _GIVEN)]


_ORIGIN: dict[str, Callable[[Node, Bench], Value]] = {
    "from": _from,
    "first_of": _first_of,
    "constant": _constant,
    "setting": _setting,
    "context": _context,
}


def _step(node: Node, bench: Bench) -> tuple[str, Step]:
    """The name and the compiled form of one step: a bare name, or a mapping of one name to its argument."""
    steps = bench.steps
    if isinstance(node, ScalarNode):
        name = word(node, [*steps.bare, *steps.argued])
        if name in steps.argued:
            raise Wrong(node, f"{name} needs an argument; expected {name}: ...")
        return name, steps.bare[name](bench)
    parts = entries(node, [*steps.bare, *steps.argued])
    if len(parts) != 1:
        raise Wrong(node, "expected one step: a name, or a name and its argument")
    name, given = next(iter(parts.items()))
    if name in steps.bare:
        raise Wrong(node, f"{name} takes no argument; expected the word {name} alone")
    return name, steps.argued[name](given, bench)


def _through(value: Value, steps: list[Step]) -> Value:
    if not steps:
        return value
    if len(steps) == 1:
        only = steps[0]
        return lambda scope: only(value(scope), scope)

    def run(scope: Scope) -> object:
        result = value(scope)
        for step in steps:
            result = step(result, scope)
        return result

    return run


def _only_when(met: Condition, value: Value) -> Value:
    return lambda scope: value(scope) if met.holds(scope.item, scope.root) else None


def _required(value: Value, label: str) -> Value:
    def demand(scope: Scope) -> object:
        result = value(scope)
        if is_blank(result):
            raise MappingProblem(label, f"{label} is blank, and nothing can be made without it", result)
        return result

    return demand
