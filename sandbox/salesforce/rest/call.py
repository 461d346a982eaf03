"""One REST request and its answer, free of HTTP machinery, so that Composite can make them too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.jsontext import read_json
from sandbox.salesforce.sessions import User

_CLIENT = re.compile(r"\bclient=([^,;\s]+)", re.IGNORECASE)
_BATCH_SIZE = re.compile(r"\bbatchSize=(\d{1,9})\b", re.IGNORECASE)
_MAX_BATCH = 2000


@dataclass(frozen=True)
class Call:
    """`segments` are the decoded path parts after `/services/data/vNN.N/`; header names are lower case."""

    user: User
    method: str
    version: str
    segments: tuple[str, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: Scheme and host by which the client reached the org, for the few answers that hold whole URLs.
    site: str = ""
    #: The parts of a multipart body by their names.
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def json_object(self) -> dict[str, Any]:
        """The body, which must be one object; numbers are int or Decimal. ApiError JSON_PARSER_ERROR."""
        return json_object(self.body)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A true/false query parameter, its name in any case."""
        values = {key.lower(): value for key, value in self.params.items()}
        return values.get(name.lower(), str(default)).lower() == "true"

    def origin(self, api: str = "rest", *, names_client: bool = True) -> str:
        """The text of `changeOrigin`. Collections and Composite do not name the client (reference section 0.7)."""
        client = _CLIENT.search(self.headers.get("sforce-call-options", ""))
        suffix = f";client={client.group(1)}" if client and names_client else ""
        return f"com/salesforce/api/{api}/{self.version}{suffix}"

    def batch_size(self, smallest: int) -> int:
        """The page size that `Sforce-Query-Options` asks for, within what is allowed."""
        asked = _BATCH_SIZE.search(self.headers.get("sforce-query-options", ""))
        return min(max(int(asked.group(1)), smallest), _MAX_BATCH) if asked else _MAX_BATCH

    def at_least(self, version: int) -> bool:
        return int(self.version.partition(".")[0]) >= version


@dataclass
class Reply:
    """`body`: None for an empty one, text as it is, everything else as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json;charset=UTF-8"
    #: What the org goes on to do by itself once the answer is out.
    after: Callable[[], None] | None = None


def json_object(body: bytes | str) -> dict[str, Any]:
    content = parsed(body)
    if not isinstance(content, dict):
        raise ApiError("JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
    return content


def parsed(body: bytes | str) -> Any:
    try:
        return read_json(body)
    except ValueError as error:
        raise ApiError("JSON_PARSER_ERROR", f"The HTTP entity body could not be parsed: {error}") from None


def refusal(error: ApiError) -> Reply:
    """An error as a single call answers it: an array, always."""
    return Reply(error.status, [error.single()])
