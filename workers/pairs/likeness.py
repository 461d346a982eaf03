"""Is this the customer we mean? By name and what else agrees; a doubt is never a match. Reads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from canonical.customer import Customer
from canonical.names import normalised
from canonical.shape import Noun
from mappings.golden.alike import normal
from mappings.golden.record import Value


class Likeness(Enum):
    """How much of one customer there is in another."""

    SAME = "same"
    DOUBTFUL = "doubtful"
    OTHER = "other"


@dataclass(frozen=True)
class Candidates:
    """Those of the far side that may be meant, by their key there."""

    same: Mapping[str, Noun]
    doubtful: Mapping[str, Noun]

    @property
    def all(self) -> dict[str, Noun]:
        return {**self.same, **self.doubtful}


def likeness(one: Customer, other: Customer) -> Likeness:
    """The same name alone is a match only where it is the same to the letter, and there is nothing to compare.

    Other VAT numbers are other firms, whatever else agrees.
    """
    name = normalised(one.name)
    if not name or name != normalised(other.name):
        return Likeness.OTHER
    both = [(_told(one, kind), _told(other, kind)) for kind in _KINDS]
    comparable = [(here, there) for here, there in both if here and there]
    if not comparable:
        return Likeness.SAME if one.name.split() == other.name.split() else Likeness.DOUBTFUL
    vat_numbers = both[0]
    if all(vat_numbers) and not vat_numbers[0] & vat_numbers[1]:
        return Likeness.DOUBTFUL
    return Likeness.SAME if any(here & there for here, there in comparable) else Likeness.DOUBTFUL


def candidates(ours: Customer, theirs: Mapping[str, Customer]) -> Candidates:
    """Those of `theirs` that may be `ours`."""
    judged = {key: likeness(ours, one) for key, one in theirs.items()}
    return Candidates(
        {key: theirs[key] for key, found in judged.items() if found is Likeness.SAME},
        {key: theirs[key] for key, found in judged.items() if found is Likeness.DOUBTFUL},
    )


def summary(customer: Customer) -> dict[str, Value]:
    """What a person compares."""
    address = customer.address
    people = ", ".join(sorted({one.email for one in customer.contacts if one.email}))
    return {
        "name": customer.name,
        "code": customer.code or None,
        "vat_number": customer.vat_number or None,
        "postcode": address.postcode if address else None,
        "town": address.town if address else None,
        "email": people or None,
    }


#: The VAT number comes first: it is what tells firms apart.
_KINDS: Sequence[str] = ("vat_number", "postcode", "email")


def _told(customer: Customer, kind: str) -> set[Value]:
    addresses = [one for one in (customer.address, customer.delivery_address) if one is not None]
    values: list[str] = {
        "vat_number": [customer.vat_number],
        "postcode": [one.postcode for one in addresses],
        "email": [one.email for one in customer.contacts],
    }[kind]
    return {normal(kind, value) for value in values} - {None}
