"""A customer as single fields, such as `address.postcode` and `contact.email`, and back; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from canonical.address import Address
from canonical.customer import Contact, Customer
from mappings.golden.record import Value, Values
from mappings.problems import MappingProblem

_PLAIN: Final = ("name", "code", "vat_number", "payment_terms_days", "currency", "is_archived")
_PLACES: Final = ("address", "delivery_address")
_OF_CONTACT: Final = ("first_name", "last_name", "title", "email", "phone", "mobile")
#: Every field of a golden record but those that only one installation has.
FIELDS: Final = frozenset(
    [
        *_PLAIN,
        *(f"{place}.{part}" for place in _PLACES for part in Address.model_fields),
        *(f"contact.{part}" for part in _OF_CONTACT),
    ]
)


def spread(customer: Customer) -> dict[str, Value]:
    """The customer's fields. A customer without a contact has no `contact.` fields: nobody there is not a cleared name."""
    values: dict[str, Value] = {name: _value(getattr(customer, name)) for name in _PLAIN}
    for place in _PLACES:
        address = getattr(customer, place) or Address()
        values |= {f"{place}.{part}": _value(getattr(address, part)) for part in Address.model_fields}
    contact = primary(customer)
    if contact is not None:
        values |= {f"contact.{part}": _value(getattr(contact, part)) for part in _OF_CONTACT}
    return values | {f"custom.{name}": _value(value) for name, value in customer.custom.items()}


def fields_shown(labels: Mapping[tuple[str, ...], str], missing: frozenset[str]) -> frozenset[str]:
    """The fields that a mapping fills (`labels` of its read section), but for those that this organisation lacks."""
    named = {
        f"contact.{names[1]}" if names[0] == "contacts" else ".".join(names): label
        for names, label in labels.items()
    }
    return frozenset(
        name
        for name, label in named.items()
        if label not in missing and (name in FIELDS or name.startswith("custom."))
    )


def shown_values(customer: Customer, fields: frozenset[str], *, had_contact: bool) -> dict[str, Value]:
    """What a side shows in these fields.

    A custom field that is blank is not read at all, but it is a field. Where there is no contact, its fields are blank;
    but where there was one once, they are not there: a person who left takes nobody's telephone number away.
    """
    values = spread(customer)
    blank = tuple(group for group, is_blank in (("custom.", True), ("contact.", not had_contact)) if is_blank)
    return {name: values.get(name) for name in fields if name in values or name.startswith(blank)}


def primary(customer: Customer) -> Contact | None:
    """The contact that is meant where one is: the primary one, else the first."""
    marked = (contact for contact in customer.contacts if contact.is_primary)
    return next(marked, next(iter(customer.contacts), None))


def gathered(customer: Customer, changes: Values) -> Customer:
    """`customer` with other values in these fields; its other contacts stay beside the primary one.

    Contact details that name nobody are left out. Raises MappingProblem for what cannot be a customer.
    """
    told = customer.model_dump()
    for place in _PLACES:
        parts = _under(place, changes)
        if parts:
            told[place] = {**(told[place] or {}), **{name: value or "" for name, value in parts.items()}}
    told |= {name: _given(name, changes[name]) for name in _PLAIN if name in changes}
    told["custom"] = _custom(told["custom"], _under("custom", changes))
    told["contacts"] = _contacts(customer, _under("contact", changes))
    try:
        return Customer.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise MappingProblem(field, f"{field}: {first['msg']}") from None


def _contacts(customer: Customer, parts: Values) -> list[dict[str, Any]]:
    others = list(customer.contacts)
    meant = primary(customer)
    if meant is not None:
        others.remove(meant)
    told = {**(meant.model_dump() if meant else {}), "is_primary": True}
    told |= {name: value or "" for name, value in parts.items()}
    if not any(told.get(name) for name in ("first_name", "last_name", "email")):
        return [one.model_dump() for one in customer.contacts]
    return [told, *(one.model_dump() for one in others)]


def _custom(present: Mapping[str, Any], changes: Values) -> dict[str, Any]:
    return {name: value for name, value in {**present, **changes}.items() if value is not None}


def _under(group: str, changes: Values) -> dict[str, Value]:
    start = f"{group}."
    return {name.removeprefix(start): value for name, value in changes.items() if name.startswith(start)}


def _given(name: str, value: Value) -> object:
    return value if value is not None or name == "payment_terms_days" else ""


def _value(value: object) -> Value:
    """Blank text is None; everything else in these fields is text, a whole number or a flag."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | int | bool):
        raise TypeError(f"a field of a golden record cannot be a {type(value).__name__}")
    return value
