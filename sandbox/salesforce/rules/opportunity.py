"""Opportunity: what follows from its stage and its lines; and its one primary contact (reference section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.salesforce.errors import bad_field
from sandbox.salesforce.rules.rule import Rules, Work
from sandbox.salesforce.table import Row

_CENT = Decimal("0.01")


class OpportunityRules(Rules):
    def before_save(
        self, tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]
    ) -> None:
        _follow_stage(tx, before, row, given)
        if before is not None and before["HasOpportunityLineItem"]:
            # The platform answers success and keeps the sum of the lines (reference section 0.9).
            row["Amount"] = before["Amount"]
            _keep_pricebook(before, row)
        row["ExpectedRevenue"] = expected_revenue(row)

    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        if before is None and row["ContactId"]:
            role = {"OpportunityId": row["Id"], "ContactId": row["ContactId"], "IsPrimary": True}
            tx.insert_as_platform("OpportunityContactRole", role)


class ContactRoleRules(Rules):
    def after_save(self, tx: Work, before: Row | None, row: Row) -> None:
        if not row["IsPrimary"]:
            return
        for other in tx.children("OpportunityContactRole", "OpportunityId", row["OpportunityId"]):
            if other["Id"] != row["Id"]:
                tx.write(other["Id"], {"IsPrimary": False})
        tx.write(row["OpportunityId"], {"ContactId": row["ContactId"]})

    def after_delete(self, tx: Work, row: Row) -> None:
        if row["IsPrimary"]:
            tx.write(row["OpportunityId"], {"ContactId": None})


def expected_revenue(row: Row) -> Decimal | None:
    if row["Amount"] is None:
        return None
    share = (row["Probability"] or Decimal(0)) / 100
    return (Decimal(row["Amount"]) * share).quantize(_CENT)


def _follow_stage(tx: Work, before: Row | None, row: dict[str, Any], given: Mapping[str, Any]) -> None:
    stage = next((each for each in tx.rows("OpportunityStage") if each["ApiName"] == row["StageName"]), None)
    if stage is None:
        return
    row["IsWon"], row["IsClosed"] = stage["IsWon"], stage["IsClosed"]
    row["ForecastCategory"] = stage["ForecastCategory"]
    row["ForecastCategoryName"] = stage["ForecastCategoryName"]
    moved = before is None or before["StageName"] != row["StageName"]
    if moved and given.get("Probability") is None:
        row["Probability"] = stage["DefaultProbability"]


def _keep_pricebook(before: Row, row: Row) -> None:
    if row["Pricebook2Id"] != before["Pricebook2Id"]:
        message = (
            "field integrity exception: Pricebook2Id (the price book cannot change while there are products)"
        )
        raise bad_field("FIELD_INTEGRITY_EXCEPTION", message, "Pricebook2Id")
