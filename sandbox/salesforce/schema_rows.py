"""The schema as rows, for Tooling queries on EntityDefinition and FieldDefinition (reference section 3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sandbox.salesforce.fields import Entity, Field
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.table import Row

_DATA_TYPES: Mapping[str, str] = {
    "string": "Text({length})",
    "textarea": "Long Text Area({length})",
    "currency": "Currency({digits}, {scale})",
    "double": "Number({digits}, {scale})",
    "percent": "Percent({digits}, {scale})",
    "reference": "Lookup({reference})",
    "boolean": "Checkbox",
    "datetime": "Date/Time",
}

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def virtual_rows(schema: Schema) -> dict[str, list[Row]]:
    """Rows of both objects, by object name. Their `Id` is the durable id, which is no real record id."""
    entities = [each for each in schema if each.kind == "data"]
    fields = [_field_row(each, field) for each in entities for field in schema.visible_fields(each)]
    return {"EntityDefinition": [_entity_row(each) for each in entities], "FieldDefinition": fields}


def _entity_row(entity: Entity) -> Row:
    return {
        **_system(entity.name),
        "DurableId": entity.name,
        "QualifiedApiName": entity.name,
        "DeveloperName": entity.name.removesuffix("__c"),
        "MasterLabel": entity.label,
        "Label": entity.label,
        "KeyPrefix": entity.prefix,
        "IsCustomizable": True,
        "IsQueryable": True,
    }


def _field_row(entity: Entity, field: Field) -> Row:
    durable = f"{entity.name}.{field.name}"
    return {
        **_system(durable),
        "DurableId": durable,
        "QualifiedApiName": field.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "Label": field.label,
        "DataType": _data_type(field),
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "IsIndexed": field.external_id or field.unique or field.type in ("id", "reference"),
        "IsNillable": not field.required,
        "IsCompound": field.type == "address",
        "EntityDefinitionId": entity.name,
    }


def _data_type(field: Field) -> str:
    shape = _DATA_TYPES.get(field.type, field.type.capitalize())
    return shape.format(
        length=field.length,
        digits=field.precision - field.scale,
        scale=field.scale,
        reference=field.reference_to,
    )


def _system(record_id: str) -> dict[str, object]:
    return {
        "Id": record_id,
        "IsDeleted": False,
        "CreatedDate": _EPOCH,
        "LastModifiedDate": _EPOCH,
        "SystemModstamp": _EPOCH,
    }
