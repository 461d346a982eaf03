"""Platform events published over REST: checked like records, kept nowhere, handed to the event bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.fields import Entity
from sandbox.salesforce.validation import check_required
from sandbox.salesforce.world import SalesforceWorld


def published(world: SalesforceWorld, entity: Entity, raw: Mapping[str, Any], user_id: str) -> dict[str, Any]:
    """Publish one event; the answer names its uuid as the platform does. ApiError when a field does not fit."""
    values = world.store.accepted(entity, raw)
    check_required(entity, values)
    fields = {each.name: values.get(each.name) for each in entity.fields.values() if each.custom}
    event_uuid = world.events.publish(entity.name, fields, user_id)
    notice = {"statusCode": "OPERATION_ENQUEUED", "message": event_uuid, "fields": []}
    return {"id": world.store.ids.new(entity.prefix), "success": True, "errors": [notice]}
