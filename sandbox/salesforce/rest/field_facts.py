"""One field as describe tells it (reference section 3.9)."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.fields import Field

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_EXTRA_TYPES = {"textarea": "plaintextarea"}


def field_facts(field: Field, name_field: str) -> dict[str, Any]:
    """Every key that the reference lists, and those that go with the type."""
    return {
        **_type_facts(field),
        **_permission_facts(field),
        "autoNumber": bool(field.auto_number),
        "calculated": field.calculated,
        "calculatedFormula": None,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound or None,
        "controllerName": None,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" and field.default is None else field.default,
        "defaultedOnCreate": field.defaulted or field.name == "OwnerId",
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "encrypted": False,
        "externalId": field.external_id,
        "htmlFormatted": False,
        "idLookup": field.external_id or field.type == "id",
        "inlineHelpText": None,
        "label": field.label,
        "name": field.name,
        "nameField": field.name == name_field,
        "namePointing": False,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "polymorphicForeignKey": False,
        "queryByDistance": field.type == "address",
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship or None,
        "relationshipOrder": None,
        "unique": field.unique,
    }


def _type_facts(field: Field) -> dict[str, Any]:
    return {
        "type": field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "extraTypeInfo": _EXTRA_TYPES.get(field.type),
        "length": field.length,
        "byteLength": field.length * 3 if field.is_text else field.length,
        "precision": field.precision if field.type != "int" else 0,
        "digits": field.precision if field.type == "int" else 0,
        "scale": field.scale,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": value == field.default,
                "label": value,
                "validFor": None,
                "value": value,
            }
            for value in field.values
        ],
        "restrictedPicklist": field.restricted,
    }


def _permission_facts(field: Field) -> dict[str, Any]:
    long_text = field.type == "textarea" and field.length > 255
    compound = field.type == "address"
    return {
        "aggregatable": not long_text and not compound and field.type != "boolean",
        "createable": field.createable,
        "updateable": field.updateable,
        "filterable": not long_text and not compound,
        "groupable": not long_text and not compound and not field.is_number,
        "sortable": not long_text and not compound,
        "permissionable": field.custom or (field.createable and not field.required),
    }
