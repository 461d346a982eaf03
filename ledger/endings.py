"""What may become of a delivery: its states at rest, and the closed set of endings of one attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a delivery is. docs/glossary.md draws the arrows between them."""

    WAITING = "waiting"
    RUNNING = "running"
    DELIVERED = "delivered"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    DEAD = "dead"
    DROPPED = "dropped"


#: States that only an operator leaves, or nobody.
ENDED = frozenset({State.DELIVERED, State.UNCHANGED, State.SUPERSEDED, State.DROPPED})


@dataclass(frozen=True)
class Reason:
    """Why an attempt ended as it did.

    `stage` is the step of the spine, `code` a short word to group by (the API's own code where it gave one),
    `text` a sentence for the finance person. None of them holds a secret.
    """

    stage: str
    code: str
    text: str
    #: Where a foreign system said so: the class of our error tree, and what was sent and came back.
    error_class: str = ""
    request: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Delivered:
    """The target holds the change now; `note` says what was done, such as "created invoice 1042"."""

    note: str


@dataclass(frozen=True)
class Unchanged:
    """There was nothing to write."""

    reason: Reason


@dataclass(frozen=True)
class Superseded:
    """A newer delivery of the same record does the work."""

    reason: Reason


@dataclass(frozen=True)
class NotNow:
    """Try again at `until`; nothing was wrong with the record, so the attempt does not count."""

    until: datetime
    reason: Reason


@dataclass(frozen=True)
class Failed:
    """It may pass: try again at `until`; the attempt counts."""

    until: datetime
    reason: Reason


@dataclass(frozen=True)
class Dead:
    """It will not pass by itself: an operator decides between replay and drop.

    `waits_for` is the id of a dead delivery this one needs; when that one is delivered, this one runs again.
    """

    reason: Reason
    waits_for: int | None = None


Ending = Delivered | Unchanged | Superseded | NotNow | Failed | Dead


@dataclass(frozen=True)
class Worth:
    """What a record is worth: whole hundredths of `currency`, which is blank where the source names none."""

    hundredths: int
    currency: str


@dataclass(frozen=True)
class LinkFound:
    """The pair of ids of one thing on both sides, to be remembered with the ending that found it.

    `entity` is our noun (`customer`, `invoice`); `kashflow_key` what its URL uses (a code or a number, which
    may be renamed), `kashflow_id` the id that never changes; `golden` the values both sides agreed on, None where
    nothing was said about them. `instead_of` is the Salesforce id that the pair was known by so far, if it was another.
    """

    entity: str
    salesforce_entity: str
    salesforce_id: str
    kashflow_id: str
    kashflow_key: str
    golden: dict[str, Any] | None = None
    instead_of: str = ""
