"""Which addresses the Salesforce wire may talk to: https anywhere, plain http on loopback only. Opens nothing."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def checked_origin(url: str, *, setting: str) -> str:
    """Scheme, host and port of `url`, without a trailing slash.

    Raises ValueError naming `setting` when the address has no host, carries credentials, a path or a query,
    or would send a token in the clear.
    """
    parts = urlsplit(url.strip())
    example = "https://yourcompany.my.salesforce.com"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{setting} must be an address such as {example}")
    if parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise ValueError(f"{setting} must be scheme and host only, such as {example}")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(f"{setting} must use https: plain http is for loopback hosts only")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """True for `localhost` and for the loopback addresses of IPv4 and IPv6."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
