"""Compares records that are kept in step both ways, whatever they are: field by field, by the merge with what was agreed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from console.operations.requeue import One
from console.tieout.findings import Point, Unread
from console.tieout.shown import shown
from console.tieout.sides import BEFORE_US, BY_POLICY, Sides
from ledger.links import Link
from mappings.flows import Flow
from mappings.pairing import WhenGone
from workers.pairs.departures import merge_subject
from workers.pairs.merging import pairing_of
from workers.pairs.thing import known_as
from workers.pairs.things import thing_of
from workers.rehearsal import Rehearsed, Would
from workers.rehearsed import FieldChange


@dataclass
class _Pairs:
    """One kind of pair, and which of its records have been told of."""

    sides: Sides
    #: Read from KashFlow and from Salesforce.
    inward: Flow
    outward: Flow
    #: Ids of Salesforce's records that were met from the other side.
    met: set[str] = field(default_factory=set)

    @property
    def noun(self) -> str:
        """Ours for it, which its links bear too."""
        return self.outward.target_entity

    def from_kashflow(self) -> None:
        """Every record of KashFlow, with whatever it is linked with or would be."""
        entity = self.inward.source_entity
        rows = self.sides.listed(entity).rows
        links = self.sides.linked(self.noun)
        self.met |= {link.salesforce_id for link in links.values()}
        hints = {record_id: {"key": self.sides.key(entity, record_id)} for record_id in rows}
        for one in self.sides.rehearse(self.inward, rows, hints):
            link, account = links.get(one.record_id), _other_id(one)
            self.met |= {account} - {""}
            if link is not None and self._contradicts(one, link):
                self._tell_wrong_link(one, link)
                continue
            self._tell(
                self.inward,
                one,
                hints[one.record_id],
                salesforce_id=link.salesforce_id if link else account,
                kashflow_id=one.record_id,
            )

    def from_salesforce(self) -> None:
        """The records of Salesforce that no record of KashFlow was met with."""
        left = [record_id for record_id in self._in_salesforce if record_id not in self.met]
        for one in self.sides.rehearse(self.outward, [*left, *self._with_lost_counterpart()]):
            self._tell(self.outward, one, {}, salesforce_id=one.record_id, kashflow_id=_other_id(one))

    @cached_property
    def _in_salesforce(self) -> dict[str, None]:
        """The ids of all records there, in their order."""
        found = self.sides.rows(self.outward.source_entity, [], "Id != null")
        return {str(row["Id"]): None for row in found}

    @cached_property
    def _in_kashflow(self) -> set[str]:
        """What the records there are called, by id and by key."""
        entity = self.inward.source_entity
        rows = self.sides.listed(entity).rows
        return {*rows, *(self.sides.key(entity, record_id).casefold() for record_id in rows)}

    def _contradicts(self, one: Rehearsed, link: Link) -> bool:
        """Does one of the two name another record as its counterpart, and neither name this one? Then they are not merged."""
        thing, meeting = thing_of(self.inward), one.work.meeting if one.work else None
        has_key = thing.key_field in self.sides.desk.fields(thing.salesforce)
        if not has_key or meeting is None or meeting.far is None:
            return False
        stamp = known_as(meeting.near.model, "salesforce")
        key, shown = (thing.key_of(side.model).casefold() for side in (meeting.near, meeting.far))
        if stamp == link.salesforce_id or shown == key:
            return False
        return stamp in self._in_salesforce or shown in self._in_kashflow

    def _tell_wrong_link(self, one: Rehearsed, link: Link) -> None:
        """The link is forgotten, and both of its records find whom they belong to."""
        record = self.sides.key(self.inward.source_entity, one.record_id)
        forgets = ((self.noun, link.salesforce_entity, link.salesforce_id),)
        there = f"{link.salesforce_entity} {link.salesforce_id}"
        texts = {
            f"wrong link: the ledger links it with {there}, and they name others as their counterparts": One(
                self.inward.name, one.record_id, hint={"key": record}, forgets=forgets
            ),
            f"wrong link: {there} has another counterpart": One(self.outward.name, link.salesforce_id),
        }
        for text, mend in texts.items():
            self.sides.findings.add(
                self.noun,
                record,
                Point(text, mend=replace(mend, goes_first=True)),
                name=_name(one),
                salesforce_id=link.salesforce_id,
                kashflow_id=one.record_id,
            )

    def _with_lost_counterpart(self) -> list[str]:
        listed = self.sides.listed(self.inward.source_entity)
        links = self.sides.kept(self.noun)
        return [link.salesforce_id for link in links if link.kashflow_id not in listed.rows]

    @cached_property
    def _kept(self) -> dict[str, Link]:
        return {link.salesforce_id: link for link in self.sides.kept(self.noun)}

    def _departed(self, salesforce_id: str) -> tuple[One | None, str]:
        """What follows from a deletion, and how it is known where nothing does: that is the lost side's own policy to say."""
        listed = self.sides.listed(self.inward.source_entity)
        link = self._kept.get(salesforce_id)
        if link is None:
            return None, ""
        is_in_kashflow = link.kashflow_id in listed.rows
        lost = self.outward if is_in_kashflow else self.inward
        if pairing_of(lost).when_gone is WhenGone.IGNORE:
            return None, BY_POLICY
        if is_in_kashflow:
            return One(lost.name, salesforce_id), ""
        return (One(lost.name, link.kashflow_id, kind="deleted") if listed.complete else None), ""

    def _tell(
        self, flow: Flow, one: Rehearsed, hint: Mapping[str, str], *, salesforce_id: str, kashflow_id: str
    ) -> None:
        entity = self.inward.source_entity
        record = self.sides.key(entity, kashflow_id) if kashflow_id else salesforce_id
        if one.would is Would.LATER:
            self.sides.findings.unread.append(
                Unread(self.noun, record, one.reason.text if one.reason else "")
            )
            return
        mend: One | None = One(flow.name, one.record_id, hint=hint)
        is_new = one.would in (Would.CREATE, Would.DEAD)
        known = BEFORE_US if is_new and self.sides.is_older_than_we(flow, one) else ""
        if one.would is Would.GONE:
            mend, known = self._departed(salesforce_id)
        for point in (*_questions(one, mend), *_points(flow, one, mend, known)):
            self.sides.findings.add(
                self.noun,
                record,
                point,
                name=_name(one),
                salesforce_id=salesforce_id,
                kashflow_id=kashflow_id,
            )


def _questions(one: Rehearsed, mend: One | None) -> Iterator[Point]:
    """What a person would be asked, and the other fields are not known by that."""
    asked = one.ended.asked if one.ended else None
    meeting = one.work.meeting if one.work else None
    for question in (
        *(asked.questions if asked else ()),
        *(meeting.questions if meeting and not asked else ()),
    ):
        yield Point(question.question, mend=mend, subject=question.subject)


def _points(flow: Flow, one: Rehearsed, mend: One | None, known: str) -> Iterator[Point]:
    match one.would:
        case Would.CREATE:
            where = {"salesforce": "Salesforce", "kashflow": "KashFlow"}[flow.target]
            yield Point(f"missing in {where}: it has no counterpart there", mend=mend, known=known)
        case Would.LINK | Would.CHANGE | Would.REVIEW if _is_unlinked(one):
            first = replace(mend, goes_first=True) if mend else None
            text = "no link: both sides have it, and the ledger does not know that"
            yield Point(text, shown(one.fields), first)
        case Would.NEED | Would.DEAD:
            yield Point(one.reason.text if one.reason else "", mend=mend, known=known)
        case Would.GONE:
            # One that was merged away may be asked about.
            subject = merge_subject(mend.record_id) if mend else ""
            yield Point(one.reason.text if one.reason else "", mend=mend, subject=subject, known=known)
        case Would.CHANGE | Would.REVIEW if one.fields:
            yield Point(_differing(one.fields), shown(one.fields), mend)
        case _:
            return


def compare_pairs(sides: Sides, inward: Flow) -> None:
    """The pairs that `inward` reads from KashFlow."""
    assert inward.pairing is not None, "whoever asks has looked"  # noqa: S101
    pairs = _Pairs(sides, inward, sides.desk.book.flow(inward.pairing.other_way))
    pairs.from_kashflow()
    pairs.from_salesforce()


def _is_unlinked(one: Rehearsed) -> bool:
    work = one.work
    return (
        work is not None and work.link is None and work.meeting is not None and work.meeting.far is not None
    )


def _other_id(one: Rehearsed) -> str:
    """The id of the record over there that it met."""
    work = one.work
    far = (
        work.meeting.far.record
        if work and work.meeting and work.meeting.far
        else (work.far if work else None)
    )
    return str((far or {}).get("Id") or "")


def _name(one: Rehearsed) -> str:
    record = one.work.record if one.work else None
    return str((record or {}).get("Name") or "")


def _differing(fields: tuple[FieldChange, ...]) -> str:
    first = shown(fields[:1])[0]
    more = f", and {len(fields) - 1} more" if len(fields) > 1 else ""
    return f"{first.field}: Salesforce shows {first.salesforce}, KashFlow shows {first.kashflow}{more}"
