"""Every command can be found out about: it has help, an example that it understands, and the pages name no other."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.testing import CliRunner

from console.cli import app
from tests.support.commands import commands, understand
from tests.support.house import pages, read

#: A command in a line of a code block, or a whole code span.
CALL = re.compile(r"(?:^\s*(?:\$ )?|`)(?:\.venv/bin/)?kashforce((?: [a-z-]+)+)", re.MULTILINE)
TARGET = re.compile(r"(?:^\s*|`)make ([a-z-]+)", re.MULTILINE)
TARGETS = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_command_says_what_it_does(name: str) -> None:
    assert (commands()[name].help or "").strip().endswith(".")


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_option_of_a_command_says_what_it_does(name: str) -> None:
    silent = [one.name for one in commands()[name].params if not getattr(one, "help", None)]

    assert silent in ([], ["help"])


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_command_has_an_example_that_it_understands(name: str) -> None:
    example = re.fullmatch(r"Example: (?:[A-Z_]+=\S+ )*kashforce (.+)", commands()[name].epilog or "")

    assert example, "the epilog is 'Example: kashforce ...'"
    assert understand(shlex.split(example[1])) == name


def test_the_list_of_commands_is_not_cut_off_on_a_narrow_screen() -> None:
    shown = CliRunner().invoke(app, ["--help"], terminal_width=80)

    assert shown.exit_code == 0
    listed = shown.output.partition("Commands:")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize("page", pages())
def test_a_page_names_only_commands_that_there_are(page: str) -> None:
    for called in CALL.findall(read(page)):
        assert any(f"{called} ".startswith(f" {name} ") for name in commands()), called


@pytest.mark.parametrize("page", pages())
def test_a_page_names_only_make_targets_that_there_are(page: str) -> None:
    assert set(TARGET.findall(read(page))) <= TARGETS
