"""PricebookEntry and Product2: the standard price comes first, one price per book and product (reference section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.errors import ApiError, bad_field
from sandbox.salesforce.rules.rule import Rules, Work
from sandbox.salesforce.table import Row


class EntryRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        product, book = tx.row(row["Product2Id"]), tx.row(row["Pricebook2Id"])
        if product is None or book is None:
            return  # the check for required fields, which comes next, says so
        siblings = tx.children("PricebookEntry", "Product2Id", product["Id"])
        if any(_same_price(each, row) for each in siblings):
            raise bad_field("DUPLICATE_VALUE", "This price definition already exists in this price book")
        if not book["IsStandard"]:
            _follow_standard_price(tx, row, siblings)
        row["Name"], row["ProductCode"] = product["Name"], product["ProductCode"]


class ProductRules(Rules):
    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        for entry in tx.children("PricebookEntry", "Product2Id", row["Id"]):
            tx.write(entry["Id"], {"Name": row["Name"], "ProductCode": row["ProductCode"]})


def entry_for(tx: Work, line: Row, pricebook_id: str | None) -> Row:
    """The active entry that a line names, or that its product has in this book (None: the standard book).

    ApiError when there is none, when it is inactive, or when it belongs to another book.
    """
    entry = tx.row(line["PricebookEntryId"])
    if entry is None and line["Product2Id"]:
        book = pricebook_id or standard_book(tx)
        entries = tx.children("PricebookEntry", "Product2Id", line["Product2Id"])
        entry = next((each for each in entries if each["Pricebook2Id"] == book), None)
    if entry is None:
        message = "Required fields are missing: [PricebookEntryId]"
        raise bad_field("REQUIRED_FIELD_MISSING", message, "PricebookEntryId")
    if not entry["IsActive"]:
        raise _unfit("pricebook entry is inactive")
    if pricebook_id is not None and entry["Pricebook2Id"] != pricebook_id:
        raise _unfit("pricebook entry is in a different pricebook than the one assigned to the parent")
    return entry


def standard_book(tx: Work) -> str | None:
    return next((str(book["Id"]) for book in tx.rows("Pricebook2") if book["IsStandard"]), None)


def _same_price(one: Row, other: Mapping[str, Any]) -> bool:
    """Two prices of one product in one book and, where the org has several, one currency."""
    same = all(one.get(name) == other.get(name) for name in ("Pricebook2Id", "CurrencyIsoCode"))
    return same and one["Id"] != other["Id"]


def _follow_standard_price(tx: Work, row: dict[str, Any], siblings: list[Row]) -> None:
    standard = standard_book(tx)
    price = next((each for each in siblings if each["Pricebook2Id"] == standard), None)
    if price is None:
        message = "No standard price defined for this product"
        raise ApiError("STANDARD_PRICE_NOT_DEFINED", message, fields=[])
    if row["UseStandardPrice"]:
        row["UnitPrice"] = price["UnitPrice"]


def _unfit(reason: str) -> ApiError:
    message = f"field integrity exception: PricebookEntryId ({reason})"
    return bad_field("FIELD_INTEGRITY_EXCEPTION", message, "PricebookEntryId")
