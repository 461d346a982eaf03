"""Order and OrderItem: draft, then activated and locked; totals (reference section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.rules.prices import entry_for
from sandbox.salesforce.rules.rule import Rules, Work
from sandbox.salesforce.table import Row

_LOCKED = ("AccountId", "Pricebook2Id", "EffectiveDate")


class OrderRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        if before is None:
            if row["Status"] not in (None, "Draft"):
                raise bad_field(
                    "FAILED_ACTIVATION", "An order must be created with a draft status.", "Status"
                )
            row["TotalAmount"] = Decimal("0.00")
        elif before["StatusCode"] == "Activated":
            _keep_locked(before, row)
        elif row["Status"] == "Activated":
            _activate(tx, row)
        row["StatusCode"] = row["Status"]

    def before_delete(self, tx: Work, row: Row) -> None:
        _refuse_if_activated(row)


class OrderItemRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        order = tx.row(row["OrderId"])
        if order is None or row["Quantity"] is None or row["UnitPrice"] is None:
            return  # the check for required fields, which comes next, says so
        if before is None:
            _refuse_if_activated(order)
            _take_entry(tx, row, order)
        row["TotalPrice"] = (row["UnitPrice"] * row["Quantity"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        row["AvailableQuantity"] = row["Quantity"]

    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        _sum_up(tx, row["OrderId"])

    def before_delete(self, tx: Work, row: Row) -> None:
        _refuse_if_activated(tx.row(row["OrderId"]) or {})

    def after_delete(self, tx: Work, row: Row) -> None:
        _sum_up(tx, row["OrderId"])


def _keep_locked(before: Row, row: Row) -> None:
    changed = [name for name in _LOCKED if before[name] != row[name]]
    if changed:
        message = f"field integrity exception: {', '.join(changed)} (the order is activated)"
        raise bad_field("FIELD_INTEGRITY_EXCEPTION", message, *changed)


def _activate(tx: Work, row: dict[str, Any]) -> None:
    if not tx.children("OrderItem", "OrderId", row["Id"]):
        raise bad_field("FAILED_ACTIVATION", "An order must have at least one product.", "Status")
    row["ActivatedDate"] = tx.at


def _refuse_if_activated(order: Row) -> None:
    if order.get("StatusCode") == "Activated":
        message = "insufficient access rights on object: the order is activated"
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, fields=[])


def _take_entry(tx: Work, row: dict[str, Any], order: Row) -> None:
    if order["Pricebook2Id"] is None:
        message = "field integrity exception: PricebookEntryId (the order has no price book)"
        raise bad_field("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")
    entry = entry_for(tx, row, order["Pricebook2Id"])
    row["PricebookEntryId"], row["Product2Id"] = entry["Id"], entry["Product2Id"]
    row["ListPrice"] = entry["UnitPrice"]


def _sum_up(tx: Work, order_id: str) -> None:
    order = tx.row(order_id)
    if order is not None and not order["IsDeleted"]:
        items = tx.children("OrderItem", "OrderId", order_id)
        tx.write(order_id, {"TotalAmount": sum((item["TotalPrice"] for item in items), Decimal("0.00"))})
