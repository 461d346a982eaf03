"""What HTTP itself asks of a request before anybody reads it: how long it may be, and how its body is packed."""

from __future__ import annotations

import zlib

from starlette.requests import ClientDisconnect, Request

from sandbox.salesforce.errors import ApiError

#: Bytes of the URI, and of URI and headers together (reference section 3.6).
_LONGEST = 16_384
#: Bytes of an unpacked body: what the largest Bulk upload may have (section 3.7).
_LARGEST = 150_000_000
_PACKED = ("gzip", "deflate")
#: Has zlib find out by itself whether a body bears a gzip or a zlib header.
_EITHER_HEADER = zlib.MAX_WBITS | 32


def check_length(request: Request) -> None:
    """ApiError 414 or 431 when the request cannot be read because it is too long."""
    path, query = request.scope.get("raw_path") or b"", request.scope["query_string"]
    uri = len(path.partition(b"?")[0]) + len(query) + bool(query)
    if uri > _LONGEST:
        message = (
            f"The URI has {uri} bytes, {_LONGEST} at most; send it in a Composite request or as a Bulk job"
        )
        raise ApiError("URI_TOO_LONG", message, status=414)
    headers = sum(len(name) + len(value) for name, value in request.scope["headers"])
    if uri + headers > _LONGEST:
        message = f"The URI and the headers have {uri + headers} bytes, {_LONGEST} at most"
        raise ApiError("REQUEST_HEADER_FIELDS_TOO_LARGE", message, status=431)


async def unpacked_body(request: Request) -> bytes:
    """The body, of known length or chunked, without its content encoding. ApiError when it cannot be had."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise ApiError("UNKNOWN_EXCEPTION", "the client went away in mid-request") from None
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _PACKED:
        message = f"Content-Encoding {encoding} is not supported; use {' or '.join(_PACKED)}"
        raise ApiError("UNSUPPORTED_MEDIA_TYPE", message)
    return _unpacked(body, encoding)


def _unpacked(body: bytes, encoding: str) -> bytes:
    unpacking = zlib.decompressobj(_EITHER_HEADER)
    try:
        content = unpacking.decompress(body, _LARGEST)
    except zlib.error as error:
        raise ApiError("INVALID_CONTENT", f"The body is not {encoding}: {error}") from None
    if unpacking.unconsumed_tail:
        raise ApiError("INVALID_CONTENT", f"The body has more than {_LARGEST} bytes", status=413)
    if not unpacking.eof:
        raise ApiError("INVALID_CONTENT", f"The body is not {encoding}: it breaks off")
    return content
