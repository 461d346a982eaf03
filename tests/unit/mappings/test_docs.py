"""The page on mapping files names everything that a file may say, and its examples are true."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from mappings.conditions import COMPARISONS
from mappings.document import Scalar
from mappings.fit import WholeRowsFit
from mappings.flows import KEYS as FLOW_KEYS
from mappings.mappingfile import KEYS as FILE_KEYS
from mappings.nouns import NOUNS
from mappings.rules import MANNERS, ORIGINS
from mappings.sections import LIST_KEYS, WRITE_MANNERS
from mappings.steps import STEPS
from mappings.tables import Table
from mappings.values import text_of
from tests.support.house import read
from tests.support.mappings import packaged, value_of

PAGE = (Path(__file__).parents[3] / "docs/mappings.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^#### (\w+)\n(?:(?!^#).)*?^```yaml\n(.*?)^```\n\n`(\{.*?\})` gives `(.*?)`$", re.MULTILINE | re.DOTALL
)
EXAMPLES = {name: (rule, record, value) for name, rule, record, value in EXAMPLE.findall(PAGE)}
SETTINGS: dict[str, Scalar] = {"payment_terms_days": 30, "invoice_reference_prefix": "SF-"}
TABLES: dict[str, Table | None] = {"statuses": {"Unpaid": "unpaid", "Paid": "paid"}}


@pytest.mark.parametrize("name", sorted({*STEPS.bare, *STEPS.argued, *ORIGINS, "when"}))
def test_each_transform_has_an_example_that_is_true(name: str) -> None:
    rule, record, value = EXAMPLES[name]

    made = value_of(rule, json.loads(record, parse_float=Decimal), settings=SETTINGS, tables=TABLES)

    assert name in rule
    assert text_of(made) == value


@pytest.mark.parametrize("page", ["docs/mappings.md", "docs/adding-an-entity.md"])
def test_what_is_shown_as_yaml_is_yaml(page: str) -> None:
    shown = re.findall(r"^```yaml\n(.*?)^```", read(page), re.MULTILINE | re.DOTALL)

    assert len(shown) > 1
    for text in shown:
        yaml.safe_load(text)


@pytest.mark.parametrize(
    "key",
    sorted(
        {*FILE_KEYS, *FLOW_KEYS, *LIST_KEYS, *MANNERS, *WRITE_MANNERS, *COMPARISONS, *NOUNS, "all", "any"}
    ),
)
def test_each_word_of_the_format_is_on_the_page(key: str) -> None:
    assert re.search(rf"\b{key}\b", PAGE)


def test_each_packaged_file_is_on_the_page() -> None:
    for name in packaged().mappings:
        assert f"`{name}.yaml`" in PAGE


def test_each_object_of_our_own_is_on_its_page_with_every_field_that_is_written() -> None:
    page, book = read("docs/salesforce-objects.md"), packaged()
    rows = dict(re.findall(r"^\| `(\w+)`(.*)$", page, re.MULTILINE))
    for flow in book.flows:
        mapping = book.mapping(flow.writes)
        if not flow.key or mapping.writing is None:
            continue
        lists = {name: one for name, one in mapping.written.items() if one.many}
        written = {mapping.entity: set(mapping.writing.fit.fields) - set(lists)}
        for name, one in lists.items():
            fit = mapping.writing.fit.fields[name]
            assert isinstance(fit, WholeRowsFit)
            written[one.object] = {*fit.row.fields, one.parent, mapping.key}
        for entity, fields in written.items():
            wanted = {field.replace("__r", "__c") for field in fields} - {"Id", "Name"}
            assert {field for field in wanted if f"`{field}`" not in rows[entity]} == set()
