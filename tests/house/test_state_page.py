"""The state page of the glossary draws what the ledger does: every state, every arrow, the call behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from ledger.endings import State
from tests.support.house import modules, read

PAGE = read("docs/glossary.md").partition("## States of a delivery")[2]
DRAWING = PAGE.split("```")[1]
ROW = re.compile(r"^\| (\w) \| (.+?) \| (.+?) \| .+? \| \[(\S+)\]\(\.\./\4\) `(\w+)` \|$", re.MULTILINE)
#: A column of the table of deliveries is given a state.
ASSIGNMENT = re.compile(r"""\bstate"?(?::|=(?!=))\s*State\.([A-Z]+)""")


@dataclass(frozen=True)
class Arrow:
    letter: str
    start: str
    ends: frozenset[str]
    module: str
    call: str


ARROWS = [Arrow(row[0], row[1], frozenset(row[2].split(", ")), row[3], row[4]) for row in ROW.findall(PAGE)]
#: States that the page says nothing moves a row to yet.
UNREACHED = set(re.findall(r"No call moves a row to `(\w+)`", PAGE))


def _name(arrow: Arrow) -> str:
    return arrow.letter


def test_every_state_is_drawn_or_said_to_be_out_of_reach() -> None:
    drawn = {state.value for state in State if re.search(rf"\b{state.value}\b", DRAWING)}

    assert drawn | UNREACHED == {state.value for state in State}


def test_every_lettered_arrow_of_the_drawing_has_its_row() -> None:
    assert sorted(re.findall(r"\b[a-z]\b", DRAWING)) == [arrow.letter for arrow in ARROWS]


@pytest.mark.parametrize("arrow", ARROWS, ids=_name)
def test_each_arrow_joins_states_that_there_are(arrow: Arrow) -> None:
    states = {state.value for state in State}

    assert arrow.start == "nothing" or arrow.start in states
    assert arrow.ends <= states


@pytest.mark.parametrize("arrow", ARROWS, ids=_name)
def test_each_arrow_names_a_call_that_there_is(arrow: Arrow) -> None:
    assert re.search(rf"^def {arrow.call}\(", read(arrow.module), re.MULTILINE)


def test_the_arrows_are_exactly_the_moves_that_the_ledger_makes() -> None:
    made = {
        (module.name, State[name].value)
        for module in modules("ledger")
        for name in ASSIGNMENT.findall(module.text)
    }

    assert {(arrow.module, end) for arrow in ARROWS for end in arrow.ends} == made
    assert not UNREACHED & {state for _, state in made}
