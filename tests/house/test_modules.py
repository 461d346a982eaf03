"""What a module looks like: a first sentence, a size, a name, and what it never does."""

from __future__ import annotations

import ast

import pytest

from tests.support.house import PRODUCT, ROOMS, modules

ALL = modules(*ROOMS, "tests")
LINES_AT_MOST = 300
WORDS_AT_LEAST = 4
#: Drawers: a module is named for what it holds.
DRAWERS = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
#: Formats that run code when they are read.
CODE_IN_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "jsonpickle"}
#: Who may sleep, because nobody can tell it when to go on.
SLEEPERS = {
    "connectors/kashflow/patience.py": "the default of a sleep that callers may replace",
    "console/demo/play.py": "watches the installation from outside, as an operator would",
    "console/embedded.py": "a server that starts cannot say when it is ready",
    "console/supervisor.py": "the pace at which children are watched",
}
#: Public names that say everything a docstring could.
SELF_EVIDENT = {"upgrade", "downgrade", "utc_now"}


def test_every_module_opens_with_a_sentence() -> None:
    wordless = [module.name for module in ALL if not module.opening.endswith((".", ":", "?"))]

    assert not wordless, "\n".join(["say in the first line what the file is for", *wordless])


def test_no_module_is_longer_than_the_ceiling() -> None:
    long = {
        module.name: lines for module in modules(*ROOMS) if (lines := module.text.count("\n")) > LINES_AT_MOST
    }

    assert long == {}, "is there a missing noun?"


def test_no_module_is_a_drawer_of_odds_and_ends() -> None:
    assert [module.name for module in ALL if DRAWERS & set(module.name.removesuffix(".py").split("/"))] == []


def test_nothing_reads_a_format_that_can_carry_code() -> None:
    assert [module.name for module in ALL if module.imports & CODE_IN_DATA] == []


def test_only_the_named_modules_sleep_and_they_give_a_reason() -> None:
    found: dict[str, list[str]] = {}
    for module in modules(*ROOMS):
        lines = [line for line in module.text.splitlines() if "time.sleep" in line]
        if lines:
            found[module.name] = lines

    assert set(found) == set(SLEEPERS)
    calls = [line for lines in found.values() for line in lines if "time.sleep(" in line]
    assert [line for line in calls if "  # " not in line] == []


@pytest.mark.parametrize("room", PRODUCT)
def test_every_public_name_of_a_room_has_a_docstring(room: str) -> None:
    """The sandbox is left out: its public functions are handlers, whose route says what they do."""
    bare = [
        f"{module.name}: {one.name}"
        for module in modules(room)
        for one in module.public()
        if one.name not in SELF_EVIDENT and ast.get_docstring(one) is None
    ]

    assert not bare, "\n".join(bare)


def test_test_names_are_sentences() -> None:
    short = [
        f"{module.name}: {name}"
        for module in modules("tests")
        for name in module.tests
        if len(name.split("_")) < 1 + WORDS_AT_LEAST
    ]

    assert not short, "\n".join(short)
