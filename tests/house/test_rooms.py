"""Who may know whom: the contracts that lint-imports checks leave out no room, and Celery stays in one."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.support.house import PRODUCT, ROOMS, ROOT, modules, read

PYPROJECT: dict[str, Any] = tomllib.loads(read("pyproject.toml"))
CONTRACTS: list[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]["contracts"]


def _contract(words: str) -> dict[str, Any]:
    (found,) = [contract for contract in CONTRACTS if words in contract["name"]]
    return found


def test_every_folder_with_python_in_it_is_a_room_or_the_tests() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert found == set(ROOMS)


def test_every_tool_looks_at_every_room() -> None:
    tool = PYPROJECT["tool"]

    assert set(tool["importlinter"]["root_packages"]) == set(ROOMS)
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(ROOMS)
    assert set(tool["mypy"]["files"]) == {*ROOMS, "bench", "tests"}
    assert set(tool["ruff"]["lint"]["isort"]["known-first-party"]) == {*ROOMS, "bench", "tests"}


def test_every_room_of_the_product_has_its_floor() -> None:
    layers = _contract("Imports only go down")["layers"]

    assert {room.strip() for layer in layers for room in layer.split("|")} == set(PRODUCT)


def test_the_sandbox_and_the_product_know_nothing_of_each_other() -> None:
    assert set(_contract("The sandbox knows nobody")["forbidden_modules"]) == set(PRODUCT)
    assert set(_contract("Nothing of ours imports the sandbox")["source_modules"]) == set(PRODUCT)


def test_connectors_may_import_none_of_our_other_rooms() -> None:
    assert set(_contract("Connectors know nothing")["forbidden_modules"]) == set(ROOMS) - {"connectors"}


def test_all_rooms_but_the_workers_are_kept_from_celery() -> None:
    contract = _contract("Only workers know Celery")

    assert set(contract["source_modules"]) == set(ROOMS) - {"workers"}
    assert set(contract["forbidden_modules"]) == {"celery", "kombu"}


@pytest.mark.parametrize("room", sorted(set(ROOMS) - {"workers"}))
def test_no_room_but_the_workers_imports_celery(room: str) -> None:
    knowing = [module.name for module in modules(room) if module.imports & {"celery", "kombu"}]

    assert knowing == []
