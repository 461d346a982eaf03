"""Which change leads to which delivery: the rows of `flows.yaml`; not how a delivery is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final, get_args

from yaml.nodes import Node

from canonical.change import Change, Kind, Source
from mappings import pairing
from mappings.bench import Bench
from mappings.conditions import Condition, condition
from mappings.document import Document, Wrong, entries, items, text, whole, word
from mappings.paths import Path
from mappings.places import Countries
from mappings.plan import FieldPlan, plan
from mappings.recordmapping import Direction, RecordMapping
from mappings.steps import STEPS
from mappings.worth import Worth, worth

_SYSTEMS: Final[Mapping[str, Source]] = {"salesforce": "salesforce", "kashflow": "kashflow"}
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}
_NEEDED = ("source", "source_entity", "target", "target_entity", "reads", "writes", "lock")
KEYS = (
    *_NEEDED,
    "when_changed",
    "condition",
    "kinds",
    "batch_size",
    "priority",
    "needs",
    "write_back",
    "worth",
    "other_way",
    *pairing.KEYS,
    "passes_to",
)
#: A deletion is news for a flow only where its row says so.
_USUAL_KINDS: Final[frozenset[Kind]] = frozenset(_KINDS.values()) - {"deleted"}


@dataclass(frozen=True)
class Flow:
    """One row: changes of `source_entity` become deliveries to `target_entity`."""

    name: str
    source: Source
    source_entity: str
    target: Source
    #: Our name for what is written, such as `invoice`.
    target_entity: str
    #: Names of the mappings that read the source record and write the target payload.
    reads: str
    writes: str
    #: What one query of the source must bring: for `reads` and for the condition.
    plan: FieldPlan
    #: Of what kind a change must be; with none, only another flow's need starts this one.
    kinds: frozenset[Kind]
    #: Source fields; an update that touches none of them is no news. Empty: every update is.
    when_changed: frozenset[str]
    #: What the source record must meet to be delivered at all; None: every one is.
    condition: Condition | None
    #: Template of the key that keeps two deliveries of one record apart; knows `{record_id}`.
    lock: str
    #: How many records a worker takes at once.
    batch_size: int
    #: 0 is sent first.
    priority: int
    #: Name of the flow that has to bring something to the target first; blank when none does.
    needs: str
    #: Name of the flow that brings the outcome back to the source; blank when none does.
    write_back: str
    #: The fields of the source record that the write-back writes: a change of these alone is our own.
    written_back: frozenset[str]
    #: Where the source record says what it is worth; None where a failure puts no money at risk.
    worth: Worth | None = None
    #: The object that `writes` is about, such as `Opportunity`.
    target_object: str = ""
    #: The unique external id by which records of it are upserted; blank where only linked records are written.
    key: str = ""
    #: How its records are kept in step with the other side; None for a flow of one direction.
    pairing: pairing.Pairing | None = None
    #: Name of the flow that does the work, for the record that this one's mapping names; blank for a flow of its own.
    passes_to: str = ""
    #: What was written is deleted when the source's record is.
    deletes: bool = False

    @property
    def queue(self) -> str:
        """The queue its deliveries wait on, such as `kashflow.invoice`."""
        return f"{self.target}.{self.target_entity}"

    def lock_for(self, record_id: str) -> str:
        """The lock key of one record."""
        return self.lock.format(record_id=record_id)

    def watches(self, change: Change) -> bool:
        """Is `change` news for this flow? A change that does not say what changed is.

        A part of a compound field counts as the field: `BillingAddress.City` is `BillingAddress`.
        """
        if (change.source, change.entity) != (
            self.source,
            self.source_entity,
        ) or change.kind not in self.kinds:
            return False
        if change.kind != "updated" or not change.changed_fields or not self.when_changed:
            return True
        return any(
            one in self.when_changed or one.partition(".")[0] in self.when_changed
            for one in change.changed_fields
        )


def flows_of(
    root: Node, document: Document, mappings: Mapping[str, RecordMapping], countries: Countries
) -> tuple[Flow, ...]:
    """The flows that `root` lists, those of priority 0 first; what is wrong is gathered in `document`."""
    found: list[Flow] = []
    rows: dict[str, Node] = {}
    with document.gathering():
        rows = entries(root)
    for name, row in rows.items():
        with document.gathering():
            found.append(_flow(name, row, rows, mappings, countries))
    return tuple(sorted(found, key=lambda flow: flow.priority))


def _flow(
    name: str,
    row: Node,
    rows: Mapping[str, Node],
    mappings: Mapping[str, RecordMapping],
    countries: Countries,
) -> Flow:
    parts = entries(row, KEYS, needed=_NEEDED)
    source, target = (_SYSTEMS[word(parts[key], _SYSTEMS)] for key in ("source", "target"))
    reads = _mapping(parts["reads"], mappings, source, "read")
    writes = _mapping(parts["writes"], mappings, target, "write")
    if reads.kind.noun is not writes.kind.noun:
        gives, takes = reads.kind.noun.__name__, writes.kind.noun.__name__
        raise Wrong(parts["writes"], f"{writes.name} writes {takes}, but {reads.name} reads {gives}")
    entity = text(parts["source_entity"])
    if reads.entity != entity:
        raise Wrong(parts["reads"], f"{reads.name} reads {reads.entity}, not {entity}")
    met, asked = _condition(parts.get("condition"), entity, countries)
    write_back = word(parts["write_back"], rows) if "write_back" in parts else ""
    pair, looked_at = pairing.pairing(
        row, rows, reads.kind.noun, lambda node: _condition(node, entity, countries)
    )
    joined = _joined(row, reads.plan, asked, *([looked_at] if looked_at else []))
    if pair is not None and source == "salesforce":
        joined = joined.stamped()
    return Flow(
        name=name,
        source=source,
        source_entity=entity,
        target=target,
        target_entity=text(parts["target_entity"]),
        reads=reads.name,
        writes=writes.name,
        plan=joined,
        kinds=frozenset(_KINDS[word(one, _KINDS)] for one in items(parts["kinds"]))
        if "kinds" in parts
        else _USUAL_KINDS,
        when_changed=frozenset(text(one) for one in items(parts["when_changed"]))
        if "when_changed" in parts
        else frozenset(),
        condition=met,
        lock=_lock(parts["lock"]),
        batch_size=whole(parts["batch_size"]) if "batch_size" in parts else 1,
        priority=whole(parts["priority"], least=0) if "priority" in parts else 0,
        needs=word(parts["needs"], rows) if "needs" in parts else "",
        write_back=write_back,
        written_back=_written_by(rows[write_back], mappings) if write_back else frozenset(),
        worth=worth(parts["worth"], joined) if "worth" in parts else None,
        target_object=writes.entity,
        key=writes.key,
        pairing=pair,
        passes_to=word(parts["passes_to"], rows) if "passes_to" in parts else "",
        deletes=pair is None and pairing.deletes(parts.get("when_gone"), key=writes.key),
    )


def _written_by(row: Node, mappings: Mapping[str, RecordMapping]) -> frozenset[str]:
    """The fields that the flow at `row` writes; empty where its row is wrong, which is told for that row."""
    node = entries(row).get("writes")
    mapping = mappings.get(text(node)) if node is not None else None
    return frozenset(mapping.plan.fields) - {"Id"} if mapping is not None else frozenset()


def _mapping(
    node: Node, mappings: Mapping[str, RecordMapping], system: Source, direction: Direction
) -> RecordMapping:
    mapping = mappings[word(node, mappings)]
    if mapping.system != system:
        raise Wrong(node, f"{mapping.name} is about {mapping.system}; expected a mapping of {system}")
    if not mapping.can(direction):
        raise Wrong(node, f"{mapping.name} has no {direction} section")
    return mapping


def _condition(node: Node | None, entity: str, countries: Countries) -> tuple[Condition | None, FieldPlan]:
    """The condition, and the fields of the source record that it looks at."""
    bench = Bench(countries, {}, {}, STEPS, _own_field)
    met = condition(node, bench) if node is not None else None
    return met, plan(entity, {}, bench.used)


def _own_field(path: Path) -> None:
    if len(path.tokens) != 1:
        raise ValueError(f"{path.text!r}: expected a field of the record itself")


def _joined(row: Node, *plans: FieldPlan) -> FieldPlan:
    whole_plan, *others = plans
    try:
        for other in others:
            whole_plan = whole_plan.joined(other)
    except ValueError as error:
        raise Wrong(row, str(error)) from None
    return whole_plan


def _lock(node: Node) -> str:
    template = text(node)
    try:
        names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
    except ValueError:
        names = []
    if names != ["record_id"]:
        raise Wrong(
            node,
            f"expected a template with {{record_id}} once, like invoice:{{record_id}}, found {template!r}",
        )
    return template
