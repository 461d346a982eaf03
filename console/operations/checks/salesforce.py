"""Checks of the Salesforce org as a whole: login, API version, what it still allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.salesforce.org import json_of
from connectors.salesforce.transport import ORG
from console.operations.bench import Bench
from console.operations.findings import Finding, failed, ok, warning

#: Below this share of a daily limit somebody should know before it is used up.
SCARCE = 0.1

#: What of the limits concerns us, and in whose words (reference salesforce.md section 3.8).
LIMITS: Mapping[str, str] = {
    "DailyApiRequests": "API calls",
    "DailyDeliveredPlatformEvents": "event deliveries",
}


def login(bench: Bench) -> Iterator[Finding]:
    """The app's credentials bring a token."""
    token = bench.house.tokens.current()
    yield ok("Salesforce login", f"logged in to {token.instance_url}")


def api_version(bench: Bench) -> Iterator[Finding]:
    """The list of versions is public, but one with our token also shows that the org takes it."""
    wanted = bench.house.settings.salesforce_api_version
    answer = json_of(bench.session.request("GET", f"{ORG}/services/data"))
    known = [str(row.get("version")) for row in answer if isinstance(row, dict)]
    if wanted in known:
        yield ok("Salesforce API version", f"{wanted} is served")
    else:
        newest = known[-1] if known else "none"
        yield failed(
            "Salesforce API version",
            f"the org does not serve {wanted}; its newest is {newest}",
            f"set KASHFORCE_SALESFORCE_API_VERSION to {newest} or another one that it serves",
        )


def limits(bench: Bench) -> Iterator[Finding]:
    """What is left of each daily limit that concerns us."""
    known = bench.salesforce.limits()
    for name, words in LIMITS.items():
        limit = known.get(name)
        if limit is None:
            continue
        found = f"{limit.remaining:,} of {limit.maximum:,} {words} left for the next 24 h"
        title = f"Salesforce {words}"
        if limit.remaining <= 0:
            yield failed(title, found, "wait, or find out in Setup, Company Information, who uses them up")
        elif limit.remaining < SCARCE * limit.maximum:
            yield warning(title, found, "find out in Setup, Company Information, who uses them up")
        else:
            yield ok(title, found)
