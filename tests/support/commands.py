"""The command line as typer sees it: which commands there are, and whether words would be understood. Runs none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import typer.main
from typer.core import TyperGroup

from console.cli import app


@cache
def commands() -> Mapping[str, Any]:
    """Every command by the words that call it, such as `ledger upgrade`."""
    return dict(_below(typer.main.get_command(app), ()))


def understand(words: Sequence[str]) -> str:
    """The name of the command that `kashforce WORDS` would run.

    Raises typer's own usage error for an option that it does not take, LookupError where there is no such command.
    """
    for name in sorted(commands(), key=len, reverse=True):
        called = name.split()
        if list(words[: len(called)]) == called:
            commands()[name].make_context(name, list(words[len(called) :])).close()
            return name
    raise LookupError(f"there is no command in: kashforce {' '.join(words)}")


def _below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield " ".join(words), command
        return
    for name, one in command.commands.items():
        yield from _below(one, (*words, name))
