"""A YAML file as nodes that still know their line; knows nothing of what the file should say."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal, InvalidOperation
from typing import NoReturn

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from mappings.problems import Fault

#: What a scalar of a mapping file may be. Fractions are Decimals: a VAT rate of 17.5 is exactly that.
Scalar = str | bool | int | Decimal | None

_NULLS = {"", "~", "null"}
_FLAGS = {"true": True, "false": False}

#: The parser in C where PyYAML has it, as its wheels do: all files take a hundredth of a second instead of a tenth.
_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Wrong(Exception):
    """What stands at `node` is not what was expected; becomes a `Fault` where the file's name is known."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message


class Document:
    """One file while it is being read: gathers every fault instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def gathering(self) -> Gathering:
        """A block in which a `Wrong` becomes a fault of this file; what follows the block goes on."""
        return Gathering(self)

    def parse(self, text: str) -> Node | None:
        """The file's root, or None (and a fault) when `text` is not YAML or holds nothing."""
        try:
            root = _composed(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.faults.append(Fault(self.file, mark.line + 1 if mark else 0, f"not YAML: {error.problem}"))
            return None
        except yaml.YAMLError as error:
            self.faults.append(Fault(self.file, 0, f"not YAML: {error}"))
            return None
        if root is None:
            self.faults.append(Fault(self.file, 1, "is empty; expected a mapping"))
        return root


def _composed(text: str) -> Node | None:
    """Raises YAMLError."""
    try:
        return yaml.compose(text, Loader=_FAST_LOADER)
    except yaml.YAMLError:
        # The slow one says better where.
        return yaml.compose(text, Loader=yaml.SafeLoader)


class Gathering:
    """See `Document.gathering`. A class, because only its `-> bool` tells the type checker that errors end here."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, Wrong):
            return False
        self.document.faults.append(Fault(self.document.file, line_of(error.node), error.message))
        return True


def line_of(node: Node) -> int:
    """The line, from 1, on which `node` starts."""
    return int(node.start_mark.line) + 1


def entries(
    node: Node, known: Collection[str] | None = None, needed: Collection[str] = ()
) -> dict[str, Node]:
    """The values of a mapping by key, as written; `known` closes the list of keys, the `needed` ones must be there.

    Keys are never anything but text: `NO` is Norway here, not false.
    """
    if not isinstance(node, MappingNode):
        refuse(node, "a mapping (key: value)")
    found: dict[str, Node] = {}
    for key, value in node.value:
        name = text(key)
        if name in found:
            raise Wrong(key, f"{name!r} is there twice")
        if known is not None and name not in known:
            raise Wrong(key, f"unknown key {name!r}; expected one of {', '.join(sorted(known))}")
        found[name] = value
    missing = [name for name in needed if name not in found]
    if missing:
        raise Wrong(node, f"lacks {', '.join(missing)}")
    return found


def items(node: Node) -> list[Node]:
    """The members of a list."""
    if not isinstance(node, SequenceNode):
        refuse(node, "a list")
    return list(node.value)


def text(node: Node) -> str:
    """A scalar exactly as it is written."""
    if not isinstance(node, ScalarNode):
        refuse(node, "text")
    return str(node.value)


def word(node: Node, known: Collection[str]) -> str:
    """A scalar that is one of `known`."""
    said = text(node)
    if said not in known:
        raise Wrong(node, f"{said!r} is not known here; expected one of {', '.join(sorted(known))}")
    return said


def scalar(node: Node) -> Scalar:
    """The value of a scalar. Quoted is text; unquoted true and false are flags, digits are numbers.

    Nothing else is guessed: `yes`, `NO` and `2026-01-31` are text.
    """
    said = text(node)
    if not isinstance(node, ScalarNode) or node.style in ("'", '"', "|", ">"):
        return said
    if said in _NULLS:
        return None
    if said in _FLAGS:
        return _FLAGS[said]
    if said[0] not in "+-.0123456789" or (said.isdigit() and said != "0" and said.startswith("0")):
        return said
    try:
        number = Decimal(said)
    except InvalidOperation:
        return said
    return int(said) if number == number.to_integral_value() and said.lstrip("+-").isdigit() else number


def flag(node: Node) -> bool:
    """A scalar that is true or false."""
    value = scalar(node)
    if not isinstance(value, bool):
        refuse(node, "true or false")
    return value


def whole(node: Node, least: int = 1) -> int:
    """A scalar that is a whole number, at least `least`."""
    value = scalar(node)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        refuse(node, f"a whole number from {least}")
    return value


def refuse(node: Node, expected: str) -> NoReturn:
    """Raise `Wrong`: `node` is not what was `expected`."""
    raise Wrong(node, f"expected {expected}, found {_kind(node)}")


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, SequenceNode) else repr(str(node.value))
