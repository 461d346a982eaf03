"""Where KashFlow answers: the base address with its TLS rule, and paths with their codes encoded. Opens nothing."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from connectors.errors import Refused

_SETTING = "KASHFORCE_KASHFLOW_URL"
_EXAMPLE = "https://api.kashflow.com/v2"


def checked_base_url(url: str) -> str:
    """`url` without a trailing slash, its path (usually `/v2`) kept.

    Raises ValueError naming the setting when the address has no host, carries credentials or a query, or would
    send the password in the clear.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{_SETTING} must be an address such as {_EXAMPLE}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{_SETTING} must be scheme, host and path only, such as {_EXAMPLE}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{_SETTING} must begin with https: plain http is for loopback hosts only")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str | None) -> bool:
    """True for `localhost` and for the loopback addresses of IPv4 and IPv6."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def record_path(collection: str, *keys: str | int) -> str:
    """The path of one record, such as `customers/BRIGHT01`; every key is percent-encoded (reference section 2.1).

    Raises Refused for a key that would name another resource: an empty one reads the whole list, `.` and `..`
    climb in the path.
    """
    texts = [str(key).strip() for key in keys]
    for text in texts:
        if text in ("", ".", ".."):
            raise Refused(
                f"{text!r} cannot be the code or number of a record in {collection}: give the record a code",
                system="kashflow",
            )
    return "/".join([collection, *(quote(text, safe="") for text in texts)])
