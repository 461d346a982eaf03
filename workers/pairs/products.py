"""A product as a thing of two sides: a Product2 with its standard price, and a KashFlow product, known by nominal and code."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from canonical.product import Product
from canonical.shape import Noun
from mappings.golden.alike import alike
from mappings.golden.record import Value
from mappings.soql import quoted
from workers.desk import Desk
from workers.pairs.likeness import Candidates, Likeness
from workers.pairs.meeting import Seen, Shown, shown_by
from workers.pairs.salesforce import edited, listed
from workers.pairs.thing import Part, Thing

_CURRENCY = "CurrencyIsoCode"


def product(noun: Noun) -> Product:
    """The noun, which is a product."""
    assert isinstance(noun, Product), "flows.yaml was checked at start"  # noqa: S101
    return noun


def _new_price(desk: Desk, priority: int) -> Mapping[str, Any]:
    """Every custom price book needs the standard price first, and each currency has one (reference salesforce.md section 6)."""
    statement = "SELECT Id FROM Pricebook2 WHERE IsStandard = true"
    found = desk.salesforce_meter.call(lambda: desk.salesforce.query(statement), priority=priority)
    currency = desk.context().currency
    return {
        "Pricebook2Id": next((row["Id"] for row in found), None),
        "IsActive": True,
        **({_CURRENCY: currency} if _CURRENCY in desk.fields(_PRICE.object) else {}),
    }


_PRICE = Part("PricebookEntries", "PricebookEntry", "Product2Id", begins=_new_price)


def _in_salesforce(seen: Seen) -> Shown:
    """Of its standard prices the one in the KashFlow account's currency is meant; an organisation of one currency has one."""
    own = (None, seen.context.currency)
    prices = [row for row in listed(seen.record, _PRICE.relation) if row.get(_CURRENCY) in own][:1]
    model = seen.mapping.read({**seen.record, _PRICE.relation: prices}, seen.context)
    price: Mapping[str, Any] = next(iter(prices), {})
    part = str(price.get("Id") or "")
    return shown_by(seen, "salesforce", model, edited(seen.record), {"price": edited(price)}, part)


def _in_kashflow(seen: Seen) -> Shown:
    """KashFlow does not tell when a product was edited (reference kashflow.md section 3.5)."""
    return shown_by(seen, "kashflow", seen.mapping.read(seen.record, seen.context), None)


def _search(noun: Noun) -> str:
    one = product(noun)
    return f"ProductCode = {quoted(one.code)} OR Name = {quoted(one.name)}"


def likeness(one: Product, other: Product) -> Likeness:
    """The code says which product it is, under one nominal. A code that is spelled differently is a match only if the name
    agrees; the same name alone is a doubt."""
    same_name = letters(one.name) == letters(other.name)
    if not one.code or not other.code or letters(one.code) != letters(other.code):
        return Likeness.DOUBTFUL if same_name else Likeness.OTHER
    nominals = {one.nominal_code, other.nominal_code} - {""}
    if len(nominals) > 1:
        return Likeness.DOUBTFUL
    return Likeness.SAME if alike("code", one.code, other.code) or same_name else Likeness.DOUBTFUL


def _candidates(ours: Noun, theirs: Mapping[str, Noun], taken: Set[str]) -> Candidates:
    """One that is taken is meant only if it has the code: goods of one name and of several codes are usual."""
    judged = {key: likeness(product(ours), product(one)) for key, one in theirs.items()}
    doubtful = [key for key, found in judged.items() if found is Likeness.DOUBTFUL and key not in taken]
    return Candidates(
        {key: theirs[key] for key, found in judged.items() if found is Likeness.SAME},
        {key: theirs[key] for key in doubtful},
    )


def _summary(noun: Noun) -> dict[str, Value]:
    one = product(noun)
    return {
        "name": one.name,
        "code": one.code or None,
        "nominal_code": one.nominal_code or None,
        "price": None if one.price is None else f"{one.price:f}",
        "description": one.description or None,
    }


def letters(text: str) -> str:
    """Without spaces, points and dashes; a text of nothing else stays as it is."""
    return "".join(char for char in text.casefold() if char.isalnum()) or text.strip()


PRODUCT = Thing(
    entity="product",
    salesforce="Product2",
    kashflow="Product",
    key_field="KashFlow_Id__c",
    key_of=lambda noun: product(noun).external_ids.get("kashflow", ""),
    part=_PRICE,
    archived=("is_active", False),
    in_salesforce=_in_salesforce,
    in_kashflow=_in_kashflow,
    search=_search,
    may_be_called=lambda _noun, _name: True,
    candidates=_candidates,
    summary=_summary,
)
