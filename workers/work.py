"""A batch on its way through the spine: what is still open, and what has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from canonical.shape import Noun
from connectors.errors import ConnectorError
from ledger.database import AWAY
from ledger.deliveries import Claim, Delivery, Settlement
from ledger.endings import Dead, Delivered, Ending, Reason, Superseded, Unchanged, Worth
from ledger.intents import Intent
from ledger.links import Link
from mappings.flows import Flow
from workers.classify import ending_of_each, in_doubt, ledger_away, may_be_one_records_fault
from workers.desk import Desk
from workers.pairs.meeting import Meeting

log = structlog.get_logger("kashforce.spine")


#: In a delivery's hint: look whether it was made, before it is made.
LOOK = "look"


@dataclass(frozen=True)
class Work:
    """One delivery in the hands of a worker, with what the steps so far have found out."""

    delivery: Delivery
    #: With the priority of the delivery, where that is an initial load's.
    flow: Flow
    #: Token of the claim it belongs to.
    claim: str
    #: The record's present state in the source, by the source's field names.
    record: Mapping[str, Any] | None = None
    #: Its digest, kept with the delivery: tells producers whether what they see was read.
    digest: str | None = None
    #: The record in our words.
    model: Noun | None = None
    #: The thing on both sides, once it is known.
    link: Link | None = None
    #: An earlier attempt to create it whose outcome nobody knows.
    doubt: Intent | None = None
    #: What is to be written, by the target's field names.
    payload: Mapping[str, Any] | None = None
    #: What its target found to differ in compare, for send; only that target knows its shape.
    changes: object = None
    #: The source no longer has the record, and its flow has something to do about it.
    gone: bool = False
    #: The record of the other side of a pair, as it is now; None while there is none.
    far: Mapping[str, Any] | None = None
    #: Ids of people's decisions that this work acts on.
    decided: tuple[int, ...] = ()
    #: Both sides of a pair, and what their merge decided.
    meeting: Meeting | None = None

    def knowing(self, **found: Any) -> Work:
        """The same with more known. As `replace`, which takes six times as long: each work goes through a handful of steps."""
        more = object.__new__(Work)
        more.__dict__.update(self.__dict__)
        more.__dict__.update(found)
        return more

    def onward(self, flow: Flow) -> Flow:
        """The flow of what this work causes or needs, no more urgent than an initial load is."""
        return replace(flow, priority=self.delivery.ranks(flow.priority))

    @property
    def may_be_made(self) -> bool:
        """Does whoever registered it suspect that what it is about was made long ago, and nobody here knows of it?"""
        return bool(self.delivery.hint.get(LOOK))

    @property
    def absence(self) -> Reason:
        """Why nothing can be done with a record that its source has no more."""
        told = self.delivery
        text = f"the {told.entity} {told.record_id} no longer exists in {told.source}"
        return Reason("hydrate", "gone", text)

    def ends(self, ending: Ending, **also: Any) -> Settlement:
        # Of what has ended well nothing is at risk.
        worth = None if isinstance(ending, Delivered | Unchanged | Superseded) else self._worth()
        return Settlement(self.delivery, ending, read_digest=self.digest, worth=worth, **also)

    def _worth(self) -> Worth | None:
        told = self.flow.worth.of(self.record) if self.flow.worth and self.record else None
        return Worth(*told) if told else None


Known = TypeVar("Known")
AnyNoun = TypeVar("AnyNoun", bound=Noun)


class OutOfOrder(AssertionError):
    """A step asked for what an earlier one should have found: a bug in the order of the spine."""


def known(value: Known | None, what: str) -> Known:
    """What an earlier step found."""
    if value is None:
        raise OutOfOrder(f"{what} is not known at this step")
    return value


def as_noun(model: Noun | None, kind: type[AnyNoun]) -> AnyNoun:
    """The model, which has to be of this kind: a flow with the wrong mapping is refused at start."""
    if not isinstance(model, kind):
        raise OutOfOrder(f"a {kind.__name__} is not known at this step")
    return model


#: What a step makes of each work: the same with more known, or its end.
Progress = Work | Settlement
Step = Callable[[Desk, list[Work]], Iterable[Progress]]


@dataclass(frozen=True)
class Batch:
    """Works that go on, and those that have ended with what became of them."""

    open: tuple[Work, ...]
    ended: tuple[Settlement, ...] = ()

    @classmethod
    def of(cls, claim: Claim, desk: Desk) -> Batch:
        works: list[Work] = []
        ended: list[Settlement] = []
        for delivery in claim.deliveries:
            try:
                works.append(Work(delivery, _at_its_priority(desk, delivery), claim.token))
            except KeyError:
                text = (
                    f"there is no flow {delivery.flow!r} in flows.yaml any more; bring it back or drop this"
                )
                ended.append(Settlement(delivery, Dead(Reason("claim", "unknown_flow", text))))
        return cls(tuple(works), tuple(ended))

    def through(self, step: Step, desk: Desk) -> Batch:
        """The batch after `step`. A step that fails for all is tried record by record, to find the culprit."""
        if not self.open:
            return self
        progress = _whole_or_one_by_one(step, desk, list(self.open))
        return Batch(
            tuple(entry for entry in progress if isinstance(entry, Work)),
            (*self.ended, *(entry for entry in progress if isinstance(entry, Settlement))),
        )

    def through_once(self, step: Step, desk: Desk) -> Batch:
        """Like `through`, for the step that sends: it is never repeated, because it may have been carried out."""
        if not self.open:
            return self
        try:
            progress = list(step(desk, list(self.open)))
        except AWAY:
            # What was sent before the ledger went away must have shown before anybody looks.
            wait = desk.rules.doubt_seconds
            progress = [
                work.ends(ledger_away(work.delivery, step.__name__, desk, wait)) for work in self.open
            ]
        except Exception as error:
            log.exception("step_broke", step=step.__name__, deliveries=[w.delivery.id for w in self.open])
            reason = _unexpected(step, error)
            progress = [work.ends(in_doubt(work.delivery, reason, desk)) for work in self.open]
        return Batch((), (*self.ended, *(entry for entry in progress if isinstance(entry, Settlement))))


def _at_its_priority(desk: Desk, delivery: Delivery) -> Flow:
    """The flow of a delivery, whose calls are paid for at the delivery's own priority. Raises KeyError."""
    flow = desk.book.flow(delivery.flow)
    priority = delivery.ranks(flow.priority)
    return flow if priority == flow.priority else replace(flow, priority=priority)


def _whole_or_one_by_one(step: Step, desk: Desk, works: list[Work]) -> list[Progress]:
    try:
        return list(step(desk, works))
    except ConnectorError as error:
        if len(works) == 1 or not may_be_one_records_fault(error):
            return [work.ends(ending_of_each(error, work.delivery, step.__name__, desk)) for work in works]
    except AWAY:
        return [work.ends(ledger_away(work.delivery, step.__name__, desk)) for work in works]
    except Exception as error:
        if len(works) == 1:
            log.exception("step_broke", step=step.__name__, deliveries=[works[0].delivery.id])
            return [works[0].ends(Dead(_unexpected(step, error)))]
    return [entry for work in works for entry in _whole_or_one_by_one(step, desk, [work])]


def _unexpected(step: Step, error: Exception) -> Reason:
    # The exception's own text may quote a record; its type is enough to find the traceback in the log.
    text = (
        f"our own code failed with {type(error).__name__} in step {step.__name__}; the log has the traceback"
    )
    return Reason(step.__name__, type(error).__name__, text)
