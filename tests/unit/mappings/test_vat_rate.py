"""The VAT rate goes by the most specific rule that has an answer, and must exist in KashFlow."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.document import Wrong
from mappings.problems import MappingProblem
from tests.support.mappings import CONTEXT, value_of

RULE = """
from: {own_rate: Rate, product: Code, country: {from: Country, then: [country]}}
then:
  - vat_rate:
      - own_rate
      - product: {BOOK: 0, FUEL: 5}
      - country: {GB: 20, EU: 0, IE: 5, elsewhere: 0}
      - default: 20
"""


@pytest.mark.parametrize(
    ("record", "rate"),
    [
        ({"Rate": Decimal("5.00"), "Code": "BOOK", "Country": "GB"}, 5),
        ({"Rate": "0", "Country": "GB"}, 0),
        ({"Rate": None, "Code": "FUEL", "Country": "FR"}, 5),
        ({"Code": "OTHER", "Country": "United Kingdom"}, 20),
        ({"Code": "OTHER", "Country": "France"}, 0),
        ({"Country": "IE"}, 5),
        ({"Country": "US"}, 0),
        ({"Code": "OTHER"}, 20),
        ({}, 20),
    ],
)
def test_the_most_specific_rule_wins(record: dict[str, object], rate: int) -> None:
    found = value_of(RULE, record)

    assert isinstance(found, Decimal)
    assert found == Decimal(rate)


@pytest.mark.parametrize(("country", "rate"), [("GB", 5), ("", 5), ("France", 0), ("US", 0)])
def test_abroad_the_country_decides_and_at_home_the_product(country: str, rate: int) -> None:
    rule = RULE.replace("- own_rate", "- country: {GB: , EU: 0, elsewhere: 0}\n      - own_rate")

    assert value_of(rule, {"Rate": Decimal("5.00"), "Country": country}) == rate


@given(
    st.fixed_dictionaries(
        {}, optional={"Code": st.text(max_size=6), "Country": st.sampled_from(["", "GB", "FR", "US"])}
    )
)
def test_the_rate_is_always_one_that_the_account_has(record: dict[str, object]) -> None:
    assert value_of(RULE, record) in CONTEXT.vat_rates


def test_a_rate_that_the_account_lacks_is_a_problem_for_the_finance_person() -> None:
    with pytest.raises(MappingProblem) as problem:
        value_of(RULE, {"Rate": Decimal("17.50"), "Code": "CONS-DAY"})

    assert (
        str(problem.value) == "VAT rate 17.5 % of product CONS-DAY is not set up in KashFlow; it has 0, 5, 20"
    )


def test_an_account_without_rates_is_said_to_have_none() -> None:
    with pytest.raises(MappingProblem, match="VAT rate 20 % is not set up in KashFlow; it has none"):
        value_of(RULE, {}, context=replace(CONTEXT, vat_rates=frozenset()))


def test_a_rate_that_is_no_number_is_a_problem() -> None:
    with pytest.raises(MappingProblem, match='VAT rate of product X should be a number, but is "standard"'):
        value_of(RULE, {"Rate": "standard", "Code": "X"})


def test_where_no_rule_answers_that_is_the_problem() -> None:
    with pytest.raises(MappingProblem, match="No rule gives the VAT rate of product X"):
        value_of("{from: {product: Code}, then: [{vat_rate: [{product: {BOOK: 0}}]}]}", {"Code": "X"})


def test_the_tables_may_be_the_files_own_or_given_at_run_time() -> None:
    rule = "{from: {product: Code}, then: [{vat_rate: [{product: rates}]}]}"
    given_one = replace(CONTEXT, tables={"rates": {"BOOK": "5"}})

    assert value_of(rule, {"Code": "BOOK"}, tables={"rates": {"BOOK": 0}}) == 0
    assert value_of(rule, {"Code": "BOOK"}, tables={"rates": None}, context=given_one) == 5


@pytest.mark.parametrize(
    "rule", ["{default: -1}", "{default: 101}", "{default: most}", "own", "{vat: 1}", "{}", "[]"]
)
def test_a_rule_that_is_none_is_refused_at_load(rule: str) -> None:
    with pytest.raises(Wrong):
        value_of(f"{{from: {{product: Code}}, then: [{{vat_rate: [{rule}]}}]}}", {})
