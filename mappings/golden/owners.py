"""Who has the last word on a field: a side, the later or the earlier of two edits, or a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from yaml.nodes import Node

from mappings.document import Wrong, entries, word

#: In `owners`: every field that is not named.
OTHERS = "others"
#: What a custom field is called there: `custom.region`.
_CUSTOM = "custom."


class Owner(StrEnum):
    """What `owners` may say of a field."""

    SALESFORCE = "salesforce"
    KASHFLOW = "kashflow"
    #: Of two edits that contradict each other the later one wins, and an edit of one side alone always does.
    NEWEST = "newest"
    #: The earlier one wins.
    FIRST = "first"
    #: A person decides, each time.
    MANUAL = "manual"


_OWNERS: Mapping[str, Owner] = {owner.value: owner for owner in Owner}


@dataclass(frozen=True)
class Owners:
    """The owner of each field."""

    named: Mapping[str, Owner]
    others: Owner = Owner.MANUAL

    def of(self, field: str) -> Owner:
        """Whoever has the last word on `field`."""
        return self.named.get(field, self.others)


def owners(node: Node, fields: Collection[str]) -> Owners:
    """What stands under `owners` in flows.yaml. Raises Wrong for an owner that there is not, or one of none of `fields`."""
    told: dict[str, Owner] = {}
    for name, value in entries(node).items():
        if name != OTHERS and name not in fields and not name.startswith(_CUSTOM):
            raise Wrong(value, f"unknown field {name!r}; expected {OTHERS}, custom.NAME or {_said(fields)}")
        told[name] = _OWNERS[word(value, _OWNERS)]
    others = told.pop(OTHERS, Owner.MANUAL)
    return Owners(told, others)


def _said(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
