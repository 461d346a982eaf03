"""What work is done under one heading: a project that documents are filed under; not what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field

from canonical.shape import Noun, Text


class Project(Noun):
    """One project. `reference` is free text, and so the place for what another system calls it."""

    name: Text
    #: KashFlow's number, None while it has none.
    number: int | None = None
    reference: str = ""
    description: str = ""
    customer_code: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    #: What each system calls this project.
    external_ids: Mapping[str, Text] = Field(default_factory=dict)
