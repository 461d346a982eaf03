"""A source of events that brings none: for producers whose notices a test hands to them."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.salesforce.streaming.source import Notices


class DeafSource:
    """Ends as soon as somebody listens."""

    def listen(self, channels: Mapping[str, str]) -> Notices:
        yield from ()

    def distrust(self, channel: str) -> None: ...
    def close(self) -> None: ...
