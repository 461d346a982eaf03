"""A request inside a request: from its method, URL and body to a Call of the same user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.jsontext import json_bytes
from sandbox.salesforce.rest.call import Call

DATA_PATH = re.compile(r"/services/data/v(\d{1,3}\.\d)(?:/(.*))?")


def subcall(outer: Call, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Call:
    """ApiError NOT_FOUND when the URL is not one of the data API."""
    split = urlsplit(url)
    found = DATA_PATH.fullmatch(split.path)
    if found is None:
        raise not_found()
    if not isinstance(method, str):
        raise ApiError("JSON_PARSER_ERROR", "method must be text")
    return Call(
        user=outer.user,
        method=method.upper(),
        version=found.group(1),
        segments=segments_of(found.group(2) or ""),
        params=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers={name.lower(): str(value) for name, value in (headers or {}).items()},
        site=outer.site,
        body=b"" if body is None else json_bytes(body),
    )


def segments_of(raw_path: str) -> tuple[str, ...]:
    """Path parts, each decoded by itself, so that an encoded slash stays within its part."""
    return tuple(unquote(part) for part in raw_path.split("/") if part)
