"""Answers `/meta/connect`: at once the first time or when events are due, else after holding it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.streaming import refusals
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.clients import Client, HeldConnect, Wake
from sandbox.salesforce.streaming.delivery import Delivery
from sandbox.salesforce.streaming.meta import Caller, MetaChannels
from sandbox.salesforce.streaming.needs import StreamingWorld
from sandbox.salesforce.streaming.refusals import Refusal, echo
from sandbox.salesforce.streaming.wire import Message


@dataclass(frozen=True)
class ConnectAnswer:
    """What a connect came to. `replaced` ends as HTTP 500 without a body, `cut` as half a body."""

    messages: list[Message]
    cut: bool = False
    replaced: bool = False


class ConnectChannel:
    """The long poll (reference salesforce.md sections 1.2, 1.3 and 7.0)."""

    def __init__(self, world: StreamingWorld, bus: EventBus, meta: MetaChannels, delivery: Delivery) -> None:
        self._world = world
        self._bus = bus
        self._meta = meta
        self._delivery = delivery

    async def answer(
        self, message: Message, caller: Caller, *, may_hold: bool, gone: Callable[[], Awaitable[None]]
    ) -> ConnectAnswer:
        """Answer a connect. `may_hold` is false among other messages; `gone` returns when the caller hangs up."""
        client, refusal = self._meta.admitted(message, caller)
        refusal = refusal or _wrong_type(message)
        if client is None or refusal is not None:
            reply = self._meta.refuse(message, client, refusal or refusals.UNKNOWN_CLIENT)
            return ConnectAnswer([reply])
        if client.cursors and self._bus.quota.left() == 0:
            return ConnectAnswer([self._meta.refuse(message, client, refusals.daily_limit(refusals.CONNECT))])
        client.wake(Wake.REPLACED)
        advice = self._advice(client)
        client.connects += 1
        wake = None
        if may_hold and advice is None and not _asks_at_once(message):
            wake = await self._hold(client, gone)
        return self._answer_after(wake, client, message, caller, advice)

    async def _hold(self, client: Client, gone: Callable[[], Awaitable[None]]) -> Wake | None:
        """Wait until something is due, the time is up or something else ends it; says what, None for the time."""
        held = client.held = HeldConnect(self._bus.timing.park_seconds)
        hangs_up = asyncio.ensure_future(gone())
        hangs_up.add_done_callback(lambda _: held.wake(Wake.HUNG_UP))
        try:
            # Looked at only once it is held: whatever is published from here on wakes it. News may be others'.
            wake: Wake | None = Wake.NEWS
            while wake is Wake.NEWS and not self._bus.due(client):
                wake = await held.woken()
            return wake
        finally:
            hangs_up.cancel()
            if client.held is held:
                client.held = None
            self._bus.clients.answered(client)

    def _answer_after(
        self,
        wake: Wake | None,
        client: Client,
        message: Message,
        caller: Caller,
        advice: dict[str, Any] | None,
    ) -> ConnectAnswer:
        if wake in (Wake.REPLACED, Wake.HUNG_UP):
            return ConnectAnswer([], replaced=True)
        if wake is Wake.FORGOTTEN:
            return ConnectAnswer([refusals.UNKNOWN_CLIENT.reply(message)])
        if wake is Wake.DISCONNECTED:
            # Without advice: "none" would tell clients with an alarm on it that their login failed.
            return ConnectAnswer([_success(message, None)])
        if self._world.sessions.user_for(caller.authorization) is None:
            return ConnectAnswer([self._meta.refuse(message, client, refusals.AUTH_INVALID)])
        if self._world.faults.take("cometd_reconnect_none_success", connects=client.connects) is not None:
            self._bus.clients.forget(client)
            return ConnectAnswer([_success(message, dict(refusals.NO_RETRY))])
        return self._with_events(client, message, advice)

    def _with_events(self, client: Client, message: Message, advice: dict[str, Any] | None) -> ConnectAnswer:
        self._bus.clients.answered(client)
        reply = _success(message, advice)
        if not self._bus.due(client):
            return ConnectAnswer([reply])
        if self._world.faults.take("cometd_drop_before_delivery") is not None:
            return ConnectAnswer([], cut=True)
        events = self._delivery.deliver(client)
        cut = self._world.faults.take("cometd_drop_after_delivery") is not None
        return ConnectAnswer([*events, reply], cut=cut)

    def _advice(self, client: Client) -> dict[str, Any] | None:
        """The advice of this reply: on the first connect and whenever the interval changes; else None."""
        shares = self._bus.clients.shares_cookie(client)
        interval = self._bus.timing.shared_cookie_interval_ms if shares else 0
        params = self._world.faults.take("cometd_interval", connects=client.connects)
        if params is not None:
            interval = int(params.get("ms", 2000))
        if client.connects and interval == client.advised_interval_ms and not shares:
            return None
        client.advised_interval_ms = interval
        advice: dict[str, Any] = {"reconnect": "retry", "interval": interval}
        if shares:
            return advice | {"multiple-clients": True}
        return advice | {"timeout": int(self._bus.timing.park_seconds * 1000)}


def _success(message: Message, advice: dict[str, Any] | None) -> Message:
    reply = echo(message) | {"successful": True}
    return reply | {"advice": advice} if advice is not None else reply


def _wrong_type(message: Message) -> Refusal | None:
    offered = message.get("connectionType", "long-polling")
    return None if offered == "long-polling" else refusals.invalid_connection_type(offered)


def _asks_at_once(message: Message) -> bool:
    """Whether the client asks for an immediate answer, as some do after a network failure."""
    advice = message.get("advice")
    return isinstance(advice, dict) and advice.get("timeout") == 0
