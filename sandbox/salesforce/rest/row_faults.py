"""Declared faults that hit one record, wherever it is written: single calls, Collections, Tree, Bulk."""

from __future__ import annotations

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.world import SalesforceWorld


def strike(world: SalesforceWorld, entity: str, record_id: str = "", *, duplicate_rule: str = "") -> None:
    """Raise the ApiError of a fault that strikes this write. `record_id` is "" for a create.

    `duplicate_rule` is the `Sforce-Duplicate-Rule-Header`: with allowSave=true an alert rule lets the record pass.
    """
    faults, facts = world.faults, {"entity": entity, "id": record_id}
    if faults.take("rest_row_lock", **facts) is not None:
        message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
        raise ApiError("UNABLE_TO_LOCK_ROW", message, fields=[])
    rule = faults.take("rest_validation_rule", **facts)
    if rule is not None:
        message = str(rule.get("message", "The record does not meet a validation rule."))
        fields = [str(rule["field"])] if "field" in rule else []
        raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, fields=fields)
    if record_id or "allowsave=true" in duplicate_rule.replace(" ", "").lower():
        return
    duplicates = faults.take("rest_duplicates_detected", **facts)
    if duplicates is not None:
        raise _duplicates_detected(entity, str(duplicates.get("id", "")))


def _duplicates_detected(entity: str, match_id: str) -> ApiError:
    match = {"type": entity, "Id": match_id}
    result = {
        "allowSave": True,
        "duplicateRule": f"Standard_{entity}_Duplicate_Rule",
        "duplicateRuleEntityType": entity,
        "errorMessage": "Use one of these records?",
        "matchResults": [
            {
                "entityType": entity,
                "errors": [],
                "matchEngine": "FuzzyMatchEngine",
                "matchRecords": [
                    {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": match}
                ],
                "rule": f"Standard_{entity}_Match_Rule_v1_0",
                "size": 1,
                "success": True,
            }
        ],
    }
    details = {"duplicateResult": result}
    return ApiError("DUPLICATES_DETECTED", "Use one of these records?", fields=[], details=details)
