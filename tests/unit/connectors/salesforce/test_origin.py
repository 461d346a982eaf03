"""Where tokens may be sent."""

from __future__ import annotations

import pytest

from connectors.salesforce.origin import checked_origin


@pytest.mark.parametrize(
    ("given_url", "origin"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        (" https://acme--uat.sandbox.my.salesforce.com ", "https://acme--uat.sandbox.my.salesforce.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_https_anywhere_and_plain_http_on_loopback_are_fine(given_url: str, origin: str) -> None:
    assert checked_origin(given_url, setting="SALESFORCE_URL") == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.my.salesforce.com",
        "ftp://acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "http://127.0.0.1.example.com",
        "https://user:secret@acme.my.salesforce.com",
        "https://acme.my.salesforce.com/services/data",
        "https://acme.my.salesforce.com?x=1",
    ],
)
def test_anything_else_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(ValueError, match="SALESFORCE_URL must") as refused:
        checked_origin(url, setting="SALESFORCE_URL")
    assert "secret" not in str(refused.value)
