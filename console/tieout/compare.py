"""The tie-out itself: every flow of the book, and from both of its sides. What is found is values; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.operations.cost import Calls
from console.operations.requeue import One
from console.tieout.deals import compare_deals, stamped_invoices, tell_lost_deals
from console.tieout.entered import compare_entered
from console.tieout.findings import Difference, Findings, Unread
from console.tieout.known import with_what_is_known
from console.tieout.mirrors import compare_fields, compare_objects
from console.tieout.pairs import compare_pairs
from console.tieout.period import Period
from console.tieout.sides import Sides, noun_of
from console.tieout.totals import Adding, Total
from mappings.book import Book
from mappings.flows import Flow
from producers.kashflow_reading import KashFlowReader
from workers.desk import Desk
from workers.targets.salesforce_objects import lacking


@dataclass(frozen=True)
class TieOut:
    """What a comparison of both sides came to."""

    period: Period
    totals: Sequence[Total]
    #: What nobody knew of.
    differences: Sequence[Difference]
    #: What is known: in review, a dead letter, or on its way.
    known: Sequence[Difference]
    #: What could not be compared just now.
    unread: Sequence[Unread]
    notes: Sequence[str]

    def mends(self) -> tuple[One, ...]:
        """The deliveries that would mend what nobody knew of, each once; first those that bring links."""
        found: dict[tuple[str, str], One] = {}
        for one in (one for difference in self.differences for one in difference.mends()):
            place = (one.flow, one.record_id)
            if place not in found or one.goes_first:
                found[place] = one
        return tuple(sorted(found.values(), key=lambda one: not one.goes_first))

    @property
    def is_equal(self) -> bool:
        """Do both sides agree, but for what is known?"""
        return not self.differences and not self.unread


class NoSuchEntity(LookupError):
    """Nothing is compared under this name; the text lists what is."""


def entities(book: Book) -> tuple[str, ...]:
    """What can be compared, by our names."""
    return tuple(dict.fromkeys(name for flow in book.flows if (name := entity_of(book, flow))))


def entity_of(book: Book, flow: Flow) -> str:
    """Under which name a flow is compared; blank for one that only serves others."""
    if not flow.kinds or flow.passes_to:
        return ""
    if flow.pairing is not None:
        return (
            flow.target_entity
            if flow.target == "kashflow"
            else book.flow(flow.pairing.other_way).target_entity
        )
    if flow.source == "kashflow":
        return noun_of(flow.source_entity)
    return next(
        (noun_of(one.source_entity) for one in book.flows if _shows(book, one, flow)), flow.target_entity
    )


def _shows(book: Book, mirror: Flow, entered: Flow) -> bool:
    """Does `mirror` keep the object that `entered` starts from? Then the two are compared together: what is there already
    must not be taken for what is not."""
    mapping = book.mapping(mirror.writes)
    objects = {mapping.entity, *(one.object for one in mapping.written.values() if one.many)}
    return bool(mirror.key) and entered.source_entity in objects


def tie_out(
    desk: Desk,
    reader: KashFlowReader,
    period: Period,
    *,
    entity: str = "",
    say: Callable[[str, int], None] = lambda _what, _done: None,
    expect: Callable[[Calls], None] = lambda _: None,
) -> TieOut:
    """Compare both sides, or one entity of them. `say` hears what is being looked at, and how many records are done;
    `expect` about how many calls it costs, once the lists are read.

    The desk's meters ought to be patient ones. Raises NoSuchEntity, and the ConnectorError of a list that cannot be read.
    """
    known = entities(desk.book)
    if entity and entity not in known:
        raise NoSuchEntity(f"nothing is compared as {entity!r}; there are {', '.join(known)}")
    flows = [
        flow for flow in desk.book.flows if entity_of(desk.book, flow) in ({entity} if entity else known)
    ]
    sides = Sides(desk, reader, period, Findings(), say)
    expect(_calls(sides, flows))
    for flow in sorted(flows, key=lambda flow: flow.source == "salesforce"):
        _compare(sides, flow)
    _compare_deals(sides, [flow for flow in flows if flow.source == "salesforce" and flow.write_back])
    totals = [total for flow in flows if flow.source == "kashflow" for total in _totals(sides, flow)]
    found = with_what_is_known(desk.ledger, desk.book, sides.findings.differences())
    return TieOut(
        period,
        totals,
        [one for one in found if not one.is_known],
        [one for one in found if one.is_known],
        sides.findings.unread,
        list(dict.fromkeys(sides.findings.notes)),
    )


def _calls(sides: Sides, flows: Sequence[Flow]) -> Calls:
    """One for each record of KashFlow in the period, and one more for each that may be a deal's; Salesforce is asked by
    the batch."""
    counts = {flow.source_entity: len(sides.in_period(flow)) for flow in flows if flow.source == "kashflow"}
    written_back = {flow.write_back for flow in flows if flow.write_back}
    looks = max((counts.get(flow.source_entity, 0) for flow in flows if flow.name in written_back), default=0)
    batches = sum(-(-counts.get(flow.source_entity, 0) // flow.batch_size) for flow in flows)
    return Calls(salesforce=3 * batches + len(flows), kashflow=sum(counts.values()) + looks)


def _compare(sides: Sides, flow: Flow) -> None:
    if flow.source == "salesforce":
        if flow.pairing is None and not flow.write_back:
            compare_entered(sides, flow)
    elif flow.pairing is not None:
        compare_pairs(sides, flow)
    elif flow.key:
        compare_objects(sides, flow)
    else:
        compare_fields(sides, flow)


def _compare_deals(sides: Sides, flows: Sequence[Flow]) -> None:
    """All of them at once: an invoice with our stamp is of a deal of one of them."""
    if not flows:
        return
    stamped = stamped_invoices(sides, sides.desk.book.flow(flows[0].write_back))
    there: set[str] = set()
    for flow in flows:
        there |= compare_deals(sides, flow, stamped)
    tell_lost_deals(sides, stamped, there)


def _totals(sides: Sides, flow: Flow) -> list[Total]:
    return [] if flow.key and lacking(sides.desk, flow) else Adding(sides, flow).totals()
