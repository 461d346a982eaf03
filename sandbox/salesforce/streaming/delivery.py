"""Turns the events that are due to a client into messages, and counts them as delivered; not when this happens."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.clients import Client
from sandbox.salesforce.streaming.needs import StreamingWorld
from sandbox.salesforce.streaming.replay import Logged
from sandbox.salesforce.streaming.wire import Message

_BROKEN_DATA = {"schema": None, "payload": {"ChangeEventHeader": "not an object"}, "event": {"replayId": "?"}}


class Delivery:
    """Serves clients from the bus. What was delivered is never delivered again unless it is subscribed again."""

    def __init__(self, world: StreamingWorld, bus: EventBus) -> None:
        self._world = world
        self._bus = bus

    def deliver(self, client: Client) -> list[Message]:
        """Messages with the next events, as many as reply and quota allow; they count as delivered."""
        due = self._bus.due(client)[: self._bus.quota.left()]
        for channel, logged in due:
            client.cursors[channel] = logged.replay_id
        self._bus.quota.spend(len(due))
        return self._spoilt([event_message(client, channel, logged) for channel, logged in due])

    def _spoilt(self, messages: Sequence[Message]) -> list[Message]:
        """The messages after the declared faults of delivery."""
        spoilt = list(messages)
        if not spoilt:
            return spoilt
        params = self._world.faults.take("cometd_malformed_event", channel=spoilt[0]["channel"])
        if params is not None:
            spoilt[0] = spoilt[0] | {"data": params.get("data", _BROKEN_DATA)}
        if self._world.faults.take("cometd_duplicate_delivery") is not None:
            spoilt = [message for message in spoilt for _ in range(2)]
        return spoilt


def event_message(client: Client, channel: str, logged: Logged) -> Message:
    """A broadcast message (reference salesforce.md section 1.2); it has no `id`."""
    event = logged.event
    return {
        "channel": channel,
        "clientId": client.id,
        "data": {
            "schema": event.schema,
            "payload": event.payload,
            "event": {"replayId": logged.replay_id, **event.stamp},
        },
    }
