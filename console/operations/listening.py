"""Prints what a stream of events says, as lines of JSON; reads only. Where the stream comes from is not known here."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, assert_never

from connectors.errors import ConnectorError, NotNow
from connectors.salesforce import jsontext
from connectors.salesforce.streaming.source import (
    ChannelRefused,
    Events,
    EventSource,
    Idle,
    Notice,
    PositionLost,
    QuotaReached,
    Subscribed,
    Trouble,
    Unreadable,
)
from console.exits import Exit

Say = Callable[[str], None]


class Listener:
    """Listens to one channel until enough events came, time is up, somebody interrupts, or there is no use in waiting.

    `say` gets each event as one line of JSON, `note` whatever else a person may want to know.
    """

    def __init__(self, source: EventSource, channel: str, *, say: Say, note: Say) -> None:
        self._source = source
        self._channel = channel
        self._say = say
        self._note = note
        self._was_subscribed = False
        self._was_interrupted = False
        self._last_error: ConnectorError | None = None

    def run(self, cursor: str, *, max_events: int = 0, timeout_seconds: float = 0) -> Exit:
        """OK when events came, when time was up after a successful subscription, or after `interrupt`; else
        UNREACHABLE or REFUSED. 0 stands for no limit.

        Without a time limit it gives up where the source would begin to wait for its first subscription.
        """
        timer = threading.Timer(timeout_seconds, self._source.close)
        timer.daemon = True
        if timeout_seconds:
            timer.start()
        try:
            return self._listen(cursor, max_events, is_patient=timeout_seconds > 0)
        finally:
            timer.cancel()

    def interrupt(self) -> None:
        """End soon, in good order. Safe in a signal handler."""
        self._was_interrupted = True
        self._source.close()

    def _listen(self, cursor: str, max_events: int, *, is_patient: bool) -> Exit:
        printed = 0
        with closing(self._source.listen({self._channel: cursor})) as notices:
            for notice in notices:
                for line in self._lines(notice):
                    self._say(line)
                    printed += 1
                    if printed == max_events:
                        return Exit.OK
                if self._is_hopeless(notice, is_patient):
                    return self._failure()
        return Exit.OK if self._was_subscribed or self._was_interrupted else self._failure()

    def _failure(self) -> Exit:
        if self._last_error is None:
            self._note("no answer came in time")
        may_pass = self._last_error is None or isinstance(self._last_error, NotNow)
        return Exit.UNREACHABLE if may_pass else Exit.REFUSED

    def _is_hopeless(self, notice: Notice, is_patient: bool) -> bool:
        match notice:
            case ChannelRefused():
                return True
            case Trouble(error=error, wait_seconds=seconds) | QuotaReached(error=error, wait_seconds=seconds):
                if self._was_subscribed or seconds == 0:
                    return False
                return not is_patient or not isinstance(error, NotNow)
            case _:
                return False

    def _lines(self, notice: Notice) -> Iterator[str]:
        """The events in the notice; what else it says is noted."""
        match notice:
            case Events(events=events):
                for event in events:
                    yield as_line({"channel": event.channel, "cursor": event.cursor, "data": event.data})
            case Unreadable():
                yield as_line(_shown(notice))
            case Subscribed(channel=channel, cursor=cursor):
                self._was_subscribed = True
                self._note(f"subscribed to {channel} from {cursor}")
            case PositionLost(channel=channel, reason=reason, resumed_from=resumed_from):
                self._note(f"{channel}: events may be missing: {reason}; going on from {resumed_from}")
            case ChannelRefused(channel=channel, error=error):
                self._last_error = error
                self._note(f"{channel} is refused: {error.message}")
            case Trouble(error=error, wait_seconds=seconds) | QuotaReached(error=error, wait_seconds=seconds):
                self._last_error = error
                self._note(f"{error.message}; trying again in {seconds:.0f} s")
            case Idle():
                pass
            case other:
                assert_never(other)


def as_line(event: Mapping[str, Any]) -> str:
    """One line of ASCII; numbers digit by digit as they came, and what JSON has no number for as text."""
    try:
        return jsontext.encode(event).decode()
    except TypeError:  # such as NaN, which some servers send although it is no JSON
        return json.dumps(event, default=str)


def _shown(notice: Unreadable) -> dict[str, Any]:
    """Servers other than Salesforce send messages that carry no replay id: to whoever only listens they are events."""
    message = jsontext.decode(notice.raw_text.encode())
    has_data = isinstance(message, dict) and "data" in message
    content = {"data": message["data"]} if has_data else {"raw": message}
    return {"channel": notice.channel, "cursor": notice.cursor, **content}
