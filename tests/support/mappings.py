"""Short ways to a compiled rule, a loaded book and the records that mapping tests speak of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import Node

from mappings.bench import Bench
from mappings.book import Book, load
from mappings.context import Context, Scope
from mappings.document import Scalar
from mappings.places import Countries
from mappings.rules import rule
from mappings.steps import STEPS
from mappings.tables import Table

CONTEXT = Context(vat_rates=frozenset(map(Decimal, ("0", "5", "20"))), today=date(2026, 3, 2))
PLACES = Countries(
    {"france": "FR", "united kingdom": "GB", "uk": "GB"}, frozenset({"FR", "IE"}), {"GB": "United Kingdom"}
)


def node_of(written: str) -> Node:
    """The root node of some YAML."""
    node = yaml.compose(written, Loader=yaml.SafeLoader)
    assert node is not None
    return node


def bench(
    settings: Mapping[str, Scalar] | None = None, tables: Mapping[str, Table | None] | None = None
) -> Bench:
    """A bench that knows these settings and tables, and lets every path pass."""
    return Bench(PLACES, settings or {}, tables or {}, STEPS, lambda _path: None)


def value_of(
    written: str,
    record: Mapping[str, object],
    *,
    context: Context = CONTEXT,
    settings: Mapping[str, Scalar] | None = None,
    tables: Mapping[str, Table | None] | None = None,
) -> object:
    """What the rule `written` in YAML makes of `record`."""
    compiled = rule(node_of(written), bench(settings, tables))
    return compiled.value(Scope(record, record, context))


@cache
def packaged() -> Book:
    """The packaged book, loaded once."""
    return load()


def written_to(folder: Path, files: Mapping[str, str]) -> Path:
    """`folder` holding `files`, by their path in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def children(*records: Mapping[str, object], done: bool = True) -> dict[str, object]:
    """Child records as a Salesforce query gives them."""
    return {"totalSize": len(records), "done": done, "records": list(records)}


def line_item(**fields: object) -> dict[str, object]:
    """An OpportunityLineItem: two consulting days."""
    product = {"Name": "Consulting day", "ProductCode": "CONS-DAY", "Family": "Services", "VAT_Rate__c": None}
    usual = {"Quantity": 2, "UnitPrice": Decimal(50), "TotalPrice": Decimal(100), "Description": None}
    return usual | {"Product2": product} | fields


def opportunity(**fields: Any) -> dict[str, Any]:
    """A won Opportunity of a firm in Leeds, as our query brings it."""
    account = {
        "Id": "001000000000001AAA",
        "Name": "Bright & Co Ltd",
        "BillingStreet": "Unit 4\r\nMill Lane\r\nHolbeck",
        "BillingCity": "Leeds",
        "BillingState": None,
        "BillingPostalCode": "LS1 1AA",
        "BillingCountry": "United Kingdom",
    }
    contact = {"FirstName": "Jo", "LastName": "Bright", "Email": "jo@bright.test", "Phone": "0113 496 0001"}
    usual: dict[str, Any] = {
        "Id": "006000000000001AAA",
        "Name": "Spring consulting",
        "IsWon": True,
        "Amount": Decimal(100),
        "CloseDate": "2026-03-01",
        "Account": account,
        "OpportunityContactRoles": children({"IsPrimary": True, "Contact": contact}),
        "OpportunityLineItems": children(line_item()),
    }
    return usual | fields
