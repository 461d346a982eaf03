"""Which address the CometD client may talk to, and how Salesforce spells it. Opens nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from connectors.salesforce.origin import checked_origin


def salesforce_path(api_version: str) -> str:
    """The path of Salesforce's endpoint for an API version such as "66.0", to be joined to the token's instance URL.

    Raises ValueError. Versions from 37.0 have it (reference salesforce.md section 1.1).
    """
    if not re.fullmatch(r"[1-9]\d\.0", api_version):
        raise ValueError(f"the Salesforce API version must look like 66.0, not {api_version!r}")
    return f"/cometd/{api_version}"


def checked_endpoint(endpoint: str, *, has_tokens: bool) -> str:
    """`endpoint` itself: a complete address, or a path below the instance URL that comes with each token.

    Raises ValueError for one that cannot be right, or that would send a token in the clear.
    """
    if endpoint.startswith("/"):
        if not has_tokens:
            raise ValueError("a CometD endpoint without a host needs tokens, which say where the instance is")
        return endpoint
    parts = urlsplit(endpoint)
    if parts.query or parts.fragment:
        raise ValueError("the CometD endpoint must be an address without query or fragment")
    origin = checked_origin(f"{parts.scheme}://{parts.netloc}", setting="the CometD endpoint")
    return origin + parts.path


def endpoint_at(instance_url: str, endpoint: str) -> str:
    """The complete address. Raises ValueError when the instance URL is none that we may talk to."""
    if not endpoint.startswith("/"):
        return endpoint
    return checked_origin(instance_url, setting="the token's instance URL") + endpoint
