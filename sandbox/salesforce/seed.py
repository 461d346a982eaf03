"""The firm's data: customers, contacts, products and prices, open deals. The org itself is org.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any

import yaml

from sandbox.salesforce.transaction import Transaction
from sandbox.salesforce.world import SalesforceWorld


def seed(world: SalesforceWorld) -> None:
    """Fill an empty org as the sales person would have; call once. What it makes follows seed.yaml alone."""
    text = files("sandbox.salesforce").joinpath("seed.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    with world.store.transaction(world.org.sales_id) as tx:
        entries = [_product(world, tx, facts) for facts in data["products"]]
        for number, facts in enumerate(data["accounts"]):
            _account(world, tx, number, facts, entries)


def _product(world: SalesforceWorld, tx: Transaction, facts: Mapping[str, Any]) -> str:
    """The id of the product's standard price."""
    price = facts["price"]
    product = {key: value for key, value in facts.items() if key != "price"}
    product_id = tx.create("Product2", {"IsActive": True, **product})
    entry = {
        "Pricebook2Id": world.org.standard_book_id,
        "Product2Id": product_id,
        "UnitPrice": str(price),
        "IsActive": True,
    }
    return tx.create("PricebookEntry", entry)


def _account(
    world: SalesforceWorld, tx: Transaction, number: int, facts: Mapping[str, Any], entries: list[str]
) -> None:
    fields = {key: value for key, value in facts.items() if key not in ("contacts", "deals")}
    account_id = tx.create("Account", {"BillingCountry": "United Kingdom", "Type": "Customer", **fields})
    contact_ids = [
        tx.create("Contact", {"AccountId": account_id, **contact}) for contact in facts["contacts"]
    ]
    for deal_number, deal in enumerate(facts.get("deals", ())):
        close = world.clock.now().date() + timedelta(days=7 * (deal_number + 1))
        opportunity = {
            "AccountId": account_id,
            "Name": f"{facts['Name']} - {deal['name']}",
            "StageName": deal.get("stage", "Negotiation/Review"),
            "CloseDate": close,
            "ContactId": contact_ids[0],
        }
        opportunity_id = tx.create("Opportunity", opportunity)
        for line, quantity in enumerate(deal["quantities"]):
            entry = world.store.row(entries[(number + deal_number + line) % len(entries)]) or {}
            item = {
                "OpportunityId": opportunity_id,
                "PricebookEntryId": entry["Id"],
                "Quantity": quantity,
                "UnitPrice": entry["UnitPrice"],
            }
            tx.create("OpportunityLineItem", item)
