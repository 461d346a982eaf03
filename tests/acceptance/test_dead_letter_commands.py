"""Dead letters and queues as an operator meets them: real commands over a real ledger, interrupted by real signals."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence

import pytest

from ledger import operations
from ledger.deliveries import Settlement
from ledger.endings import Dead, Reason, State, Worth
from ledger.operations import Operation
from tests.support.installation import STARTED_WITHIN, Installation, eventually
from tests.support.ledger import START, opportunity, state_of

RATE = Reason("understand", "mapping", "VAT rate 17.5 % of product OLD is not set up in KashFlow")
PERIOD = Reason(
    "send",
    "PeriodLocked",
    "kashflow: the period is locked",
    error_class="Refused",
    request="POST /v2/invoices\n{}",
    answer='400\n{"Error":"PeriodLocked"}',
)


def _die(installation: Installation, reasons: Sequence[Reason]) -> list[int]:
    """A dead letter for each reason; their ids."""
    installation.make_ledger()
    ledger = installation.ledger
    (ids,) = ledger.register([opportunity(at) for at in range(len(reasons))], now=START).values()
    claim = ledger.claim("kashflow.invoice", [], limit=1000, now=START, lease_seconds=30)
    ledger.settle(
        claim,
        [
            Settlement(each, Dead(reason), worth=Worth(120_000, "GBP"))
            for each, reason in zip(claim.deliveries, reasons, strict=True)
        ],
        now=START,
    )
    return ids


def _operation(installation: Installation) -> Operation | None:
    with installation.ledger.reading() as connection:
        return next(iter(operations.newest(connection, 1)), None)


def test_an_operator_looks_replays_drops_and_finds_it_in_the_record(installation: Installation) -> None:
    ids = _die(installation, [RATE, RATE, PERIOD])

    groups = json.loads(installation.run("dead", "groups", "--json").out)
    assert [(one["count"], one["code"], one["at_risk"]) for one in groups] == [
        (2, "mapping", "2400.00"),
        (1, "PeriodLocked", "1200.00"),
    ]
    listed = json.loads(installation.run("dead", "list", "code:mapping", "--json").out)
    assert (listed["total"], [one["id"] for one in listed["letters"]]) == (2, [ids[1], ids[0]])
    shown = installation.run("dead", "show", str(ids[2]))
    assert shown.code == 0
    for words in ("the period is locked", "POST /v2/invoices", '{"Error":"PeriodLocked"}', f"id:{ids[2]}"):
        assert words in shown.out

    cause = f"cause:{groups[0]['fingerprint']}"
    planned = installation.run("dead", "replay", cause, "--dry-run", "--json")
    assert (planned.code, json.loads(planned.out)["count"]) == (0, 2)
    assert "costs up to 3 calls to Salesforce and 4 to KashFlow" in planned.err
    done = installation.run("dead", "replay", cause, "--reason", "set up", "--who", "kim", "--yes", "--json")
    assert done.code == 0
    assert json.loads(done.out)["state"] == "finished"
    dropped = installation.run("dead", "drop", f"id:{ids[2]}", "--reason", "by hand", "--yes")
    assert (dropped.code, dropped.out) == (0, "operation 2 (drop) finished: 1 dealt with\n")

    assert [state_of(installation.ledger, id_) for id_ in ids] == [
        State.WAITING,
        State.WAITING,
        State.DROPPED,
    ]
    assert installation.run("dead", "list").out == "No dead letters.\n"
    record = json.loads(installation.run("operations", "list", "--json").out)
    assert [(one["verb"], one["who"], one["reason"]) for one in record][1] == ("replay", "kim", "set up")
    story = installation.run("explain", opportunity(0).record_id)
    assert story.code == 0
    assert "put back: operation 1 by kim: set up" in story.out


def test_ctrl_c_ends_a_replay_in_good_order_and_it_goes_on_where_it_was(installation: Installation) -> None:
    ids = _die(installation, [RATE] * 40)
    replay = installation.start(
        "dead", "replay", "--all", "--per-minute", "120", "--reason", "set up", "--yes"
    )
    eventually(
        lambda: (found := _operation(installation)) is not None and found.done >= 2,
        STARTED_WITHIN,
        "the first are put back",
    )

    assert replay.end(signal.SIGINT) == 1

    cut_short = _operation(installation)
    assert cut_short is not None
    assert cut_short.state == "interrupted"
    assert f"kashforce operations continue {cut_short.id}" in replay.printed
    waiting = [state_of(installation.ledger, id_) for id_ in ids].count(State.WAITING)
    assert waiting == cut_short.done < len(ids)
    assert "Traceback" not in replay.printed


def test_what_is_not_complete_is_refused_with_a_line_and_nothing_is_touched(
    installation: Installation,
) -> None:
    ids = _die(installation, [RATE])

    for words, says in (
        (["dead", "replay", "--reason", "x", "--yes"], "say which ones by a FILTER, or --all"),
        (["dead", "replay", "--all", "--yes"], "say why with --reason"),
        (["dead", "replay", "--all", "--reason", "x"], "say --yes to go on"),
        (["dead", "list", "colour:red"], "'colour' is nothing to choose by"),
        (["dead", "show", "999"], "there is no delivery 999"),
        (["operations", "continue", "7"], "there is no operation 7"),
        (["requeue", "entity:Unicorn", "record:1", "--reason", "x", "--yes"], "no flow fits"),
        (["pause", "kashflow.unicorn", "--reason", "x"], "there is no queue 'kashflow.unicorn'"),
    ):
        ended = installation.run(*words)
        assert (ended.code, ended.out) == (2, ""), words
        assert says in ended.err
    assert state_of(installation.ledger, ids[0]) is State.DEAD
    assert _operation(installation) is None


def test_records_of_a_file_are_requeued(installation: Installation) -> None:
    installation.make_ledger()
    wanted = [opportunity(1).record_id, opportunity(2).record_id]
    file = installation.folder / "deals.txt"
    file.write_text(f"# from the month end list\n{wanted[0]}\n\n{wanted[1]}  # twice\n{wanted[1]}\n")

    done = installation.run(
        "requeue", "entity:Opportunity", "--file", str(file), "--reason", "month end", "--yes", "--json"
    )

    assert done.code == 0, done.err
    assert json.loads(done.out)["done"] == 2
    assert [len(installation.deliveries(record)) for record in wanted] == [1, 1]


@pytest.mark.parametrize("verb", ["pause", "drain"])
def test_a_held_queue_is_shown_until_it_is_resumed(installation: Installation, verb: str) -> None:
    installation.make_ledger()
    installation.ledger.register([opportunity(1)], now=START)

    assert installation.run(verb, "kashflow.invoice", "--reason", "year end", "--who", "kim").code == 0

    status = json.loads(installation.run("status", "--json").out)
    (held,) = [queue["held"] for queue in status["queues"] if queue["name"] == "kashflow.invoice"]
    assert "by kim" in held
    assert held.endswith(": year end")
    assert installation.run("resume", "kashflow.invoice").out == "kashflow.invoice goes on\n"
    assert installation.run("resume", "kashflow.invoice").out == "nothing held kashflow.invoice\n"
