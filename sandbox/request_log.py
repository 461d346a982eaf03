"""Counts what each world was asked, so that a test can say how many calls something took; it answers nothing itself."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: How many requests are kept one by one; the counters know them all.
_KEPT = 5000
#: A Salesforce record id within a path, of 15 or 18 characters.
_RECORD_ID = re.compile(r"(?<=/)(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?(?=/|$)")

#: Status of a request that got no answer: its connection was cut.
NO_ANSWER = 0


@dataclass(frozen=True)
class Entry:
    """One request. `template` is its path with the keys of records replaced by their names in braces."""

    method: str
    path: str
    query: str
    template: str
    status: int


class RequestLog:
    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_KEPT)
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def record(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._counts[entry.method, entry.template, entry.status] += 1

    def count(self, method: str = "", template: str = "") -> int:
        """How many requests there were, of this method and template where they are given."""
        return sum(
            number
            for (of_method, of_template, _), number in self._counts.items()
            if method in {"", of_method} and template in {"", of_template}
        )

    def counters(self) -> list[dict[str, Any]]:
        return [
            {"method": method, "path": template, "status": status, "count": number}
            for (method, template, status), number in sorted(self._counts.items())
        ]

    def clear(self) -> None:
        self.entries.clear()
        self._counts.clear()


class Recorded:
    """An ASGI application that passes every request on to the present `app()` and notes how it ended."""

    def __init__(self, app: Callable[[], ASGIApp], log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app()(scope, receive, send)
            return
        noted = False

        def note(status: int) -> None:
            nonlocal noted
            noted = True
            query = scope["query_string"].decode("latin-1")
            self._log.record(Entry(scope["method"], scope["path"], query, _template(scope), status))

        async def noting(message: Message) -> None:
            # Noted before it is sent: whoever has the answer finds it counted.
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        try:
            await self._app()(scope, receive, noting)
        finally:
            if not noted:
                note(NO_ANSWER)


def _template(scope: Scope) -> str:
    """The path of the route that took the request; of one that takes any path, the path without record ids."""
    route = str(getattr(scope.get("route"), "path", scope["path"]))
    return _RECORD_ID.sub("{id}", scope["path"]) if ":path}" in route else route
