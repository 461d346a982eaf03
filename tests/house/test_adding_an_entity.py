"""The recipes for a new entity can be followed: what stands on the page, put where it says, delivers products both ways."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from ledger.endings import State
from mappings.book import load
from sandbox.server import Sandbox
from tests.support.house import read
from tests.support.road import Road, road
from workers import targets

PAGE = read("docs/adding-an-entity.md")
#: Each file of the recipes, with the name that stands above it.
BLOCKS = re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = dict(BLOCKS)
#: The rows of both recipes.
ROWS = "\n".join(text for name, text in BLOCKS if name == "flows.yaml")
TARGET_MODULE = "workers/targets/kashflow_products.py"


@pytest.fixture
def followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    """An installation whose owner did what the page says."""
    folder = tmp_path / "my-mappings"
    for name, text in FILES.items():
        if name.endswith(".yaml"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    flows = folder / "flows.yaml"
    flows.write_text(f"{read('mappings/flows.yaml')}\n{ROWS}", encoding="utf-8")
    module = types.ModuleType("kashflow_products")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(FILES[TARGET_MODULE], module.__dict__)  # noqa: S102 - the page's own code, which is what is tested
    monkeypatch.setitem(targets._TARGETS, "kashflow.product", module.KashFlowProducts())
    with Sandbox(seed=1) as sandbox, road(sandbox, f"sqlite:///{tmp_path}/ledger.db") as opened:
        opened.book = load(folder)
        opened.queues = tuple(dict.fromkeys(flow.queue for flow in opened.book.flows))
        opened.desk = replace(opened.desk, book=opened.book)
        yield opened


def test_products_added_by_the_recipe_are_made_once_and_follow_their_source(followed: Road) -> None:
    entry = followed.product("Walnut shelf", "180.00", ProductCode="SHELF-W")
    shelf = str(followed.record(entry)["Product2Id"])
    followed.create("Product2", Name="Offcuts", ProductCode="OFFCUTS", IsActive=True)

    followed.hear()
    followed.work()
    followed.change(shelf, Name="Walnut shelf, oiled")
    followed.hear()
    followed.work()

    made = [row for row in followed.kashflow.products.list().rows if row["Code"] in ("SHELF-W", "OFFCUTS")]
    assert {(row["Name"], row["Price"]) for row in made} == {("Walnut shelf, oiled", 180), ("Offcuts", 0)}
    assert len(made) == 2
    assert followed.last(shelf, "kashflow.product").state is State.DELIVERED
    assert followed.unfinished() == 0


def test_an_object_added_by_yaml_alone_shows_what_kashflow_has_and_follows_it(followed: Road) -> None:
    fields = {
        "Name": {"type": "string", "length": 80},
        "KashFlow_Id__c": {"type": "string", "length": 40, "unique": True, "external_id": True},
        "Code__c": {"type": "string", "length": 40},
        "Price__c": {"type": "currency"},
    }
    followed.sandbox.run(
        lambda: followed.sandbox.salesforce.schema.define(
            "Catalogue_Item__c", {"prefix": "a99", "fields": fields}
        )
    )
    followed.look()
    followed.work()

    body = {"NominalCode": 4000, "Code": "LAMP-1", "Name": "Lamp", "Price": "35.00", "VATRate": 20}
    followed.keep(lambda books: books.products.create(body))
    followed.look()
    followed.work()
    followed.keep(lambda books: books.products.edit((4000, "LAMP-1"), Price="39.50"))
    followed.look()
    followed.work()

    (item,) = followed.in_salesforce("Catalogue_Item__c")
    assert (item["Name"], item["Code__c"], item["Price__c"]) == ("Lamp", "LAMP-1", Decimal("39.50"))
    assert followed.unfinished() == 0
