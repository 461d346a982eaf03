"""A customer or product as single fields, such as `address.postcode` and `contact.email`, and back; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from canonical.address import Address
from canonical.customer import Contact, Customer
from canonical.money import plain
from canonical.product import Product
from canonical.shape import Noun
from mappings.golden.record import Value, Values
from mappings.problems import MappingProblem

_PLACES: Final = ("address", "delivery_address")
_OF_CONTACT: Final = ("first_name", "last_name", "title", "email", "phone", "mobile")
#: Every field of a golden record, by its noun, but those that only one installation has.
FIELDS: Final[Mapping[type[Noun], frozenset[str]]] = {
    Customer: frozenset(
        [
            *("name", "code", "vat_number", "payment_terms_days", "currency", "is_archived"),
            *(f"{place}.{part}" for place in _PLACES for part in Address.model_fields),
            *(f"contact.{part}" for part in _OF_CONTACT),
        ]
    ),
    Product: frozenset(
        [
            *("name", "code", "description", "price", "vat_rate", "nominal_code", "is_active", "stock"),
            "external_ids.kashflow",
        ]
    ),
}
#: Groups of fields that are no record within the noun's own.
_APART: Final = ("contact", "custom")
AnyNoun = TypeVar("AnyNoun", bound=Noun)


def spread(noun: Noun) -> dict[str, Value]:
    """The noun's fields. A customer without a contact has no `contact.` fields: nobody there is not a cleared name."""
    told = noun.model_dump()
    contact = primary(noun)
    if contact is not None:
        told["contact"] = contact.model_dump()
    shown = [name for name in FIELDS[type(noun)] if not name.startswith("contact.") or contact is not None]
    values = {name: _value(_at(told, name)) for name in shown}
    return values | {f"custom.{name}": _value(value) for name, value in told.get("custom", {}).items()}


def fields_shown(
    noun: type[Noun], labels: Mapping[tuple[str, ...], str], missing: frozenset[str]
) -> frozenset[str]:
    """The fields that a mapping fills (`labels` of its read section), but for those that this organisation lacks."""
    named = {
        f"contact.{names[1]}" if names[0] == "contacts" else ".".join(names): label
        for names, label in labels.items()
    }
    return frozenset(
        name
        for name, label in named.items()
        if label not in missing and (name in FIELDS[noun] or name.startswith("custom."))
    )


def shown_values(noun: Noun, fields: frozenset[str], *, had_contact: bool) -> dict[str, Value]:
    """What a side shows in these fields.

    A custom field that is blank is not read at all, but it is a field. Where there is no contact, its fields are blank;
    but where there was one once, they are not there: a person who left takes nobody's telephone number away.
    """
    values = spread(noun)
    blank = tuple(group for group, is_blank in (("custom.", True), ("contact.", not had_contact)) if is_blank)
    return {name: values.get(name) for name in fields if name in values or name.startswith(blank)}


def primary(noun: Noun) -> Contact | None:
    """The contact that is meant where one is: the primary one, else the first."""
    people = noun.contacts if isinstance(noun, Customer) else ()
    marked = (contact for contact in people if contact.is_primary)
    return next(marked, next(iter(people), None))


def gathered(noun: AnyNoun, changes: Values) -> AnyNoun:
    """`noun` with other values in these fields; a customer's other contacts stay beside the primary one.

    Contact details that name nobody are left out. Raises MappingProblem for what cannot be such a noun.
    """
    told = noun.model_dump()
    for name, value in changes.items():
        group, _, part = name.partition(".")
        if group in _APART:
            continue
        told[group] = _within(told[group] or {}, part, value) if part else _given(noun, name, value)
    if isinstance(noun, Customer):
        told["custom"] = _custom(told["custom"], _under("custom", changes))
        told["contacts"] = _contacts(noun, _under("contact", changes))
    try:
        return type(noun).model_validate(told)
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


def _at(told: Mapping[str, Any], name: str) -> object:
    group, _, part = name.partition(".")
    return (told[group] or {}).get(part) if part else told[group]


def _within(record: Mapping[str, Any], part: str, value: Value) -> dict[str, Any]:
    return {name: one for name, one in {**record, part: value}.items() if one is not None}


def _given(noun: Noun, name: str, value: Value) -> object:
    """A blank is what the noun has where nobody says anything; what it cannot do without stays a fault."""
    usual = type(noun).model_fields[name].default
    return value if value is not None else "" if usual is PydanticUndefined else usual


def _value(value: object) -> Value:
    """Blank text is None, a number is spelled out; everything else in these fields is text, a whole number or a flag."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return plain(value)
    if not isinstance(value, str | int | bool):
        raise TypeError(f"a field of a golden record cannot be a {type(value).__name__}")
    return value
