"""A `read` or `write` section: which fields are filled, each by its rule; not what a rule can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode

from mappings.bench import Bench, Reach
from mappings.conditions import Condition, condition
from mappings.context import Scope
from mappings.document import Document, Wrong, entries, flag, text
from mappings.fit import Fit, KeyedRowsFit, RecordFit, ValueFit, WholeRowsFit
from mappings.paths import Chosen, Path, Token, parse, put, rows
from mappings.rules import rule
from mappings.values import is_blank

LIST_KEYS = ("each", "fields", "where", "match", "when_empty", "omit_blank")
WRITE_MANNERS = ("create_only", "omit_blank")

Fill = Callable[[dict[str, Any], Scope], None]


@dataclass
class Section:
    """The compiled fields of one section, or of the rows of one of its lists."""

    fills: list[Fill] = field(default_factory=list)
    #: Names that lead to records or lists made here: left out where all in them is blank.
    groups: set[str] = field(default_factory=set)
    fit: RecordFit = field(default_factory=RecordFit)
    #: The other system's name of what fills a field of ours, by the field's names.
    labels: dict[tuple[str, ...], str] = field(default_factory=dict)
    #: The path whose value a field shows, whatever its steps, by the field; not of what depends on more than that.
    sources: dict[str, str] = field(default_factory=dict)
    #: Fields written that the other system may lack.
    optional: set[str] = field(default_factory=set)

    def build(self, scope: Scope) -> dict[str, Any]:
        """The filled fields."""
        built: dict[str, Any] = {}
        for fill in self.fills:
            fill(built, scope)
        for name in self.groups:
            if name in built and _empty(built[name]):
                del built[name]
        return built


@dataclass(frozen=True)
class Compiler:
    """Compiles one section. `writes` tells which of the two; `check` raises ValueError for a field we lack."""

    document: Document
    writes: bool
    check: Callable[[Path], None]

    def section(self, node: Node, bench: Bench, base: Path | None = None) -> Section:
        """The section at `node`; `base` is the list of ours whose rows it fills. Faults go to the document."""
        section = Section()
        for name, one in entries(node).items():
            with self.document.gathering():
                self._field(section, name, one, bench, base)
        return section

    def _field(self, section: Section, name: str, node: Node, bench: Bench, base: Path | None) -> None:
        target = self._target(name, node, base)
        bench = replace(bench, label=target.under(base).text if self.writes else "")
        if len(target.tokens) > 1:
            section.groups.add(target.names()[0])
        if isinstance(node, MappingNode) and any(text(key) == "each" for key, _ in node.value):
            fill, fit = self._rows(section, target, node, bench, base)
        else:
            fill, fit = self._rule(section, target, node, bench)
        section.fills.append(fill)
        if self.writes:
            _plant(section.fit, target.tokens, fit, node)

    def _target(self, name: str, node: Node, base: Path | None) -> Path:
        try:
            target = parse(name)
            if not self.writes:
                self.check(target.under(base))
        except ValueError as error:
            raise Wrong(node, str(error)) from None
        if target.from_root or not isinstance(target.tokens[-1], str):
            raise Wrong(node, f"{name!r} cannot be filled; expected a path that ends in a name")
        return target

    def _rule(self, section: Section, target: Path, node: Node, bench: Bench) -> tuple[Fill, Fit]:
        manners = entries(node) if self.writes and isinstance(node, MappingNode) else {}
        seen = len(bench.used)
        compiled = rule(node, bench, also=WRITE_MANNERS if self.writes else ())
        section.labels[target.names()] = bench.label_since(seen) or target.text
        if source := _source(node):
            section.sources[target.text] = source
        if "optional" in manners and flag(manners["optional"]):
            section.optional.add(target.text)
        omit_blank = not self.writes or ("omit_blank" in manners and flag(manners["omit_blank"]))
        create_only = "create_only" in manners and flag(manners["create_only"])
        fit = ValueFit(compiled.last_step in ("noon_date", "iso_date", "uk_date"), create_only)
        return _filler(target.tokens, compiled.value, omit_blank), fit

    def _rows(
        self, section: Section, target: Path, node: Node, bench: Bench, base: Path | None
    ) -> tuple[Fill, Fit]:
        parts = entries(node, LIST_KEYS, needed=("each", "fields"))
        list_path = bench.path(parts["each"])
        reach, inner = bench.reach(parts["each"]), replace(bench.inside(list_path), label="")
        row = self.section(parts["fields"], inner, target.under(base))
        where = condition(parts["where"], inner) if "where" in parts else None
        spare = (
            self.section(parts["when_empty"], bench, target.under(base)) if "when_empty" in parts else None
        )
        for names, label in (*(spare.labels.items() if spare else ()), *row.labels.items()):
            section.labels[target.names() + names] = label
        omit_blank = not self.writes or ("omit_blank" in parts and flag(parts["omit_blank"]))
        value = _row_maker(reach, list_path.text, row, where, spare)
        fit = KeyedRowsFit(text(parts["match"]), row.fit) if "match" in parts else WholeRowsFit(row.fit)
        return _filler(target.tokens, value, omit_blank), fit


def _source(node: Node) -> str:
    """The one path that a rule is about; blank for one that chooses."""
    if isinstance(node, MappingNode):
        parts = {text(key): value for key, value in node.value}
        node = parts.get("from", node) if "when" not in parts else node
    return text(node) if isinstance(node, ScalarNode) else ""


def _row_maker(
    reach: Reach, label: str, row: Section, where: Condition | None, spare: Section | None
) -> Callable[[Scope], object]:
    def made(scope: Scope) -> object:
        members = rows(reach(scope.item, scope.root), label)
        built = [
            row.build(Scope(member, scope.root, scope.context))
            for member in members
            if where is None or where.holds(member, scope.root)
        ]
        return [spare.build(scope)] if spare is not None and not built else built

    return made


def _filler(tokens: tuple[Token, ...], value: Callable[[Scope], object], omit_blank: bool) -> Fill:
    name = str(tokens[-1]) if len(tokens) == 1 else ""

    def fill(built: dict[str, Any], scope: Scope) -> None:
        found = value(scope)
        if omit_blank and (is_blank(found) or (isinstance(found, list) and not found)):
            return
        if name:
            built[name] = found  # as `put` does; most fields are of this kind
        else:
            put(built, tokens, found)

    return fill


def _empty(value: object) -> bool:
    """Is there nothing in it, at any depth? A list of rows that only say which they are counts as something."""
    if isinstance(value, dict):
        return all(_empty(one) for one in value.values())
    return all(_empty(one) for one in value) if isinstance(value, list) else is_blank(value)


def _plant(root: RecordFit, tokens: tuple[Token, ...], fit: Fit, node: Node) -> None:
    """Hang `fit` where `tokens` lead, making records and rows on the way."""
    here = root
    rest = list(tokens)
    while len(rest) > 1:
        name = str(rest.pop(0))
        row = rest.pop(0) if not isinstance(rest[0], str) else None
        wanted: Fit = RecordFit() if row is None else KeyedRowsFit(row.key if isinstance(row, Chosen) else "")
        there = here.fields.setdefault(name, wanted)
        if isinstance(there, KeyedRowsFit) and isinstance(wanted, KeyedRowsFit) and there.key == wanted.key:
            here = _named(there, row)
        elif isinstance(there, RecordFit) and isinstance(wanted, RecordFit):
            here = there
        else:
            raise Wrong(node, f"{name!r} is filled in two ways that do not go together")
    if str(rest[0]) in here.fields:
        raise Wrong(node, f"{rest[0]!r} is filled twice")
    here.fields[str(rest[0])] = fit


def _named(fit: KeyedRowsFit, row: Token | None) -> RecordFit:
    """The fit of the row that `row` chooses."""
    if isinstance(row, Chosen):
        return fit.named.setdefault(row.value, RecordFit({row.key: ValueFit(create_only=True)}))
    return fit.named.setdefault(row, RecordFit()) if isinstance(row, int) else fit.row
