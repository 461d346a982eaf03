"""The relationships of a Salesforce object that a mapping file may follow: parents, and lists of children."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from yaml.nodes import Node

from mappings.bench import Bench
from mappings.conditions import Condition, condition
from mappings.document import Wrong, entries, flag, items, text, whole
from mappings.paths import Path, parse

_NAME = re.compile(r"[A-Za-z]\w*")
_ORDER = re.compile(r"[A-Za-z][\w.]*( DESC)?")
_LIST_ONLY = ("where", "order", "limit", "parent")


@dataclass(frozen=True)
class Relation:
    """Where a relationship leads; only one that leads to `many` is narrowed and ordered."""

    object: str
    many: bool = False
    #: The child's field that holds its parent's id, where a mapping writes the children too.
    parent: str = ""
    where: Condition | None = None
    order: tuple[str, ...] = ()
    limit: int | None = None


def relations(node: Node, bench: Bench) -> dict[str, Relation]:
    """The relations declared at `node`, by dotted name; a parent is declared before what is reached through it."""
    found: dict[str, Relation] = {}
    for name, one in entries(node).items():
        parent = name.rpartition(".")[0]
        if parent and parent not in found:
            raise Wrong(one, f"{name!r} is reached through {parent!r}; expected that to be declared above it")
        found[name] = _relation(name, one, bench)
        if found[name].many and parent:
            raise Wrong(one, f"{name!r}: a list inside {parent!r} cannot be queried")
    return found


def check_relation(known: Mapping[str, Relation], path: Path) -> None:
    """Raise ValueError unless each relationship on `path` is declared, and is a list where it is used as one."""
    names: list[str] = []
    for token, following in zip(path.tokens, (*path.tokens[1:], None), strict=True):
        if not isinstance(token, str):
            if not known[".".join(names)].many:
                raise ValueError(f"{path.text!r}: {names[-1]!r} is not declared as many")
            continue
        names.append(token)
        if following is not None and ".".join(names) not in known:
            declared = ", ".join(known) or "none"
            raise ValueError(
                f"{path.text!r}: {'.'.join(names)!r} is not declared under relations; declared: {declared}"
            )


def _relation(name: str, node: Node, bench: Bench) -> Relation:
    parts = entries(node, ("object", "many", *_LIST_ONLY), needed=("object",))
    many = "many" in parts and flag(parts["many"])
    alone = [key for key in _LIST_ONLY if key in parts]
    if alone and not many:
        raise Wrong(parts[alone[0]], f"{alone[0]} needs many: true")
    # The condition becomes part of the query; its fields need not come back, so what it uses is not kept.
    inner = replace(bench, used=[], base=parse(name), check=lambda _path: None)
    return Relation(
        object_name(parts["object"]),
        many,
        object_name(parts["parent"]) if "parent" in parts else "",
        condition(parts["where"], inner) if "where" in parts else None,
        tuple(_matching(one, _ORDER, "a field, or a field and DESC") for one in items(parts["order"]))
        if "order" in parts
        else (),
        whole(parts["limit"]) if "limit" in parts else None,
    )


def object_name(node: Node) -> str:
    """The name of a foreign object, safe to stand in a query."""
    return _matching(node, _NAME, "the name of an object")


def _matching(node: Node, pattern: re.Pattern[str], expected: str) -> str:
    said = text(node)
    if not pattern.fullmatch(said):
        raise Wrong(node, f"expected {expected}, found {said!r}")
    return said
