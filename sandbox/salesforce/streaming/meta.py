"""Answers handshake, subscribe, unsubscribe and disconnect; connect, which may wait, is answered in connect.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.salesforce.streaming import refusals
from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.channels import entity_of
from sandbox.salesforce.streaming.clients import Client, Wake
from sandbox.salesforce.streaming.delivery import Delivery
from sandbox.salesforce.streaming.faults import striking_refusal
from sandbox.salesforce.streaming.needs import StreamingUser, StreamingWorld
from sandbox.salesforce.streaming.refusals import Refusal, echo
from sandbox.salesforce.streaming.replay import InvalidReplayIdError, asked_replay
from sandbox.salesforce.streaming.wire import Message


@dataclass(frozen=True)
class Caller:
    """Who sent the request: what its `Authorization` header and its `BAYEUX_BROWSER` cookie say."""

    authorization: str | None
    user: StreamingUser | None
    browser: str | None
    #: True where the host is an IP address: aiohttp, among others, keeps no cookies for those.
    by_address: bool = False

    def owns(self, client: Client) -> bool:
        """The cookie is the session (reference section 7.0.7); by address only once it has been shown."""
        if self.browser == client.browser:
            client.cookie_shown = True
            return True
        return self.browser is None and self.by_address and not client.cookie_shown


class MetaChannels:
    """The Bayeux protocol as Salesforce speaks it (reference salesforce.md sections 1.2 and 1.7)."""

    def __init__(self, world: StreamingWorld, bus: EventBus, delivery: Delivery) -> None:
        self._world = world
        self._bus = bus
        self._delivery = delivery
        self._in_session: Mapping[str, Callable[[Client, Message], list[Message]]] = {
            refusals.SUBSCRIBE: self._subscribe,
            refusals.UNSUBSCRIBE: self._unsubscribe,
            refusals.DISCONNECT: self._disconnect,
        }

    def handshake(self, message: Message, caller: Caller) -> tuple[Message, Client | None]:
        """The reply, and the new client unless the handshake was denied."""
        fault = striking_refusal(self._world.faults, message, connects=0)
        if caller.user is None:
            return (fault or _unauthenticated(caller)).reply(message), None
        refusal = fault or self._overcrowded()
        if refusal is not None:
            return refusal.reply(message), None
        client = self._bus.clients.admit(caller.user.id, caller.browser)
        reply = echo(message, with_client=False) | {
            "version": "1.0",
            "minimumVersion": "1.0",
            "successful": True,
            "clientId": client.id,
            "supportedConnectionTypes": ["long-polling"],
            "ext": dict(refusals.SERVER_EXT),
        }
        return reply, client

    def answer(self, message: Message, caller: Caller) -> list[Message]:
        """The reply to any meta message but handshake and connect; events that come with it stand before it."""
        client, refusal = self.admitted(message, caller)
        if client is None or refusal is not None:
            return [self.refuse(message, client, refusal or refusals.UNKNOWN_CLIENT)]
        answer = self._in_session.get(message["channel"])
        replies = answer(client, message) if answer else [_PUBLISHING_REFUSED.reply(message)]
        self._bus.clients.answered(client)
        return replies

    def admitted(self, message: Message, caller: Caller) -> tuple[Client | None, Refusal | None]:
        """The client a message speaks for, and the refusal that stands in its way, be it fault or fact."""
        client = self._bus.clients.find(message.get("clientId"))
        fault = striking_refusal(self._world.faults, message, client.connects if client else 0)
        return client, fault or self._objection(message, client, caller)

    def refuse(self, message: Message, client: Client | None, refusal: Refusal) -> Message:
        """The refusal as a reply, after what it does to the client is done."""
        if client is not None and refusal.forgets_client:
            self._bus.clients.forget(client)
        elif client is not None:
            self._bus.clients.answered(client)
        return refusal.reply(message)

    def _overcrowded(self) -> Refusal | None:
        if len(self._bus.clients) >= self._bus.limits.concurrent_clients:
            return refusals.denied(refusals.CONCURRENT_TEXT)
        return None

    def _objection(self, message: Message, client: Client | None, caller: Caller) -> Refusal | None:
        if caller.user is None:
            return refusals.AUTH_INVALID
        if message["channel"] == refusals.SUBSCRIBE and "clientId" not in message:
            return refusals.NO_HANDSHAKE
        if client is None or not caller.owns(client):
            return refusals.STRANGER
        if client.user_id != caller.user.id:
            return refusals.OTHER_USER
        return None

    def _subscribe(self, client: Client, message: Message) -> list[Message]:
        channel = message.get("subscription")
        refusal = self._unsubscribable(channel) or self._place(client, str(channel), asked_replay(message))
        if refusal is not None:
            return [refusal.reply(message)]
        early: list[Message] = []
        if self._world.faults.take("cometd_events_in_subscribe_reply", channel=channel) is not None:
            early = self._delivery.deliver(client)
        client.wake(Wake.NEWS)
        return [*early, echo(message) | {"successful": True}]

    def _unsubscribable(self, channel: object) -> Refusal | None:
        if not isinstance(channel, str) or not channel:
            return refusals.NO_CHANNEL_NAME
        if not channel.startswith("/"):
            return refusals.NO_LEADING_SLASH
        if self._bus.quota.left() == 0:
            return refusals.daily_limit(refusals.SUBSCRIBE)
        return None

    def _place(self, client: Client, channel: str, asked: object) -> Refusal | None:
        """Give the client its place in the channel, or say why not."""
        log = self._bus.log_of(channel)
        if log is None:
            return refusals.no_such_channel(channel)
        entity = entity_of(channel)
        if entity in self._bus.hidden_entities():
            return refusals.no_access(str(entity))
        try:
            position = log.position(asked, self._world.clock.now())
        except InvalidReplayIdError:
            return refusals.invalid_replay(asked)
        client.cursors.pop(channel, None)
        if self._world.faults.take("cometd_silence", channel=channel) is None:
            client.cursors[channel] = position
        return None

    def _unsubscribe(self, client: Client, message: Message) -> list[Message]:
        client.cursors.pop(str(message.get("subscription")), None)
        return [echo(message) | {"successful": True}]

    def _disconnect(self, client: Client, message: Message) -> list[Message]:
        self._bus.clients.forget(client, Wake.DISCONNECTED)
        return [echo(message) | {"successful": True}]


#: Publishing over CometD is not offered, and there are no other meta channels (section 1.2).
_PUBLISHING_REFUSED = Refusal("403::Cannot publish: use the REST API")


def _unauthenticated(caller: Caller) -> Refusal:
    missing = caller.authorization is None
    return refusals.denied(refusals.AUTH_REQUIRED_TEXT if missing else refusals.AUTH_INVALID_TEXT)
