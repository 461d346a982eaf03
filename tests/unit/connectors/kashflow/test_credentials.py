"""Credentials stay out of sight and can be told apart."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from connectors.kashflow import KashFlowCredentials
from tests.support.scripted_kashflow import CREDENTIALS, WRONG_PASSWORD


def test_neither_secret_shows_in_repr_or_str() -> None:
    shown = repr(CREDENTIALS) + str(CREDENTIALS)
    assert "acme-ltd" in shown
    assert "correct horse" not in shown
    assert "marmalade" not in shown


def test_the_fingerprint_is_the_same_for_the_same_and_another_for_any_change() -> None:
    again = KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr("marmalade"))
    other_word = KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr("marmelade"))
    other_user = KashFlowCredentials("acme-inc", SecretStr("correct horse"), SecretStr("marmalade"))
    prints = [c.fingerprint() for c in (CREDENTIALS, WRONG_PASSWORD, other_word, other_user)]
    assert again.fingerprint() == prints[0]
    assert len(set(prints)) == 4


def test_an_empty_secret_names_its_setting() -> None:
    with pytest.raises(ValueError, match="KASHFORCE_KASHFLOW_MEMORABLE_WORD is empty"):
        KashFlowCredentials("acme-ltd", SecretStr("correct horse"), SecretStr(" "))
