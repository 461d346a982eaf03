"""What a translation may know besides the record: this account's VAT rates, the date, settings and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, kw_only=True)
class Context:
    """Given with every `read` and `write`; the clock and the account's own tables come in here."""

    #: The percentages that the KashFlow account has (reference kashflow.md section 3.10).
    vat_rates: frozenset[Decimal]
    today: date
    currency: str = "GBP"
    #: Tables that a mapping file declares as `given`, by name.
    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: Values of a mapping file's `settings`, where this installation wants others.
    settings: Mapping[str, str] = field(default_factory=dict)


class Scope(NamedTuple):
    """Where a rule is at work: on `item`, a row of a list in `root` or `root` itself."""

    item: object
    root: object
    context: Context
