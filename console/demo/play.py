"""Plays the story from beginning to end, and says whether both worlds hold what they should."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from rich.console import Console

from console.bootstrap import utc_now
from console.demo import actors, verdict
from console.demo.actors import Played
from console.demo.show import as_json_text, table_of
from console.demo.stage import Stage, StageFailed
from console.demo.story import Customer, story
from console.exits import Exit
from ledger.overview import count_unfinished
from producers.salesforce_stream import NAME as STREAM

#: Longest time for the installation to come up, and for the last deal to settle.
PATIENCE_SECONDS = 60.0


class Unfinished(Exception):
    """The story did not come to its end in time."""


def play(*, seed: int, keep: bool, as_json: bool) -> int:
    """Exit code OK only if every record on both sides is as the story says."""
    # Told to end, it ends its processes first, as at Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True)
    began = time.monotonic()
    with console.status("starting a Salesforce, a KashFlow, a Valkey and the processes …") as status:
        stage = Stage(seed=seed, everything=keep)
        try:
            with stage:
                findings, strays = _act(stage, status.update)
                good = not strays and not any(finding.faults for finding in findings)
                status.stop()
                _report(console, findings, strays, as_json=as_json, seconds=time.monotonic() - began)
                if keep:
                    _keep(stage, console)
        except (StageFailed, Unfinished, actors.ActorFailed) as error:
            console.print(f"[bold red]✗[/] {error}\n  the logs are in {stage.log_dir}")
            return Exit.FINDINGS
        except KeyboardInterrupt:
            shutil.rmtree(stage.folder, ignore_errors=True)
            raise
    if not good:
        console.print(f"the logs are in {stage.log_dir}")
        return Exit.FINDINGS
    shutil.rmtree(stage.folder, ignore_errors=True)
    return Exit.OK


def _act(stage: Stage, say: Callable[[str], None]) -> tuple[list[verdict.Finding], list[str]]:
    kashflow = stage.kashflow()
    rows = kashflow.customers.list().rows
    known = Counter(row["Name"] for row in rows)
    told = story(actors.known_to(rows))
    say("filling Salesforce with accounts, contacts and open opportunities …")
    played = actors.prepare(stage.salesforce, told, date.today().isoformat())  # noqa: DTZ011 - a UK shop's calendar day
    say("waiting for the stream to be subscribed …")
    _wait(
        stage, lambda: bool(stage.house.ledger.cursors(_cursor_names(stage))), "the stream did not subscribe"
    )
    played = _close_all(stage, played, say)
    _wait_until_settled(stage, played, say)
    say("comparing both worlds, record by record …")
    findings = verdict.examine(
        played,
        salesforce=stage.salesforce,
        kashflow=kashflow,
        ledger=stage.house.ledger,
        known_customers=known,
    )
    return findings, verdict.stray_invoices(kashflow, played)


def _close_all(stage: Stage, played: Sequence[Played], say: Callable[[str], None]) -> list[Played]:
    """Every event of this part of the story comes twice; deals that close together close in one transaction."""
    stage.control("/faults", {"world": "salesforce", "name": "cometd_duplicate_delivery", "times": None})
    closed: list[Played] = []
    for group in _groups(played):
        say(f"closing {group[0].deal.name} …  ({len(closed)} of {len(played)})")
        at = utc_now()
        actors.close(stage.salesforce, group)
        again = [one for one in group if one.deal.won_twice]
        if again:
            actors.reopen(stage.salesforce, again)
            actors.close(stage.salesforce, again)
        closed += [replace(one, closed_at=at) for one in group]
    return closed


def _groups(played: Sequence[Played]) -> list[list[Played]]:
    groups: dict[object, list[Played]] = {}
    for one in played:
        groups.setdefault(one.deal.closes_with or one.opportunity_id, []).append(one)
    return list(groups.values())


def _wait_until_settled(stage: Stage, played: Sequence[Played], say: Callable[[str], None]) -> None:
    """Until every closed deal was heard of and nothing waits any more."""

    def settled() -> bool:
        with stage.house.ledger.reading() as connection:
            unfinished = count_unfinished(connection)
        heard = [one for one in played if _was_heard(stage, one)]
        say(f"{len(heard)} of {len(played)} deals heard, {unfinished} deliveries under way …")
        return len(heard) == len(played) and unfinished == 0

    _wait(stage, settled, "the deliveries did not all come to an end")


def _was_heard(stage: Stage, one: Played) -> bool:
    newest = stage.house.ledger.newest_delivery(
        "kashflow.invoice", "salesforce", "Opportunity", one.opportunity_id
    )
    return newest is not None and one.closed_at is not None and newest.registered_at >= one.closed_at


def _wait(stage: Stage, ready: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise Unfinished(f"{otherwise} within {PATIENCE_SECONDS:.0f} s")
        stage.installation.supervisor.tend()
        if failing := stage.installation.supervisor.failing():
            raise StageFailed(f"{failing} ends again and again")
        time.sleep(0.1)  # a watcher from outside, as an operator would be


def _cursor_names(stage: Stage) -> list[str]:
    return [f"{STREAM}:{channel}" for channel in stage.settings.salesforce_channels]


def _report(
    console: Console,
    findings: Sequence[verdict.Finding],
    strays: Sequence[str],
    *,
    as_json: bool,
    seconds: float,
) -> None:
    if as_json:
        sys.stdout.write(as_json_text(findings, strays, seconds) + "\n")
        return
    # A log file is no 80 columns wide.
    Console(width=None if sys.stdout.isatty() else 120).print(table_of(findings))
    wrong = [finding for finding in findings if finding.faults]
    for finding in wrong:
        console.print(f"[bold red]✗ {finding.played.deal.name}[/]: {'; '.join(finding.faults)}")
    for reference in strays:
        console.print(f"[bold red]✗[/] an invoice with the reference {reference} belongs to no deal")
    if not wrong and not strays:
        new = len(
            {
                finding.played.deal.buyer
                for finding in findings
                if finding.played.deal.buyer.customer is Customer.NEW
            }
        )
        console.print(
            f"[bold green]✓[/] {len(findings)} opportunities, compared record by record in both systems; "
            f"{new} buyers were new. {seconds:.0f} s in all."
        )


def _keep(stage: Stage, console: Console) -> None:
    console.print(f"Still running; state and logs in {stage.folder}. Ctrl-C ends it.")
    try:
        stage.installation.supervisor.run()
    except KeyboardInterrupt:
        console.print("ending …")
