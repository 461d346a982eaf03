"""The recipes for a new entity can be followed: what stands on the page, put where it says, delivers projects both ways."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
TARGET_MODULE = "workers/targets/kashflow_projects.py"


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
    module = types.ModuleType("kashflow_projects")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(FILES[TARGET_MODULE], module.__dict__)  # noqa: S102 - the page's own code, which is what is tested
    monkeypatch.setitem(targets._TARGETS, "kashflow.project", module.KashFlowProjects())
    with Sandbox(seed=1) as sandbox, road(sandbox, f"sqlite:///{tmp_path}/ledger.db") as opened:
        opened.book = load(folder)
        opened.queues = tuple(dict.fromkeys(flow.queue for flow in opened.book.flows))
        opened.desk = replace(opened.desk, book=opened.book)
        yield opened


@pytest.fixture
def jobs(followed: Road) -> Road:
    """Their Salesforce has jobs, and an object that shows KashFlow's projects."""
    text, key = {"type": "string", "length": 80}, {"length": 40, "unique": True, "external_id": True}
    account = {"type": "reference", "reference_to": "Account", "children": "Jobs__r"}
    objects: dict[str, dict[str, Any]] = {
        "Job__c": {
            "Name": text,
            "Description__c": {"type": "textarea", "length": 4000},
            "Account__c": account,
            "Start_Date__c": {"type": "date"},
        },
        "KashFlow_Project__c": {
            "Name": text,
            "KashFlow_Id__c": {"type": "string", **key},
            "Number__c": {"type": "double", "precision": 8, "scale": 0},
            "Reference__c": text,
        },
    }

    def define() -> None:
        for number, (name, fields) in enumerate(objects.items()):
            followed.sandbox.salesforce.schema.define(name, {"prefix": f"a9{number}", "fields": fields})

    followed.sandbox.run(define)
    followed.select_for_change_events("Job__c")
    return followed


def _projects(road: Road, **wanted: object) -> list[Mapping[str, Any]]:
    rows = road.keep(lambda books: [books.projects.view(row) for row in books.projects.register.rows()])
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.mark.parametrize("trouble", ["", "drop_after_commit"])
def test_projects_added_by_the_recipe_are_made_once_and_follow_their_source(jobs: Road, trouble: str) -> None:
    road = jobs
    if trouble:
        road.fault("kashflow", trouble, match={"method": "POST", "path": "/v2/projects"})
    account = road.account("Bright Interiors", ExternalID__c="BRIG01")

    refit = road.create("Job__c", Name="Refit", Account__c=account, Start_Date__c="2026-04-01")
    road.hear()
    road.rest()
    road.change(refit, Name="Refit of the ground floor")
    road.hear()
    road.rest()

    (project,) = _projects(road, Reference=f"SF-{refit}")
    assert (project["Name"], project["CustomerCode"]) == ("Refit of the ground floor", "BRIG01")
    assert road.last(refit, "kashflow.project").state is State.DELIVERED
    road.change(refit, Name="Refit of the ground floor", Description__c="")
    road.hear()
    road.rest()
    assert len(_projects(road, Reference=f"SF-{refit}")) == 1


def test_an_object_added_by_yaml_alone_shows_what_kashflow_has_and_follows_it(jobs: Road) -> None:
    road = jobs
    road.look()
    road.work()

    made = road.keep(lambda books: books.projects.create({"Name": "Stocktake", "Reference": "ST-1"}))
    road.look()
    road.work()
    road.keep(lambda books: books.projects.edit(made["Number"], Name="Stocktake of 2026"))
    road.look()
    road.work()

    (shown,) = road.in_salesforce("KashFlow_Project__c")
    assert (shown["Name"], shown["Number__c"], shown["Reference__c"]) == (
        "Stocktake of 2026",
        made["Number"],
        "ST-1",
    )
    assert road.unfinished() == 0
