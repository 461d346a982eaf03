"""What we sell: one thing with a code and a standard price; not its stock movements."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from canonical.money import Currency, Number, VatRate
from canonical.shape import Noun, Text


class Product(Noun):
    """One product or service. `nominal_code` is the KashFlow sales account that it is booked to."""

    name: Text
    #: What people call it on both sides; blank while nobody gave it one.
    code: str = ""
    description: str = ""
    #: Standard net price of one; None while it has none.
    price: Number | None = None
    currency: Currency = "GBP"
    vat_rate: VatRate | None = None
    nominal_code: str = ""
    is_active: bool = True
    #: How many there are; None where nobody counts.
    stock: Number | None = None
    #: What each system calls this product.
    external_ids: Mapping[str, Text] = Field(default_factory=dict)
