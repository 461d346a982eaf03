"""Whom we buy from: a supplier with one address and one person to write to."""

from __future__ import annotations

from canonical.address import Address
from canonical.money import Currency
from canonical.shape import Noun, Text


class Supplier(Noun):
    """One supplier. `nominal_code` is the KashFlow account that purchases from them are usually booked to."""

    #: KashFlow's id and code of it.
    id: str = ""
    code: str = ""
    name: Text
    address: Address | None = None
    contact_name: str = ""
    email: str = ""
    phone: str = ""
    vat_number: str = ""
    nominal_code: str = ""
    currency: Currency = "GBP"
    is_archived: bool = False
    #: The Salesforce record that it was entered as; blank where it was not.
    salesforce_id: str = ""
