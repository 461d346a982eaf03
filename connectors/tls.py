"""Whom all connections of ours trust."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The certificate authorities that httpx finds: those of certifi, or of `SSL_CERT_FILE` or `SSL_CERT_DIR` where these are
    set. One for all connections, for to read them takes 20 ms."""
    return httpx.create_ssl_context()
