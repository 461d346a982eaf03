"""The event bus: where commits and platform events become retained events, and clients are served from; no HTTP."""

from __future__ import annotations

import hashlib
import threading
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from sandbox.salesforce.commits import Commit
from sandbox.salesforce.streaming.body import event_value
from sandbox.salesforce.streaming.capture import ChangeCapture
from sandbox.salesforce.streaming.channels import (
    STANDARD_CHANNEL,
    ChannelSelection,
    entity_of,
    has_change_events,
)
from sandbox.salesforce.streaming.clients import Client, Clients, Wake
from sandbox.salesforce.streaming.limits import Limits, Timing
from sandbox.salesforce.streaming.needs import StreamingWorld
from sandbox.salesforce.streaming.quota import DeliveryQuota
from sandbox.salesforce.streaming.replay import Event, Logged, ReplayLog


class EventBus:
    """Everything of the Streaming API that outlives a request. One per world.

    Commits of the world's store become change events on the channels that select their entity; `publish` adds
    platform events. Safe to call from any thread.
    """

    def __init__(
        self, world: StreamingWorld, *, timing: Timing | None = None, limits: Limits | None = None
    ) -> None:
        self.timing = timing or Timing()
        self.limits = limits or Limits()
        self.selection = ChannelSelection()
        self.clients = Clients(world.clock, world.rng, self.timing.expiry_seconds)
        self.quota = DeliveryQuota(self.limits.daily_deliveries, world.clock)
        self._world = world
        self._capture = ChangeCapture(world, self.limits)
        self._logs: dict[str, ReplayLog] = {}
        self._happened = 0
        self._lock = threading.RLock()
        world.store.on_commit(self._capture_commit)

    def publish(self, event: str, payload: Mapping[str, Any], user_id: str) -> str:
        """Publish the platform event `X__e`; returns its `EventUuid`. ValueError for a name of another form.

        `CreatedDate` and `CreatedById` are added; `payload` values may be Decimals, dates and datetimes.
        """
        if not event.endswith("__e"):
            raise ValueError(f"a platform event is named like My_Event__e, not {event!r}")
        now = self._world.clock.now()
        event_uuid = str(uuid.UUID(int=self._world.rng.getrandbits(128)))
        fields = {name: event_value(value) for name, value in payload.items()}
        whole = {"CreatedDate": event_value(now), "CreatedById": user_id, **fields}
        self._append(f"/event/{event}", event, whole, {"EventUuid": event_uuid, "EventApiName": event})
        self.clients.wake_all(Wake.NEWS)
        return event_uuid

    def forget_sessions(self) -> None:
        """Forget every streaming session: whoever asks next is an unknown client, held connects at once."""
        self.clients.forget_all()

    def release_connects(self) -> None:
        """Answer every held connect now, so that a server that is about to stop does not wait for them."""
        self.clients.wake_all(Wake.CLOSING)

    def add_channel(self, name: str) -> str:
        """Make the custom channel `X__chn`; returns `/data/X__chn`. ValueError if it exists."""
        return self.selection.add_channel(name)

    @property
    def selected_entities(self) -> set[str]:
        """The entities of the standard channel; add and remove them with `add_member("ChangeEvents", ...)`."""
        return self.selection.selected_entities

    def add_member(self, channel: str, entity: str, enriched_fields: Sequence[str] = ()) -> None:
        """Select `Account` on a custom channel, where fields may enrich its events, or on `ChangeEvents`.

        ValueError if channel or entity is unknown, or if the standard channel is to be enriched.
        """
        self.selection.add_member(channel, entity, enriched_fields)

    def remove_member(self, channel: str, entity: str) -> None:
        self.selection.remove_member(channel, entity)

    def log_of(self, channel: str) -> ReplayLog | None:
        """What a channel remembers, or None if there is no such channel."""
        if not self._exists(channel):
            return None
        return self._log(channel)

    def due(self, client: Client) -> list[tuple[str, Logged]]:
        """The next events of a client over all its channels, in the order in which they happened."""
        with self._lock:
            streams = [self._waiting(channel, cursor) for channel, cursor in client.cursors.items()]
            in_order = merge(*streams, key=lambda due: due[1].event.order)
            return list(islice(in_order, self.limits.events_in_reply))

    def hidden_entities(self) -> set[str]:
        """Entities that subscribers may not view just now: their events are left out without a word."""
        faults = self._world.faults.declared()
        return {str(fault.params["entity"]) for fault in faults if fault.name == "cometd_entity_hidden"}

    def _exists(self, channel: str) -> bool:
        if channel == STANDARD_CHANNEL or channel in self.selection.custom:
            return True
        if channel.startswith("/event/"):
            return self._is_entity(channel.removeprefix("/event/"), "event")
        entity = entity_of(channel)
        return entity is not None and has_change_events(entity) and self._is_entity(entity, "data")

    def _is_entity(self, name: str, kind: str) -> bool:
        """Channel names are case-sensitive although the names of objects are not."""
        found = self._world.schema.find(name)
        return found is not None and found.name == name and found.kind == kind

    def _waiting(self, channel: str, cursor: int) -> Iterator[tuple[str, Logged]]:
        hidden = self.hidden_entities()
        for logged in self._log(channel).after(cursor, self._world.clock.now()):
            if logged.event.entity not in hidden:
                yield channel, logged

    def _capture_commit(self, commit: Commit) -> None:
        for change in self._capture.events(commit):
            for channel, fields in self.selection.channels_of(change.entity).items():
                for payload in change.enriched(self._visible(change.entity, fields)):
                    self._append(channel, change.entity, payload, {})
        self.clients.wake_all(Wake.NEWS)

    def _visible(self, entity: str, fields: Sequence[str]) -> list[str]:
        """Those of the fields that security shows: the others enrich nothing (section 2.1)."""
        found = self._world.schema.find(entity)
        return [name for name in fields if found is not None and self._world.schema.visible(found, name)]

    def _append(
        self, channel: str, entity: str, payload: Mapping[str, Any], stamp: Mapping[str, Any]
    ) -> None:
        with self._lock:
            self._happened += 1
            now = self._world.clock.now()
            event = Event(self._happened, now, entity, schema_id(entity), payload, stamp)
            self._log(channel).append(event)

    def _log(self, channel: str) -> ReplayLog:
        with self._lock:
            if channel not in self._logs:
                self._logs[channel] = ReplayLog(self._world.rng, self.limits.retention_hours)
            return self._logs[channel]


def schema_id(entity: str) -> str:
    """The 22 characters of `data.schema`, the same for an entity in every run."""
    return urlsafe_b64encode(hashlib.sha256(entity.encode()).digest()[:16]).decode().rstrip("=")
