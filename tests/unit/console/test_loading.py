"""What a person may load is derived from flows.yaml, and an unclear word is answered with the words to say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from console.operations.loading.foreseeing import Became, Foreseen, summary
from console.operations.loading.meaning import NothingToLoad, check_since, entity_of, loadable, meant
from tests.support.desk import shipped_book

BOOK = shipped_book()


def test_every_flow_that_a_change_starts_can_be_loaded_but_those_that_pass_it_on() -> None:
    names = {flow.name for flow in loadable(BOOK)}

    assert {"account_to_customer", "customer_to_account", "bank_transaction_to_object"} <= names
    assert names.isdisjoint({"contact_to_customer", "opportunity_to_customer", "supplier_to_kashflow"})


@pytest.mark.parametrize("flow", loadable(BOOK), ids=lambda flow: flow.name)
def test_each_of_them_is_reached_by_its_word_and_its_source(flow: object) -> None:
    (same,) = [one for one in loadable(BOOK) if one is flow]

    assert same in meant(BOOK, entity_of(same), same.source).flows


@pytest.mark.parametrize(
    ("entity", "source", "flows"),
    [
        ("customer", "salesforce", ["account_to_customer"]),
        ("Customer", "KashFlow", ["customer_to_account"]),
        ("invoice", "salesforce", ["opportunity_to_invoice", "order_to_invoice"]),
        ("bank_account", "", ["bank_account_to_object"]),
        ("payment", "", ["payment_to_kashflow"]),
    ],
)
def test_a_word_means_all_flows_that_bring_such_records_from_there(
    entity: str, source: str, flows: list[str]
) -> None:
    assert [flow.name for flow in meant(BOOK, entity, source).flows] == flows


@pytest.mark.parametrize(
    ("entity", "source", "says"),
    [
        ("unicorn", "", "there is no 'unicorn' to load; there are"),
        ("customer", "", "say --from salesforce or --from kashflow"),
        ("supplier", "salesforce", "no flow brings supplier from salesforce; say --from kashflow"),
        ("customer", "sage", "no flow brings customer from sage"),
    ],
)
def test_what_is_not_clear_is_answered_with_what_to_say(entity: str, source: str, says: str) -> None:
    with pytest.raises(NothingToLoad, match=says):
        meant(BOOK, entity, source)


@pytest.mark.parametrize("entity", ["invoice", "payment", "purchase"])
def test_what_is_entered_into_the_books_needs_a_day_to_begin_with(entity: str) -> None:
    with pytest.raises(NothingToLoad, match="--since 2000-01-01 means all of it"):
        check_since(meant(BOOK, entity, "salesforce"))

    check_since(meant(BOOK, entity, "salesforce", datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize("source", ["salesforce", "kashflow"])
def test_what_is_looked_for_before_it_is_made_needs_none(source: str) -> None:
    check_since(meant(BOOK, "customer", source))


def test_a_load_names_itself() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)

    assert (
        meant(BOOK, "invoice", "kashflow", since).in_words == "invoice from kashflow, issued since 2026-01-01"
    )
    assert meant(BOOK, "customer", "salesforce").in_words == "customer from salesforce"


def test_a_summary_counts_what_was_asked_for_apart_from_what_comes_first() -> None:
    told = [
        Foreseen("opportunity_to_invoice", "1", Became.UNCHANGED, ""),
        Foreseen("opportunity_to_invoice", "2", Became.CREATED, ""),
        Foreseen("opportunity_to_customer", "2", Became.LINKED, "", questions=1, is_needed=True),
    ]

    counted = summary(told)

    assert list(counted.records.items()) == [("created", 1), ("unchanged", 1)]
    assert counted.needed == {"linked": 1}
    assert counted.questions == 1
