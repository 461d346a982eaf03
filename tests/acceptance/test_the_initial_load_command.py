"""`kashforce backfill` as an operator meets it: real commands over real worlds, killed by the kernel and gone on with."""

from __future__ import annotations

import json
import signal
from collections import Counter

from sqlalchemy import select

from ledger import operations
from ledger.operations import Operation
from ledger.tables import DeliveryRow
from tests.support.installation import DELIVERED_WITHIN, STARTED_WITHIN, Installation, eventually

#: Accounts that the sandbox has from the beginning.
SEEDED = 6
NAMES = tuple(f"{name} & {kind}" for name in ("Ash", "Birch", "Cedar", "Elm") for kind in ("Reed", "Sons"))


def _begin(installation: Installation, redis_url: str) -> list[str]:
    """Accounts that were there before; then somebody listens to Salesforce and looks at KashFlow."""
    installation.settings |= {"redis_url": redis_url}
    installation.make_ledger()
    accounts = [installation.account(name, Type="Customer") for name in NAMES]
    poll = installation.start("poll")

    def looked() -> bool:
        seen = installation.ledger.sightings("kashflow", "Customer")
        return bool(seen and installation.ledger.cursors(["salesforce_sweep:account_to_customer"]))

    eventually(looked, STARTED_WITHIN, "the poll and the sweep have looked")
    poll.end()
    return accounts


def _operations(installation: Installation) -> list[Operation]:
    with installation.ledger.reading() as connection:
        return operations.newest(connection, 10)


def _registered(installation: Installation) -> Counter[str]:
    with installation.ledger.reading() as connection:
        return Counter(
            connection.scalars(select(DeliveryRow.record_id).where(DeliveryRow.operation_id.is_not(None)))
        )


def test_a_load_that_is_killed_goes_on_where_it_was_and_registers_each_record_once(
    valkey_url: str, installation: Installation
) -> None:
    accounts = _begin(installation, valkey_url)
    words = ["backfill", "customer", "--from", "salesforce", "--yes"]
    doomed = installation.start(*words, "--per-minute", "120")
    eventually(
        lambda: any(2 <= one.done < 8 for one in _operations(installation)), STARTED_WITHIN, "it is under way"
    )

    doomed.kill()
    (cut_short,) = _operations(installation)
    assert cut_short.state == "running"
    assert sum(_registered(installation).values()) == cut_short.done < len(accounts)

    def gone_on() -> bool:
        # Until the lease of the killed one has run out it says that another process carries it out.
        return installation.run("operations", "continue", str(cut_short.id)).code == 0

    eventually(gone_on, STARTED_WITHIN, "another process carries it on")
    (finished,) = _operations(installation)
    assert (finished.state, finished.done) == ("finished", finished.planned)
    registered = _registered(installation)
    assert {registered[account] for account in accounts} == {1}
    assert set(registered.values()) == {1}


def test_ctrl_c_ends_a_load_in_good_order_and_the_same_command_goes_on(
    valkey_url: str, installation: Installation
) -> None:
    accounts = _begin(installation, valkey_url)
    words = ["backfill", "customer", "--from", "salesforce", "--yes"]
    load = installation.start(*words, "--per-minute", "120")
    eventually(
        lambda: any(2 <= one.done < 8 for one in _operations(installation)), STARTED_WITHIN, "it is under way"
    )

    assert load.end(signal.SIGINT) == 1
    assert "go on with: kashforce operations continue 1" in load.printed
    assert "Traceback" not in load.printed
    again = installation.run(*words)

    assert again.code == 0, again.err
    assert "goes on with operation 1" in again.err
    assert again.out == f"operation 1 (backfill) finished: {len(accounts) + SEEDED} dealt with\n"
    assert set(_registered(installation).values()) == {1}


def test_a_load_is_rehearsed_carried_out_and_waited_for(valkey_url: str, installation: Installation) -> None:
    accounts = _begin(installation, valkey_url)
    words = ["backfill", "customer", "--from", "salesforce"]
    rehearsed = installation.run(*words, "--dry-run", "--json")
    assert rehearsed.code == 0, rehearsed.err
    told = json.loads(rehearsed.out)
    assert told["would_be"]["records"]["created"] >= len(accounts)
    assert told["records"] == []
    assert "customer from salesforce: up to" in rehearsed.err
    assert "of Salesforce's calls of a day (a load may use 50%)" in rehearsed.err
    verbose = installation.run(*words, "--dry-run", "--verbose")
    assert f"{accounts[0]} along account_to_customer: created; it would be made" in verbose.out
    assert _operations(installation) == []

    asked = installation.run(*words)
    assert (asked.code, asked.out) == (2, "")
    assert "say --yes to go on" in asked.err
    installation.start("beat")
    installation.start("worker")
    done = installation.run(*words, "--yes", "--wait", "--json")

    assert done.code == 0, done.err
    operation, outcomes = map(json.loads, done.out.splitlines())
    assert (operation["verb"], operation["state"]) == ("backfill", "finished")
    assert set(outcomes["outcomes"]) <= {"delivered", "unchanged"}
    assert [len(installation.customers(name)) for name in NAMES] == [1] * len(NAMES)
    listed = json.loads(installation.run("operations", "list", "--json").out)
    assert [(one["verb"], one["reason"]) for one in listed] == [("backfill", "initial load")]
    eventually(lambda: not installation.unfinished(), DELIVERED_WITHIN, "what it caused is settled, too")


def test_what_cannot_be_loaded_is_refused_with_a_line_that_says_what_can(
    valkey_url: str, installation: Installation
) -> None:
    installation.settings |= {"redis_url": valkey_url}
    installation.make_ledger()
    account = installation.account("Larkfield Ceramics", Type="Customer")
    installation.win(installation.deal(account))

    for words, says in (
        (["unicorn"], "there is no 'unicorn' to load; there are invoice (from salesforce or kashflow)"),
        (["customer"], "customer can be loaded from both: say --from salesforce or --from kashflow"),
        (
            ["supplier", "--from", "salesforce"],
            "no flow brings supplier from salesforce; say --from kashflow",
        ),
        (["customer", "--from", "kashflow", "--since", "2026-01-01", "--yes"], "no date of issue"),
        (["invoice", "--from", "salesforce", "--yes"], "--since 2000-01-01 means all of it"),
        (["customer", "--from", "salesforce", "--yes"], "start 'kashforce up'"),
    ):
        ended = installation.run("backfill", *words)
        assert (ended.code, ended.out) == (2, ""), (words, ended.err)
        assert says in ended.err, words
    assert _operations(installation) == []
