"""`kashforce status`: prints how the installation is doing. What is told stands in `console.operations.status`."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from console.bootstrap import House
from console.commands.ledgering import print_json, with_house
from console.commands.screen import screen, table
from console.exits import Exit
from console.operations.plain import in_words
from console.operations.status import BudgetStatus, Status, status


def run_status(*, as_json: bool) -> int:
    """Exit code 0 whatever is told; UNREACHABLE when the ledger's database does not answer."""

    def work(house: House) -> int:
        seen = status(house)
        if as_json:
            print_json(seen)
        else:
            show(seen, screen())
        return Exit.OK

    return with_house("status", work)


def show(seen: Status, console: Console) -> None:
    """One table for each kind of thing there is anything to say about."""
    console.print(f"Kashforce at {seen.at:%Y-%m-%d %H:%M:%S} UTC")
    for drawn in _tables(seen):
        console.print()
        console.print(drawn)
    for queue in seen.queues:
        if queue.held:
            console.print(f"{queue.name} is {queue.held}")
    for note in seen.notes:
        console.print(f"Note: {note}")


def _tables(seen: Status) -> Iterator[Table]:
    yield _queues(seen)
    if seen.cursors:
        yield _cursors(seen)
    if seen.singletons:
        yield _singletons(seen)
    if seen.budgets:
        yield _budgets(seen)
    if seen.incidents:
        yield _incidents(seen)
    if seen.troubles:
        yield _troubles(seen)


def _queues(seen: Status) -> Table:
    columns = ("queue", "waiting", "oldest", "running", "dead", "delivered", "unchanged", "superseded")
    rows = [
        (
            queue.name,
            str(queue.waiting),
            in_words(queue.oldest_waiting_seconds),
            *(
                str(n)
                for n in (queue.running, queue.dead, queue.delivered, queue.unchanged, queue.superseded)
            ),
        )
        for queue in seen.queues
    ]
    return table("Queues", columns, rows, numbers=7)


def _cursors(seen: Status) -> Table:
    rows = [
        (each.name, each.value, in_words(each.moved_age_seconds), in_words(each.position_age_seconds))
        for each in seen.cursors
    ]
    return table("Cursors", ("cursor", "position", "moved, ago", "last event, ago"), rows, numbers=2)


def _singletons(seen: Status) -> Table:
    rows = [
        (each.name, each.holder if each.is_held else "nobody", f"{each.until:%Y-%m-%d %H:%M:%S}")
        for each in seen.singletons
    ]
    return table("Producers", ("producer", "held by", "until (UTC)"), rows)


def _budgets(seen: Status) -> Table:
    rows = [
        (
            budget.name,
            daily_calls(budget),
            f"{budget.concurrency} of {budget.concurrency_limit}",
            f"{budget.paused_until:%H:%M:%S} {budget.paused_why}" if budget.paused_until else "no",
        )
        for budget in seen.budgets
    ]
    return table("Budgets", ("API", "calls in 24 h", "at work", "paused until (UTC)"), rows)


def daily_calls(budget: BudgetStatus) -> str:
    """Used and allowed calls as people read them."""
    if budget.allowed is None:
        return "not limited"
    told = "" if budget.told_at else ", by our own count"
    return f"{budget.used:,} of {budget.allowed:,}{told}"


def _incidents(seen: Status) -> Table:
    rows = [
        (f"{each.occurred_at:%m-%d %H:%M}", each.kind, each.subject, each.text) for each in seen.incidents
    ]
    return table("Open incidents", ("since (UTC)", "kind", "about", "what happened"), rows)


def _troubles(seen: Status) -> Table:
    rows = [
        (
            str(each.delivery_id),
            each.queue,
            each.record_id,
            each.state,
            f"{each.stage} {each.code}: {each.text}",
            str(each.attempts),
        )
        for each in seen.troubles
    ]
    columns = ("id", "queue", "record", "state", "why", "tries")
    return table("Last troubles", columns, rows, numbers=1)
