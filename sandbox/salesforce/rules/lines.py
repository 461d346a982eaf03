"""OpportunityLineItem: its price book entry, its prices, and the opportunity's sum (reference section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.salesforce.errors import bad_field
from sandbox.salesforce.rules.opportunity import expected_revenue
from sandbox.salesforce.rules.prices import entry_for
from sandbox.salesforce.rules.rule import Rules, Work
from sandbox.salesforce.table import Row

_CENT = Decimal("0.01")


class LineRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        opportunity = tx.row(row["OpportunityId"])
        if opportunity is None or row["Quantity"] is None:
            return  # the check for required fields, which comes next, says so
        if before is None:
            _take_entry(tx, row, opportunity)
        _price(before, row, given)

    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        _sum_up(tx, row["OpportunityId"])

    def after_delete(self, tx: Work, row: Row) -> None:
        _sum_up(tx, row["OpportunityId"])


def _take_entry(tx: Work, row: dict[str, Any], opportunity: Row) -> None:
    entry = entry_for(tx, row, opportunity["Pricebook2Id"])
    product = tx.row(entry["Product2Id"]) or {}
    row["PricebookEntryId"], row["Product2Id"] = entry["Id"], entry["Product2Id"]
    row["ListPrice"], row["ProductCode"] = entry["UnitPrice"], product.get("ProductCode")
    row["Name"] = f"{opportunity['Name']} {product.get('Name')}"[:376]
    if opportunity["Pricebook2Id"] is None:
        tx.write(opportunity["Id"], {"Pricebook2Id": entry["Pricebook2Id"]})


def _price(before: Row | None, row: dict[str, Any], given: Mapping[str, Any]) -> None:
    unit, total = given.get("UnitPrice"), given.get("TotalPrice")
    if unit is not None and total is not None:
        message = "field integrity exception: TotalPrice (send either UnitPrice or TotalPrice, not both)"
        raise bad_field("FIELD_INTEGRITY_EXCEPTION", message, "UnitPrice", "TotalPrice")
    if before is None and unit is None and total is None:
        message = "Required fields are missing: [UnitPrice]"
        raise bad_field("REQUIRED_FIELD_MISSING", message, "UnitPrice")
    keep = 1 - (row["Discount"] or Decimal(0)) / 100
    quantity = Decimal(row["Quantity"])
    if total is not None and quantity and keep:
        row["UnitPrice"] = _money(total / quantity / keep)
    else:
        row["TotalPrice"] = _money(Decimal(row["UnitPrice"]) * quantity * keep)
    row["Subtotal"] = _money(Decimal(row["UnitPrice"]) * quantity)


def _sum_up(tx: Work, opportunity_id: str) -> None:
    opportunity = tx.row(opportunity_id)
    if opportunity is None or opportunity["IsDeleted"]:
        return
    lines = tx.children("OpportunityLineItem", "OpportunityId", opportunity_id)
    changes: dict[str, Any] = {"HasOpportunityLineItem": bool(lines)}
    if lines:  # deleting the last line keeps the amount
        changes["Amount"] = sum((line["TotalPrice"] for line in lines), Decimal(0))
        changes["ExpectedRevenue"] = expected_revenue({**opportunity, **changes})
        changes["TotalOpportunityQuantity"] = sum((line["Quantity"] for line in lines), Decimal(0))
    tx.write(opportunity_id, changes)


def _money(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)
