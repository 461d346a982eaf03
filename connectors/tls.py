"""Whom connections made with httpx trust."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def trusted(*, by_environment: bool) -> ssl.SSLContext:
    """The certificate authorities of certifi, or of `SSL_CERT_FILE` or `SSL_CERT_DIR` where these are set and the
    environment counts. Kept for all connections, because to read them takes 20 ms."""
    return httpx.create_ssl_context(trust_env=by_environment)
