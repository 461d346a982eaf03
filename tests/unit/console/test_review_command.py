"""Questions on the command line: listed, shown side by side, decided with a reason, and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from console.commands.review import run_decide, run_list, run_show, run_undo
from console.exits import Exit
from ledger.deliveries import Settlement
from ledger.endings import Reason, Unchanged
from ledger.questions import Asked, Question
from tests.support.console import ledger_at, logging_restored, settings_in
from tests.support.ledger import START, TestClock, account, take

DETAIL = {
    "field": "name",
    "shown": {"salesforce": "Bright Ltd", "kashflow": "Bright & Co"},
    "sides": ["agreed", "salesforce", "kashflow"],
    "rows": [{"field": "name", "agreed": "Bright", "salesforce": "Bright Ltd", "kashflow": "Bright & Co"}],
    "answers": {"salesforce": "as Salesforce has it", "kashflow": "as KashFlow has it"},
}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One conflict, which was asked about by a delivery that has ended."""
    monkeypatch.setenv("KASHFORCE_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    told = account(1)
    names = ("flow", "queue", "source", "entity", "record_id", "lock_key", "priority")
    again = {name: getattr(told, name) for name in names}
    question = Question("conflict", "customer 001", "customer 001: name", "whose name?", DETAIL, again)
    with ledger_at(settings_in(tmp_path).ledger) as ledger:
        ledger.register([told], now=START)
        claim = take(ledger, TestClock(), "kashflow.customer")
        unchanged = Unchanged(Reason("compare", "in_review", "a person decides"))
        settlement = Settlement(claim.deliveries[0], unchanged, asked=Asked((question,)))
        ledger.settle(claim, [settlement], now=START)
    return tmp_path


@pytest.fixture(autouse=True)
def _logging() -> Any:
    with logging_restored():
        yield


def test_what_waits_is_listed_with_its_answers(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_list(everything=False, limit=10, as_json=False) == Exit.OK
    shown = capsys.readouterr().out

    assert "conflict" in shown
    assert "whose name?" in shown
    assert "salesforce, kashflow" in shown


def test_a_question_is_shown_side_by_side(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_show(1, as_json=False) == Exit.OK

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "review 1, conflict, open"
    assert any(line.split("  ")[0].strip() == "name" and "Bright & Co" in line for line in lines)
    assert "  kashflow: as KashFlow has it" in lines


def test_a_decision_is_written_down_and_may_be_taken_back(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_decide(1, "kashflow", reason="asked them", who="Ines", as_json=True) == Exit.OK
    decided = json.loads(capsys.readouterr().out)
    assert (decided["state"], decided["decision"], decided["who"], decided["reason"]) == (
        "decided",
        "kashflow",
        "Ines",
        "asked them",
    )
    assert run_undo(1, as_json=False) == Exit.OK
    assert capsys.readouterr().out == "review 1 is open\n"
    assert run_list(everything=False, limit=10, as_json=True) == Exit.OK
    assert [one["state"] for one in json.loads(capsys.readouterr().out)] == ["open"]


@pytest.mark.parametrize(
    ("review", "answer", "reason", "why"),
    [
        (1, "kashflow", " ", "say why with --reason"),
        (1, "", "because", "is no answer to review 1; expected salesforce or kashflow"),
        (9, "kashflow", "because", "there is no review 9"),
    ],
)
def test_what_cannot_be_decided_changes_nothing_and_says_why(
    installation: Path,
    capsys: pytest.CaptureFixture[str],
    review: int,
    answer: str,
    reason: str,
    why: str,
) -> None:
    assert run_decide(review, answer, reason=reason, who="", as_json=False) == Exit.USAGE

    assert why in capsys.readouterr().err
    assert run_list(everything=True, limit=10, as_json=True) == Exit.OK
    assert [one["decision"] for one in json.loads(capsys.readouterr().out)] == [None]


def test_a_question_that_there_is_not_is_said_to_be_none(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_show(9, as_json=False) == Exit.USAGE
    assert "there is no review 9" in capsys.readouterr().err
    assert run_undo(1, as_json=False) == Exit.USAGE
    assert "there is no decision to take back" in capsys.readouterr().err
