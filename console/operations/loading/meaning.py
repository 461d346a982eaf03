"""What a person means by `backfill customer --from salesforce`: the flows that bring such records. Asks nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from canonical.change import Source
from mappings.book import Book
from mappings.flows import Flow

SYSTEMS: tuple[Source, Source] = ("salesforce", "kashflow")


class NothingToLoad(ValueError):
    """What was asked for names no flow, or not clearly enough; the text says what to say instead."""


@dataclass(frozen=True)
class Load:
    """The records of one kind that one system has, and the flows that each of them is to go along."""

    entity: str
    source: Source
    flows: tuple[Flow, ...]
    #: Only what Salesforce changed, or KashFlow issued, from then on; None: all.
    since: datetime | None = None

    @property
    def in_words(self) -> str:
        """Such as `customer from salesforce, changed since 2026-01-01`."""
        verb = "changed" if self.source == "salesforce" else "issued"
        since = f", {verb} since {self.since:%Y-%m-%d}" if self.since else ""
        return f"{self.entity} from {self.source}{since}"


def entity_of(flow: Flow) -> str:
    """What people call its records, whichever way they go: KashFlow's own word, such as `bank_account`."""
    if flow.target == "kashflow":
        return flow.target_entity
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", flow.source_entity).lower()


def loadable(book: Book) -> tuple[Flow, ...]:
    """The flows that a change starts, but for those that only pass it on to another record."""
    return tuple(flow for flow in book.flows if flow.kinds and not flow.passes_to)


def meant(book: Book, entity: str, source: str = "", since: datetime | None = None) -> Load:
    """The load that these words mean. Raises NothingToLoad."""
    flows = [flow for flow in loadable(book) if entity_of(flow) == entity.casefold()]
    if not flows:
        raise NothingToLoad(f"there is no {entity!r} to load; there are {_known(loadable(book))}")
    able = [system for system in SYSTEMS if any(flow.source == system for flow in flows)]
    chosen = source.casefold() or (able[0] if len(able) == 1 else "")
    if not chosen:
        raise NothingToLoad(f"{entity} can be loaded from both: say {_or([f'--from {one}' for one in able])}")
    for system in able:
        if system == chosen:
            along = tuple(flow for flow in flows if flow.source == system)
            return Load(entity.casefold(), system, along, since)
    raise NothingToLoad(
        f"no flow brings {entity} from {source}; say {_or([f'--from {one}' for one in able])}, or give flows.yaml one"
    )


def check_since(load: Load) -> None:
    """Raise NothingToLoad where all that ever was would be entered into the books a second time, if somebody had entered
    it by hand: what is not linked looks as if it had never been."""
    entered = [flow.name for flow in load.flows if flow.target == "kashflow" and flow.pairing is None]
    if entered and load.since is None:
        raise NothingToLoad(
            f"say --since: {', '.join(entered)} would enter into KashFlow whatever Kashforce has not entered itself, also "
            "what was entered by hand; --since 2000-01-01 means all of it"
        )


def _known(flows: Sequence[Flow]) -> str:
    systems: dict[str, set[str]] = {}
    for flow in flows:
        systems.setdefault(entity_of(flow), set()).add(flow.source)
    return ", ".join(
        f"{entity} (from {_or(sorted(found, reverse=True))})" for entity, found in systems.items()
    )


def _or(words: Sequence[str]) -> str:
    return " or ".join(words)
