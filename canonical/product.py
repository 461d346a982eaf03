"""What we sell: one thing with a code and a standard price; not its stock movements."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from canonical.money import Money, VatRate
from canonical.shape import Noun, Text


class Product(Noun):
    """One product or service. `nominal_code` is the KashFlow sales account that it is booked to."""

    code: Text
    name: Text
    description: str = ""
    #: Net price of one.
    price: Money | None = None
    vat_rate: VatRate | None = None
    nominal_code: str = ""
    is_active: bool = True
    external_ids: Mapping[str, Text] = Field(default_factory=dict)
