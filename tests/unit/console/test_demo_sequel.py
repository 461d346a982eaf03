"""The second table of the demonstration would show what is not right, and make the whole not right."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from console.demo.sequel import Shown
from console.demo.show import SceneShown, Told, as_json_text, sequel_of

RIGHT = Shown("due", "0.00", "0.00", "0.00")
OTHER_WORD = Shown("status", "Part paid", "Unpaid", "Part paid", "Unpaid")


@pytest.mark.parametrize(
    "wrong",
    [
        Shown("due", "1.00", "0.00", "0.00"),
        Shown("due", "0.00", "1.00", "0.00"),
        Shown("due", "1.00", "1.00", "0.00"),
        Shown("status", "Part paid", "Part paid", "Part paid", "Unpaid"),
    ],
)
def test_one_side_that_shows_something_else_makes_the_whole_wrong(wrong: Shown) -> None:
    assert RIGHT.right
    assert OTHER_WORD.right
    assert Told([], [], [SceneShown("paid", [RIGHT, OTHER_WORD], 1.0)]).right
    assert not wrong.right
    assert not Told([], [], [SceneShown("paid", [RIGHT, wrong], 1.0)]).right
    assert '"right": false' in as_json_text(Told([], [], [SceneShown("paid", [wrong], 1.0)]), 2.0)


def test_the_table_marks_the_line_that_is_wrong() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(sequel_of([SceneShown("paid", [RIGHT, Shown("paid", "1.00", "2.00", "2.00")], 1.0)]))
    table = console.file.getvalue()  # type: ignore[attr-defined]  # it is the text above

    lines = [line.split() for line in table.splitlines() if "due" in line or "1.00" in line]
    assert [line[0] for line in lines] == ["✓", "✗"]
