"""Where a rule takes its value from."""

from __future__ import annotations

import pytest

from mappings.document import Wrong
from mappings.problems import MappingProblem
from tests.support.mappings import CONTEXT, value_of

RECORD = {
    "Name": "Bright",
    "Blank": " ",
    "Account": {"Name": "Bright Ltd", "Region__c": "North"},
    "Won": True,
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("Name", "Bright"),
        ("Account.Name", "Bright Ltd"),
        ("Account.Region__c", "North"),
        ("{from: Name}", "Bright"),
        ("{from: [Name, Account.Name]}", ["Bright", "Bright Ltd"]),
        ("{from: {a: Name, b: {constant: 1}}}", {"a": "Bright", "b": 1}),
        ("{first_of: [Blank, Nothing, Account.Name]}", "Bright Ltd"),
        ("{first_of: [Blank, Nothing]}", None),
        ("{constant: GBP}", "GBP"),
        ("{constant: true}", True),
        ("{constant: 'true'}", "true"),
        ("{setting: terms}", 30),
        ("{context: today}", CONTEXT.today),
        ("{context: currency}", "GBP"),
        ("{from: Name, when: {field: Won, equals: true}}", "Bright"),
        ("{from: Name, when: {field: Won, equals: false}}", None),
        ("{from: Name, required: true}", "Bright"),
        ("{from: Blank, then: [{default: {from: Account.Name}}]}", "Bright Ltd"),
    ],
)
def test_where_a_value_comes_from(rule: str, value: object) -> None:
    assert value_of(rule, RECORD, settings={"terms": 30}) == value


def test_a_required_field_that_is_blank_is_a_problem_that_names_it() -> None:
    with pytest.raises(MappingProblem, match="Blank is blank, and nothing can be made without it"):
        value_of("{from: Blank, required: true}", RECORD)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{}", "expected exactly one of from, first_of"),
        ("{from: Name, constant: 1}", "expected exactly one of from, first_of"),
        ("{frm: Name}", "unknown key 'frm'; expected one of"),
        ("{from: Name, then: date}", "expected a list, found 'date'"),
        (
            "{from: Name, then: [dat]}",
            "'dat' is not known here; expected one of",
        ),
        ("{from: Name, then: [{truncate: 1, round: 2}]}", "expected one step"),
        ("{from: Name, then: [{truncate: 0}]}", "expected a whole number from 1, found '0'"),
        ("{from: Name, then: [{truncate: true}]}", "expected a whole number from 1, found 'true'"),
        ("{from: Name, then: [{split: {by: lines}}]}", "lacks part"),
        ("{from: Name, then: [{split: {by: lines, part: middle}}]}", "'middle' is not known here"),
        ("{from: Name, then: [{lookup: tbl}]}", "'tbl' is not declared under tables; declared there: none"),
        ("{setting: term}", "'term' is not declared under settings; declared there: terms"),
        ("{context: now}", "'now' is not known here; expected one of currency, today"),
        ("{from: Name, optional: yes}", "expected true or false, found 'yes'"),
        ("{from: a..b}", "is not a path"),
        ("{from: Name, when: {field: Won}}", "expected field and exactly one of"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_what_was_expected(rule: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        value_of(rule, RECORD, settings={"terms": 30})
