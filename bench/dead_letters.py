"""A million dead letters in PostgreSQL: how long the operator's questions take, and what the command's memory is.

`python -m bench.dead_letters [--count 1000000] [--json FILE]`. Exits 1 when a floor is missed: 500 ms for a filter or a
grouping, 2 s to plan a replay of 10,000, 150 MiB for the command.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import text

from console.operations import replay
from console.operations.dead import causes, dead_letters_of
from ledger import schema
from ledger.database import open_engine
from ledger.ledger import Ledger
from ledger.selection import Selection
from mappings.book import load
from tests.support.postgres import PostgresServer

ROUNDS = 5
FLOOR_MS = 500.0
PLAN_FLOOR_MS = 2000.0
MEMORY_FLOOR_MIB = 150.0

#: 40 causes over two queues and two weeks, as a bad fortnight leaves them: a few causes are most of it.
_FILL = text(
    """
    INSERT INTO deliveries (flow, queue, source, entity, record_id, version, kind, occurred_at, registered_at,
        lock_key, priority, state, due_at, attempts, in_doubt, hint, reason_stage, reason_code, reason_text,
        reason_class, fingerprint, worth_hundredths, worth_currency, ended_at)
    SELECT CASE WHEN cause % 4 = 0 THEN 'invoice_to_opportunity' ELSE 'opportunity_to_invoice' END,
        CASE WHEN cause % 4 = 0 THEN 'salesforce.opportunity' ELSE 'kashflow.invoice' END,
        'salesforce', 'Opportunity', '006' || lpad(n::text, 12, '0') || 'AAA', n::text, 'updated',
        moment, moment, 'invoice:' || n, 0, 'dead', moment, 3, false, '{}',
        CASE WHEN cause % 2 = 0 THEN 'send' ELSE 'understand' END, 'code' || cause,
        'cause ' || cause || ': the VAT rate of product ' || n || ' is not set up in KashFlow; it has 0, 5, 20',
        'Refused', lpad(to_hex(cause), 16, '0'), n % 500000, 'GBP', moment
    FROM (SELECT n, floor(40 * power(random(), 3))::int AS cause,
                 timestamptz '2026-03-01' + n * interval '1.2 seconds' AS moment
          FROM generate_series(1, :count) AS n) AS spread
    """
)


@dataclass(frozen=True)
class Figure:
    """One measurement; `floor` is what it may be at the most."""

    name: str
    unit: str
    median: float
    worst: float
    floor: float

    @property
    def is_good(self) -> bool:
        """Is the median within the floor?"""
        return self.median <= self.floor


def main() -> int:
    """0 when every figure is within its floor."""
    options = argparse.ArgumentParser(prog="python -m bench.dead_letters", description=__doc__)
    options.add_argument("--count", type=int, default=1_000_000)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    # As PostgreSQL is shipped, durable and with its own memory settings.
    with PostgresServer(fsync=True, settings=("jit=off",)) as server:
        url = server.fresh_database()
        schema.upgrade(url)
        ledger = Ledger.open(url)
        try:
            filled = _timed(lambda: _fill(ledger, chosen.count))
            tidy(url, "deliveries")
            print(f"{chosen.count:,} dead letters written in {filled / 1000:.0f} s", file=sys.stderr)
            figures = [*_questions(ledger), _memory(url)]
        finally:
            ledger.close()
    for figure in figures:
        mark = "✓" if figure.is_good else "✗"
        print(
            f"{mark} {figure.name:<44} {figure.median:>8.0f} {figure.unit} (worst {figure.worst:.0f}, "
            f"at most {figure.floor:.0f})"
        )
    if chosen.json:
        chosen.json.parent.mkdir(parents=True, exist_ok=True)
        told = {"count": chosen.count, "cpus": os.cpu_count(), "figures": [asdict(one) for one in figures]}
        chosen.json.write_text(json.dumps(told, indent=2) + "\n")
    return 0 if all(figure.is_good for figure in figures) else 1


def _fill(ledger: Ledger, count: int) -> None:
    with ledger.writing() as connection:
        connection.execute(_FILL, {"count": count})


def tidy(url: str, *tables: str) -> None:
    """What a server that is left alone does within minutes: vacuum, and write to its files what so far is only in its log."""
    engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM ANALYZE {', '.join(tables)}")
        connection.exec_driver_sql("CHECKPOINT")
    engine.dispose()


def _questions(ledger: Ledger) -> list[Figure]:
    book = load()
    some = causes(ledger, Selection(), limit=40)
    rare, common = some[-1], some[0]
    middle = Selection.parse(["since:2026-03-05", "until:2026-03-06"])
    ids = [letter.id for letter in dead_letters_of(ledger, Selection(), limit=10_000).letters]
    asked: Mapping[str, tuple[Callable[[], object], float]] = {
        "groups, all": (lambda: causes(ledger, Selection()), FLOOR_MS),
        "groups, one queue": (lambda: causes(ledger, Selection(queue="kashflow.invoice")), FLOOR_MS),
        "groups, one day": (lambda: causes(ledger, middle), FLOOR_MS),
        "list, all": (lambda: dead_letters_of(ledger, Selection()), FLOOR_MS),
        "list, the commonest cause": (
            lambda: dead_letters_of(ledger, Selection(fingerprint=common.fingerprint)),
            FLOOR_MS,
        ),
        "list, the rarest cause": (
            lambda: dead_letters_of(ledger, Selection(fingerprint=rare.fingerprint)),
            FLOOR_MS,
        ),
        "list, by code": (lambda: dead_letters_of(ledger, Selection(code=rare.code)), FLOOR_MS),
        "list, by words of the reason": (
            lambda: dead_letters_of(ledger, Selection(text="product 4711 ")),
            FLOOR_MS,
        ),
        "list, one day": (lambda: dead_letters_of(ledger, middle), FLOOR_MS),
        "plan a replay of 10,000": (
            lambda: replay.plan(ledger, book, "replay", Selection(ids=tuple(ids))),
            PLAN_FLOOR_MS,
        ),
        "plan a replay of all": (lambda: replay.plan(ledger, book, "replay", Selection()), PLAN_FLOOR_MS),
    }
    return [_figure(name, work, floor) for name, (work, floor) in asked.items()]


def _figure(name: str, work: Callable[[], object], floor: float) -> Figure:
    work()
    times = [_timed(work) for _ in range(ROUNDS)]
    return Figure(name, "ms", median(times), max(times), floor)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def _memory(url: str) -> Figure:
    """The command itself, as an operator runs it, replaying 10,000 of the million."""
    command = [
        sys.executable,
        "-m",
        "console",
        "dead",
        "replay",
        "until:2026-03-01T03:20",
        "--reason",
        "bench",
        "--yes",
    ]
    environment = {**os.environ, "KASHFORCE_LEDGER_URL": url, "KASHFORCE_REDIS_URL": "redis://127.0.0.1:1/0"}
    ended = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    print(ended.stdout.strip(), file=sys.stderr)
    mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Figure("memory of 'dead replay', 10,000", "MiB", mib, mib, MEMORY_FLOOR_MIB)


if __name__ == "__main__":
    sys.exit(main())
