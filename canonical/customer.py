"""Whom we bill: a customer with the people to write to. Who owns which field is the mappings' business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.address import Address
from canonical.money import Currency
from canonical.shape import CustomValue, Noun, Text


class Contact(Noun):
    """A person at a customer. Has at least a name or an email address."""

    first_name: str = ""
    last_name: str = ""
    title: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    is_primary: bool = False
    #: What each system calls this person, and the `code` of the customer where Salesforce shows it on its Contact.
    external_ids: Mapping[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.first_name or self.last_name or self.email):
            raise ValueError("a contact needs a first_name, last_name or email")
        return self


class Customer(Noun):
    """One customer. At most one contact is primary."""

    name: Text
    #: KashFlow's code, blank while it has none.
    code: str = ""
    contacts: tuple[Contact, ...] = ()
    address: Address | None = None
    delivery_address: Address | None = None
    vat_number: str = ""
    #: Days after the invoice date; None when nobody said.
    payment_terms_days: Annotated[int, Field(ge=0, le=365, strict=True)] | None = None
    currency: Currency = "GBP"
    #: Put aside: nobody bills it any more, and nothing of it is deleted.
    is_archived: bool = False
    #: What each system calls this customer: `{"salesforce": "001...", "kashflow": "42"}`.
    external_ids: Mapping[str, Text] = Field(default_factory=dict)
    #: Values of fields that only this installation has, by a name its mapping files chose.
    custom: Mapping[str, CustomValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_primary_contact(self) -> Self:
        if sum(contact.is_primary for contact in self.contacts) > 1:
            raise ValueError("contacts: only one of them can be primary")
        return self
