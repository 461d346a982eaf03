"""Which addresses may carry the password, and how codes become paths."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import Refused
from connectors.kashflow.address import checked_base_url, record_path


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("https://api.kashflow.com/v2", "https://api.kashflow.com/v2"),
        ("https://api.kashflow.com/v2/", "https://api.kashflow.com/v2"),
        (" http://localhost:8080/v2 ", "http://localhost:8080/v2"),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2"),
        ("http://[::1]:8080/v2", "http://[::1]:8080/v2"),
    ],
)
def test_https_anywhere_and_http_on_loopback_are_good(given_url: str, used: str) -> None:
    assert checked_base_url(given_url) == used


@pytest.mark.parametrize(
    "url", ["http://api.kashflow.com/v2", "http://localhost.evil.test/v2", "http://10.0.0.1/v2"]
)
def test_plain_http_elsewhere_names_the_setting_and_the_remedy(url: str) -> None:
    with pytest.raises(ValueError, match="KASHFORCE_KASHFLOW_URL must begin with https"):
        checked_base_url(url)


@pytest.mark.parametrize("url", ["", "api.kashflow.com/v2", "ftp://api.kashflow.com", "https:///v2"])
def test_what_is_no_address_gets_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r"such as https://api\.kashflow\.com/v2"):
        checked_base_url(url)


def test_credentials_in_the_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="scheme, host and path only") as caught:
        checked_base_url("https://acme:secret@api.kashflow.com/v2")
    assert "secret" not in str(caught.value)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_code_leaves_its_place_in_the_path(code: str) -> None:
    try:
        path = record_path("customers", code)
    except Refused:
        assert code.strip() in ("", ".", "..")
        return
    with httpx.Client(base_url="https://kashflow.test/v2") as http:
        url = http.build_request("GET", path).url
    assert url.host == "kashflow.test"
    assert url.raw_path.count(b"/") == 3
    assert url.path == f"/v2/customers/{code.strip()}"


@pytest.mark.parametrize("code", ["", "  ", ".", ".."])
def test_a_code_that_would_read_something_else_is_refused(code: str) -> None:
    with pytest.raises(Refused, match="in customers: give the record a code"):
        record_path("customers", code)
