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

from connectors.kashflow.client import KashFlowClient
from console.bootstrap import utc_now
from console.demo import actors, verdict
from console.demo.actors import Played
from console.demo.sequel import ACTS, Scene, Worlds
from console.demo.show import SceneShown, Told, as_json_text, sequel_of, table_of
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
                told = _act(stage, status.update)
                status.stop()
                _report(console, told, as_json=as_json, seconds=time.monotonic() - began)
                if keep:
                    _keep(stage, console)
        except (StageFailed, Unfinished, actors.ActorFailed) as error:
            console.print(f"[bold red]✗[/] {error}\n  the logs are in {stage.log_dir}")
            return Exit.FINDINGS
        except KeyboardInterrupt:
            shutil.rmtree(stage.folder, ignore_errors=True)
            raise
    if not told.right:
        console.print(f"the logs are in {stage.log_dir}")
        return Exit.FINDINGS
    shutil.rmtree(stage.folder, ignore_errors=True)
    return Exit.OK


def _act(stage: Stage, say: Callable[[str], None]) -> Told:
    kashflow = stage.kashflow()
    rows = kashflow.customers.list().rows
    known = Counter(row["Name"] for row in rows)
    deals = story(actors.known_to(rows))
    say("filling Salesforce with accounts, contacts and open opportunities …")
    played = actors.prepare(stage.salesforce, deals, _today())
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
    strays = verdict.stray_invoices(kashflow, played)
    return Told(findings, strays, _go_on(stage, kashflow, played, say))


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 - a UK shop's calendar day


def _go_on(
    stage: Stage, kashflow: KashFlowClient, played: Sequence[Played], say: Callable[[str], None]
) -> list[SceneShown]:
    """People on both sides go on working; each act is looked at until all of it shows, or for as long as we are patient."""
    worlds = Worlds(
        stage.salesforce, kashflow, {one.deal.name: one for one in played}, _today(), stage.command
    )
    return [shown for act in ACTS for shown in _play_act(stage, worlds, act, say)]


def _play_act(
    stage: Stage, worlds: Worlds, act: Sequence[Scene], say: Callable[[str], None]
) -> list[SceneShown]:
    for scene in act:
        say(f"{scene.name} …")
        scene.act(worlds)
    began = time.monotonic()
    shown: dict[str, SceneShown] = {}
    while len(shown) < len(act):
        patient = time.monotonic() - began < PATIENCE_SECONDS
        for scene in act:
            if scene.name not in shown:
                seen = SceneShown(scene.name, list(scene.look(worlds)), time.monotonic() - began)
                shown |= {scene.name: seen} if seen.right or not patient else {}
        say(f"{', '.join(scene.name for scene in act if scene.name not in shown)} …")
        _tend(stage)
    return [shown[scene.name] for scene in act]


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
        _tend(stage)


def _tend(stage: Stage) -> None:
    stage.installation.supervisor.tend()
    if failing := stage.installation.supervisor.failing():
        raise StageFailed(f"{failing} ends again and again")
    time.sleep(0.1)  # a watcher from outside, as an operator would be


def _cursor_names(stage: Stage) -> list[str]:
    return [f"{STREAM}:{channel}" for channel in stage.settings.salesforce_channels]


def _report(console: Console, told: Told, *, as_json: bool, seconds: float) -> None:
    if as_json:
        sys.stdout.write(as_json_text(told, seconds) + "\n")
        return
    # A log file is no 80 columns wide.
    out = Console(width=None if sys.stdout.isatty() else 120)
    out.print(table_of(told.findings))
    out.print(sequel_of(told.scenes))
    for finding in told.findings:
        if finding.faults:
            console.print(f"[bold red]✗ {finding.played.deal.name}[/]: {'; '.join(finding.faults)}")
    for reference in told.strays:
        console.print(f"[bold red]✗[/] an invoice with the reference {reference} belongs to no deal")
    for scene in told.scenes:
        if not scene.right:
            console.print(f"[bold red]✗ {scene.name}[/]: both sides do not show what they should")
    if told.right:
        buyers = {finding.played.deal.buyer for finding in told.findings}
        new = sum(buyer.customer is Customer.NEW for buyer in buyers)
        console.print(
            f"[bold green]✓[/] {len(told.findings)} opportunities and {len(told.scenes)} scenes after them, compared record by "
            f"record in both systems; {new} buyers were new. {seconds:.0f} s in all."
        )


def _keep(stage: Stage, console: Console) -> None:
    console.print(f"Still running; state and logs in {stage.folder}. Ctrl-C ends it.")
    try:
        stage.installation.supervisor.run()
    except KeyboardInterrupt:
        console.print("ending …")
