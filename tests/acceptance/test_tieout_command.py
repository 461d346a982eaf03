"""`kashforce tieout` as a finance person and a script meet it: what it prints, its exit codes, and a repair that is registered."""

from __future__ import annotations

import json

from tests.support.installation import Installation

#: Before any book that the sandbox keeps.
LONG_AGO = "2019"


def test_both_sides_are_compared_and_what_differs_is_registered_to_be_put_right(
    installation: Installation, valkey_url: str
) -> None:
    installation.make_ledger()
    ask = ("tieout", "--entity", "supplier", "--json")

    compared = installation.run(*ask, redis_url=valkey_url)
    assert compared.code == 1, compared.err
    assert compared.err.startswith("reads both sides: about ")
    told = json.loads(compared.out)
    assert {one["points"][0]["why"] for one in told["differences"]} == {
        "missing in Salesforce: there is no Supplier__c"
    }
    (total,) = told["totals"]
    count = len(told["differences"])
    assert (total["kashflow"]["count"], total["salesforce"]["count"]) == (count, 0)

    asked = installation.run(*ask, "--repair", redis_url=valkey_url)
    assert (asked.code, asked.out) == (2, "")
    assert "say why with --reason" in asked.err
    repaired = installation.run(*ask, "--repair", "--reason", "month end", "--yes", redis_url=valkey_url)
    assert repaired.code == 0, repaired.err
    assert (json.loads(repaired.out)["state"], json.loads(repaired.out)["done"]) == ("finished", count)
    assert installation.unfinished() == count

    again = installation.run(*ask, redis_url=valkey_url)
    assert again.code == 0
    assert {one["points"][0]["known"].partition(" ")[0] for one in json.loads(again.out)["known"]} == {
        "delivery"
    }


def test_sides_that_agree_end_with_0_and_words_that_name_nothing_with_2(
    installation: Installation, valkey_url: str
) -> None:
    installation.make_ledger()

    agreed = installation.run(
        "tieout", "--entity", "bank_transaction", "--period", LONG_AGO, redis_url=valkey_url
    )
    assert (agreed.code, agreed.out.splitlines()[-1]) == (0, "Both sides agree.")

    no_period = installation.run("tieout", "--period", "October", redis_url=valkey_url)
    assert (no_period.code, no_period.out) == (2, "")
    assert "expected 2026-10" in no_period.err
    no_entity = installation.run("tieout", "--entity", "unicorn", redis_url=valkey_url)
    assert no_entity.code == 2
    assert "there are invoice, purchase" in no_entity.err
