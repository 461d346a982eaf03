"""One request and what was answered, as a person may read it in a dead letter: no headers, and nothing of a login."""

from __future__ import annotations

from dataclasses import dataclass

#: Longer bodies are cut: enough to see what was wrong, too little to fill a database.
LONGEST_BODY = 4_000


@dataclass(frozen=True)
class Exchange:
    """`request` is the method, the address without its host, and the body; `answer` the status and the body, or
    blank when none came."""

    request: str
    answer: str = ""


def exchange(
    method: str, path: str, sent: bytes | str | None, status: int | None = None, received: bytes = b""
) -> Exchange:
    """The exchange of one HTTP call. Never hand in a login: its body is a secret."""
    request = f"{method} {path}"
    return Exchange(
        "\n".join(filter(None, [request, _readable(sent or "")])),
        "" if status is None else "\n".join(filter(None, [str(status), _readable(received)])),
    )


def _readable(body: bytes | str) -> str:
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    return text if len(text) <= LONGEST_BODY else f"{text[:LONGEST_BODY]} … ({len(text):,} characters)"
