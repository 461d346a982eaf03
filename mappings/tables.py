"""Tables of a mapping file: its own, or declared `given` and brought by the context; not what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yaml.nodes import MappingNode, Node

from mappings.context import Scope
from mappings.document import Scalar, entries, scalar, word
from mappings.problems import MappingProblem

Table = Mapping[str, Scalar]


def tables(node: Node) -> dict[str, Table | None]:
    """The tables declared at `node`; None stands for one that is given at run time."""
    return {name: _table(one) for name, one in entries(node).items()}


def at_run_time(own: Table | None, name: str, label: str) -> Callable[[Scope], Table]:
    """A function that gives the table called `name`: the file's `own`, or the context's."""
    if own is not None:
        return lambda _scope: own

    def given(scope: Scope) -> Table:
        table = scope.context.tables.get(name)
        if table is None:
            raise MappingProblem(label, f"table {name}, which {label} needs, was not given")
        return table

    return given


def _table(node: Node) -> Table | None:
    if not isinstance(node, MappingNode):
        word(node, ("given",))
        return None
    return {key: scalar(value) for key, value in entries(node).items()}
