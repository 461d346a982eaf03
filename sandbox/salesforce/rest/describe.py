"""What objects and fields there are (reference section 3.9): describe, describeGlobal, the resource index."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.fields import Entity
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.conditional import unless_unmodified
from sandbox.salesforce.rest.field_facts import field_facts
from sandbox.salesforce.rest.records import api_entity
from sandbox.salesforce.world import SalesforceWorld

_RESOURCES = ("sobjects", "query", "queryAll", "composite", "limits", "jobs", "tooling")
_BATCH = 200


def index(world: SalesforceWorld, call: Call) -> Reply:
    """`/services/data/vNN.N/`: which resources there are and who asks."""
    identity = f"{call.site}/id/{world.org.id}/{call.user.id}"
    return Reply(200, {name: f"{call.base}/{name}" for name in _RESOURCES} | {"identity": identity})


def describe_global(world: SalesforceWorld, call: Call) -> Reply:
    entities = [_object_facts(call, each) for each in world.schema if each.kind != "tooling"]
    return _since_change(world, call, {"encoding": "UTF-8", "maxBatchSize": _BATCH, "sobjects": entities})


def describe_tooling_global(world: SalesforceWorld, call: Call) -> Reply:
    entities = [_object_facts(call, each) for each in world.schema if each.kind == "tooling"]
    return _since_change(world, call, {"encoding": "UTF-8", "maxBatchSize": _BATCH, "sobjects": entities})


def basic(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    """`/sobjects/X`: the object's facts without its fields, and no recent items."""
    return Reply(200, {"objectDescribe": _object_facts(call, api_entity(world, entity)), "recentItems": []})


def describe(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    return _since_change(world, call, _full(world, call, api_entity(world, entity)))


def describe_tooling(world: SalesforceWorld, call: Call, entity: str) -> Reply:
    return _since_change(world, call, _full(world, call, world.schema.entity(entity)))


def _full(world: SalesforceWorld, call: Call, entity: Entity) -> dict[str, Any]:
    return {
        "actionOverrides": [],
        "childRelationships": [
            {
                "cascadeDelete": each.cascade,
                "childSObject": each.child,
                "deprecatedAndHidden": False,
                "field": each.field,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": each.name or None,
                "restrictedDelete": False,
            }
            for each in world.schema.children_of(entity.name)
        ],
        "compactLayoutable": True,
        "fields": [field_facts(each, entity.name_field) for each in world.schema.visible_fields(entity)],
        "namedLayoutInfos": [],
        "recordTypeInfos": [_master_record_type(call, entity)],
        "supportedScopes": [{"label": f"All {entity.plural}", "name": "everything"}],
        **_object_facts(call, entity),
    }


def _object_facts(call: Call, entity: Entity) -> dict[str, Any]:
    place = f"{call.base}/sobjects/{entity.name}"
    kept = entity.kind != "event"
    return {
        "activateable": False,
        "createable": entity.createable,
        "custom": entity.custom,
        "customSetting": False,
        "deletable": entity.deletable,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": entity.prefix,
        "label": entity.label,
        "labelPlural": entity.plural,
        "layoutable": kept,
        "mergeable": "MasterRecordId" in entity.fields,
        "mruEnabled": kept,
        "name": entity.name,
        "queryable": kept,
        "replicateable": kept,
        "retrieveable": kept,
        "searchable": kept,
        "triggerable": True,
        "undeletable": entity.deletable and kept,
        "updateable": entity.updateable,
        "urls": {"sobject": place, "describe": f"{place}/describe", "rowTemplate": f"{place}/{{ID}}"},
    }


def _master_record_type(call: Call, entity: Entity) -> dict[str, Any]:
    record_type = "012000000000000AAA"
    place = f"{call.base}/sobjects/{entity.name}/describe/layouts/{record_type}"
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": record_type,
        "urls": {"layout": place},
    }


def _since_change(world: SalesforceWorld, call: Call, body: dict[str, Any]) -> Reply:
    changed_at = world.schema.changed_at or world.born_at
    return unless_unmodified(call, changed_at, Reply(200, body))
