"""How the reporting commands draw on a terminal; what they say stands with each of them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Where nobody says how wide the output is: a pipe, a file.
USUAL_WIDTH = 100

Cell = str | Text


def screen() -> Console:
    """Standard output. Square brackets in data are data: no markup is read."""
    width = None if sys.stdout.isatty() else USUAL_WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, numbers: int = 0) -> Table:
    """A table whose last `numbers` columns are numbers, under a title in plain words."""
    drawn = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        justify: Literal["left", "right"] = "right" if place >= len(columns) - numbers else "left"
        drawn.add_column(column, justify=justify, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    return drawn
