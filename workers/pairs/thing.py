"""What can be kept in step both ways, such as a customer: all that the two directions have to know of it. Values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from canonical.change import Source
from canonical.shape import Noun
from connectors.kashflow.records import RECORDS, Records
from mappings.golden.record import Value
from workers.desk import Desk
from workers.pairs.likeness import Candidates
from workers.pairs.meeting import Seen, Shown


@dataclass(frozen=True)
class Part:
    """A record of its own in Salesforce that is a part of the thing there: it is read and written with it."""

    #: What the mapping calls the list of which one is meant.
    relation: str
    #: Its object, and the field of that which names what it is a part of.
    object: str
    parent: str
    #: The unique external id by which it is upserted; blank where it has none.
    key_field: str = ""
    #: What a new one needs beside what the mapping writes. May call Salesforce, at this priority, and raise ConnectorError.
    begins: Callable[[Desk, int], Mapping[str, Any]] = lambda _desk, _priority: {}


@dataclass(frozen=True)
class Thing:
    """One row: what is the same for every pair stands in the modules that ask it."""

    #: The entity of its links.
    entity: str
    #: Its object in each of the two systems.
    salesforce: str
    kashflow: str
    #: The unique external id in Salesforce that shows what it is in KashFlow, where the organisation has the field.
    key_field: str
    #: What that field shows of a noun.
    key_of: Callable[[Noun], str]
    part: Part
    #: The field that says that it is put aside, and with which value.
    archived: tuple[str, bool]
    #: How a record is understood on either side. Both raise MappingProblem.
    in_salesforce: Callable[[Seen], Shown]
    in_kashflow: Callable[[Seen], Shown]
    #: SOQL's condition for all that may be meant by a noun.
    search: Callable[[Noun], str]
    #: May a record of this name be meant by a noun? Told before it is read as a whole.
    may_be_called: Callable[[Noun, str], bool]
    #: Those of the far side that may be the one, by key; some keys are taken.
    candidates: Callable[[Noun, Mapping[str, Noun], Set[str]], Candidates]
    #: What a person compares.
    summary: Callable[[Noun], dict[str, Value]]
    #: Salesforce can merge two of them, which deletes one.
    can_be_merged: bool = False

    @property
    def records(self) -> Records:
        """Its records in KashFlow."""
        return RECORDS[self.kashflow]


def known_as(noun: Noun, system: Source) -> str:
    """What that system calls the noun; blank where nobody said."""
    return str(getattr(noun, "external_ids", {}).get(system, ""))
