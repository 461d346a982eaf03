"""What a tie-out finds: records that differ, each with the points in which it does, and what would mend them. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from console.operations.requeue import One


@dataclass(frozen=True)
class Shown:
    """One field, as each side shows it."""

    field: str
    salesforce: str
    kashflow: str
    #: The record below that has it, such as `Payment__c 880-41`.
    below: str = ""


@dataclass(frozen=True)
class Point:
    """One thing that differs about a record."""

    why: str
    fields: tuple[Shown, ...] = ()
    #: None where only a person can put it right.
    mend: One | None = None
    #: The question that a person would be asked about it; blank where none is.
    subject: str = ""
    #: Where it is known already, such as `dead letter 33`; blank for news.
    known: str = ""


@dataclass(frozen=True)
class Difference:
    """A record that is not the same on both sides."""

    entity: str
    #: What people call it: the number, the code, or the id where it has neither.
    record: str
    name: str = ""
    salesforce_id: str = ""
    kashflow_id: str = ""
    points: tuple[Point, ...] = ()

    @property
    def is_known(self) -> bool:
        """Is there a question, a dead letter or a delivery for each of its points?"""
        return all(point.known for point in self.points)

    def mends(self) -> list[One]:
        """What would mend the points that nobody knows of."""
        return [point.mend for point in self.points if point.mend is not None and not point.known]


@dataclass(frozen=True)
class Unread:
    """A record of which nobody can say just now whether it differs."""

    entity: str
    record: str
    why: str


class Findings:
    """Gathers points by record: what several flows say of one invoice is one difference."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Difference] = {}
        self.unread: list[Unread] = []
        #: Sentences about what was left out, and why.
        self.notes: list[str] = []

    def add(
        self,
        entity: str,
        record: str,
        point: Point,
        *,
        name: str = "",
        salesforce_id: str = "",
        kashflow_id: str = "",
    ) -> None:
        """This record differs in this point, too."""
        here = self._found.get((entity, record), Difference(entity, record))
        if point in here.points:
            return
        self._found[entity, record] = replace(
            here,
            name=here.name or name,
            salesforce_id=here.salesforce_id or salesforce_id,
            kashflow_id=here.kashflow_id or kashflow_id,
            points=(*here.points, point),
        )

    def differences(self) -> Sequence[Difference]:
        """By entity and record."""
        return [self._found[key] for key in sorted(self._found)]
