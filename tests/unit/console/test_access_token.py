"""An access token obtained elsewhere: when it is used, and that it is kept as secret as a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.bootstrap import House
from console.settings import BadSettings
from tests.support.console import settings_in

URL = "https://acme.my.salesforce.com"
TOKEN = "00Dxx!hush"


def test_a_token_and_an_address_are_enough_to_reach_salesforce(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, salesforce_url=URL, salesforce_access_token=TOKEN)

    with House(settings) as house:
        token = house.tokens.current()

    assert (token.access_token, token.instance_url) == (TOKEN, URL)


def test_a_token_without_an_address_asks_for_the_address(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, salesforce_access_token=TOKEN)

    with House(settings) as house, pytest.raises(BadSettings, match="KASHFORCE_SALESFORCE_URL in the env"):
        _ = house.tokens


def test_an_app_is_asked_before_a_token_because_it_can_renew_its_own(tmp_path: Path) -> None:
    settings = settings_in(
        tmp_path, salesforce_url=URL, salesforce_access_token=TOKEN, salesforce_client_id="app"
    )

    with pytest.raises(BadSettings, match="KASHFORCE_SALESFORCE_CLIENT_SECRET"):
        settings.require_salesforce()


def test_the_token_is_one_of_the_secrets(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, salesforce_access_token=TOKEN)

    assert TOKEN in settings.secrets()
    assert "hush" not in repr(settings)
