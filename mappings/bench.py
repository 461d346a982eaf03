"""The workbench on which rules are made ready once, at load: what a rule may refer to, and what it did refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from yaml.nodes import Node

from mappings.context import Scope
from mappings.document import Scalar, Wrong, text
from mappings.paths import Getter, Path, getter, parse
from mappings.places import Countries

#: Takes a row of a list (or the record) and the whole record, gives what a path leads to.
Reach = Callable[[object, object], object]
#: What a rule becomes: it gives a value.
Value = Callable[[Scope], object]
#: What one of a rule's steps becomes: it takes a value and gives another.
Step = Callable[[object, Scope], object]


@dataclass(frozen=True)
class Steps:
    """The closed list of steps: what makes each ready, by name; some are written bare, some with an argument."""

    bare: Mapping[str, Callable[[Bench], Step]]
    argued: Mapping[str, Callable[[Node, Bench], Step]]


@dataclass(frozen=True)
class Use:
    """A field that a rule reads; an optional one is left out of queries where the organisation lacks it."""

    path: Path
    optional: bool


@dataclass(frozen=True)
class Bench:
    """What is known while a file is compiled. `used` gathers as it goes; everything else is given."""

    countries: Countries
    settings: Mapping[str, Scalar]
    #: Tables of the file; None for one that is given at run time.
    tables: Mapping[str, Mapping[str, Scalar] | None]
    steps: Steps
    #: Raises ValueError for a path, seen from the whole record, that cannot be read.
    check: Callable[[Path], None]
    used: list[Use] = field(default_factory=list)
    #: The list whose rows the rules are about; None for the record itself.
    base: Path | None = None
    optional: bool = False
    #: The other system's name of the field at hand, for messages.
    label: str = ""

    def inside(self, base: Path) -> Bench:
        """The bench for the rows of the list at `base`."""
        return replace(self, base=base.under(self.base))

    def path(self, node: Node) -> Path:
        """The path written at `node`, checked."""
        try:
            path = parse(text(node))
            self.check(path.under(self.base))
        except ValueError as error:
            raise Wrong(node, str(error)) from None
        return path

    def reach(self, node: Node) -> Reach:
        """A function that reads the path written at `node`; the path is remembered as used."""
        get, from_root = self._getter(node)
        if from_root:
            return lambda _item, root: get(root)
        return lambda item, _root: get(item)

    def value(self, node: Node) -> Value:
        """What the path written at `node` leads to, as a rule's value."""
        get, from_root = self._getter(node)
        if from_root:
            return lambda scope: get(scope.root)
        return lambda scope: get(scope.item)

    def _getter(self, node: Node) -> tuple[Getter, bool]:
        path = self.path(node)
        full = path.under(self.base)
        self.used.append(Use(full, self.optional))
        return getter(replace(path, text=full.text)), path.from_root

    def label_since(self, seen: int) -> str:
        """The field to name in messages: the first used after `seen` others that every organisation has."""
        uses = sorted(self.used[seen:], key=lambda use: use.optional)
        return uses[0].path.text if uses else ""

    def setting(self, node: Node) -> str:
        """The name of a setting, which the file must declare."""
        return self._declared(node, self.settings, "settings")

    def table(self, node: Node) -> str:
        """The name of a table, which the file must declare."""
        return self._declared(node, self.tables, "tables")

    def _declared(self, node: Node, known: Mapping[str, object], section: str) -> str:
        name = text(node)
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise Wrong(node, f"{name!r} is not declared under {section}; declared there: {names}")
        return name
