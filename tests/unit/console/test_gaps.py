"""The list of gaps tells what happened and what was done, to people and to scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.bootstrap import House
from console.commands.gaps import run_gaps
from console.operations.gaps import gaps
from ledger.incidents import Closing
from ledger.producing import Incident
from tests.support.console import ledger_at, logging_restored, settings_in
from tests.support.ledger import START

REREAD = {
    "flow": "opportunity_to_invoice",
    "object": "Opportunity",
    "since": "2026-03-02T08:00:00+00:00",
    "until": "2026-03-02T09:00:00+00:00",
    "records": 12,
    "changes": 3,
    "calls": 1,
}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One gap that was filled, and one that is open and holds a customer's record."""
    monkeypatch.setenv("KASHFORCE_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    lost = Incident("position_lost", "salesforce", "/data/ChangeEvents", "7", START, {"reason": "too old"})
    strange = Incident(
        "unreadable", "salesforce", "/data/ChangeEvents", "8", START, {"why": "no id", "raw": "Jo"}
    )
    with ledger_at(settings_in(tmp_path).ledger) as ledger:
        ledger.register([], incidents=[lost, strange], now=START)
        older = ledger.incidents()[-1]
        ledger.close_incidents([Closing(older.id, {"rounds": [REREAD]})], now=START)
    return tmp_path


def test_each_gap_says_what_was_read_again(installation: Path) -> None:
    with House(settings_in(installation)) as house:
        still_open, filled = gaps(house)
        only_open = gaps(house, only_open=True)

    assert [gap.kind for gap in only_open] == ["unreadable"]
    assert (still_open.reason, still_open.reread, still_open.closed_at) == ("no id", (), None)
    (told,) = filled.reread
    assert (told.object, told.records, told.changes, told.calls) == ("Opportunity", 12, 3, 1)
    assert filled.closed_at == START


def test_the_command_prints_one_line_for_each_and_json_for_scripts(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with logging_restored():
        assert run_gaps(only_open=False, as_json=False) == 0
        table = capsys.readouterr().out
        assert run_gaps(only_open=False, as_json=True) == 0
        told = json.loads(capsys.readouterr().out)

    assert "position_lost" in table
    assert "12 read, 3" in " ".join(table.split())
    assert [gap["kind"] for gap in told] == ["unreadable", "position_lost"]
    assert told[1]["reread"] == [REREAD]
    assert '"Jo"' not in json.dumps(told), "what came over the wire may be a customer's record"


def test_without_an_open_gap_the_command_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KASHFORCE_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with ledger_at(settings_in(tmp_path).ledger), logging_restored():
        assert run_gaps(only_open=True, as_json=False) == 0

    assert capsys.readouterr().out == "No gap is open.\n"
