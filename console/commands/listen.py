"""`kashforce listen`: a tail for any CometD channel. How notices become lines stands in `console.operations.listening`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

from connectors.salesforce.oauth import TokenProvider, fixed_token
from connectors.salesforce.origin import is_loopback
from connectors.salesforce.streaming.cometd import CometdSource
from console import logs, settings
from console.bootstrap import House
from console.exits import Exit
from console.operations.listening import Listener
from console.settings import BadSettings, Settings


def run_listen(channel: str, replay: str, *, max_events: int, timeout: float, url: str) -> int:
    """Events go to standard output, everything else to standard error. `url` replaces the org's endpoint.

    Raises BadSettings for a channel, an address or settings that cannot be.
    """
    loaded = settings.load()
    logs.configure(loaded, "listen")
    if not channel.startswith("/") or not replay:
        raise BadSettings(
            "--channel begins with a slash, like /data/ChangeEvents; --replay is -1, -2 or a replay id"
        )
    with House(loaded) as house:
        try:
            source = _source(house, url)
        except ValueError as error:
            raise BadSettings(str(error)) from None
        listener = Listener(source, channel, say=_say, note=_note)
        with _on_signals(listener.interrupt):
            try:
                return listener.run(replay, max_events=max_events, timeout_seconds=timeout)
            except BrokenPipeError:
                # Whoever read us, such as `head`, has seen enough; Python would complain about it at exit.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return Exit.OK


def _source(house: House, url: str) -> CometdSource:
    if not url:
        return house.event_source()
    return CometdSource(url, _tokens_for(house, url))


def _tokens_for(house: House, url: str) -> TokenProvider | None:
    """The org's login for the org's own host; a token that somebody set for the purpose for any; else none.

    A login that stands in a forgotten .env must not travel to whatever server is being tried out.
    """
    loaded = house.settings
    if loaded.salesforce_client_id and _same_host(url, loaded):
        return house.tokens
    token = loaded.salesforce_access_token.get_secret_value()
    if token:
        parts = urlsplit(url)
        return fixed_token(f"{parts.scheme}://{parts.netloc}", token)
    if loaded.salesforce_client_id:
        _note("no token is sent, because this is not the host of KASHFORCE_SALESFORCE_URL")
    return None


def _same_host(url: str, loaded: Settings) -> bool:
    one, other = (urlsplit(each).hostname or "" for each in (url, loaded.salesforce_url))
    return one == other or (is_loopback(one) and is_loopback(other))


def _say(line: str) -> None:
    print(line, flush=True)


def _note(text: str) -> None:
    print(f"kashforce: {text}", file=sys.stderr, flush=True)


@contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM and SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
