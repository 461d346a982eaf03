"""What `flows.yaml` says of a flow whose records are kept in step both ways; not how two sides are merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from yaml.nodes import Node

from canonical.shape import Noun
from mappings.conditions import Condition
from mappings.document import Wrong, entries, whole, word
from mappings.golden.owners import Owners, owners
from mappings.golden.spread import FIELDS
from mappings.plan import FieldPlan

#: Keys of a row that only mean something together with `other_way`.
KEYS = ("owners", "creates", "when_gone", "grace_minutes")
_GRACE_MINUTES = 60

Compiled = tuple[Condition | None, FieldPlan]


class WhenGone(StrEnum):
    """What becomes of the other side when the source's record is deleted."""

    #: It is archived, and no longer kept in step.
    ARCHIVE = "archive"
    #: It stays as it is, and is no longer kept in step.
    UNLINK = "unlink"
    #: Nothing: the pair stays one, should the record come back.
    IGNORE = "ignore"
    #: It is deleted, too: of a flow in one direction, whose records exist only to show those of the source.
    DELETE = "delete"


_WHEN_GONE: Mapping[str, WhenGone] = {one.value: one for one in WhenGone if one is not WhenGone.DELETE}
_MIRRORS: Mapping[str, WhenGone] = {one.value: one for one in (WhenGone.DELETE, WhenGone.IGNORE)}


@dataclass(frozen=True)
class Pairing:
    """How a flow and the one that goes the other way keep one golden record."""

    #: Name of the flow that goes the other way.
    other_way: str
    #: The same for both flows.
    owners: Owners
    #: What a record without a counterpart must meet to be given one; None: every one is.
    creates: Condition | None
    when_gone: WhenGone
    #: How long a deleted record may still come back before anything is done.
    grace: timedelta


def pairing(
    row: Node, rows: Mapping[str, Node], noun: type[Noun], condition: Callable[[Node | None], Compiled]
) -> tuple[Pairing | None, FieldPlan | None]:
    """What the row says of a flow of `noun`, and the fields that `creates` looks at; None for a flow of one direction.

    Raises Wrong where the two rows do not name each other, or not exactly one of them names the owners.
    """
    parts = entries(row)
    if "other_way" not in parts:
        alone = [key for key in KEYS if key in parts and key != "when_gone"]
        if alone:
            raise Wrong(parts[alone[0]], f"{alone[0]} means something only together with other_way")
        return None, None
    other = word(parts["other_way"], rows)
    theirs = entries(rows[other])
    if "other_way" not in theirs or rows.get(word(theirs["other_way"], rows)) is not row:
        raise Wrong(parts["other_way"], f"{other} does not name this flow as its other_way")
    told = [node for node in (parts.get("owners"), theirs.get("owners")) if node is not None]
    if len(told) != 1:
        raise Wrong(row, "exactly one of the two flows has to name the owners")
    met, asked = condition(parts.get("creates"))
    found = Pairing(
        other_way=other,
        owners=owners(told[0], FIELDS.get(noun, frozenset())),
        creates=met,
        when_gone=_WHEN_GONE[word(parts["when_gone"], _WHEN_GONE)]
        if "when_gone" in parts
        else WhenGone.IGNORE,
        grace=timedelta(
            minutes=whole(parts["grace_minutes"], least=0) if "grace_minutes" in parts else _GRACE_MINUTES
        ),
    )
    return found, asked


def deletes(node: Node | None, *, key: str) -> bool:
    """Does a flow of one direction delete what it wrote when the source's record is gone? Only what it finds by `key`.

    Raises Wrong for a flow that writes to records of other people's.
    """
    if node is None:
        return False
    gone = _MIRRORS[word(node, _MIRRORS)]
    if gone is WhenGone.DELETE and not key:
        raise Wrong(node, "only records with a key of their own are deleted; leave when_gone out")
    return gone is WhenGone.DELETE
