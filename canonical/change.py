"""Something happened to a record in a source; not what the record holds now: that is read when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import AwareDatetime, Field

from canonical.shape import Noun, Text

Source = Literal["salesforce", "kashflow"]
Kind = Literal["created", "updated", "deleted", "undeleted", "unknown"]


class Change(Noun):
    """One change of one record, as its source told it.

    `source`, `entity`, `record_id` and `version` together say *which* change: the same news heard twice
    (from the stream and from a sweep) has the same four. Content is never part of that identity, because
    A to B to A is three changes.
    """

    #: Where it happened.
    source: Source
    #: The source's own name of the object: `Opportunity`, `Account`, `Invoice`.
    entity: Text
    #: The source's stable id; for Salesforce the 18 character form, for KashFlow the numeric `Id` as text.
    record_id: Text
    #: The source's own version of the record after the change: commit number, SystemModstamp or content hash.
    version: Text
    kind: Kind = "unknown"
    #: When the source committed it, with its zone.
    occurred_at: AwareDatetime
    #: The source's names of the fields that changed; empty when the source did not say.
    changed_fields: tuple[str, ...] = ()
    #: Small facts that spare a read or help a person (an invoice number, a user); never trusted as state.
    hint: Mapping[str, str] = Field(default_factory=dict)
