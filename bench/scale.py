"""What one change costs with a small backlog and with a big one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median

from sqlalchemy import text

from bench.dead_letters import tidy
from bench.figures import RESULTS, Effort, Figure, ratios
from bench.plot import plot
from bench.road import installed
from bench.spent import spent
from bench.stub import Stub, stub
from bench.work import FLOW, events, fields
from console.bootstrap import House, utc_now
from console.commands.process import collect_seldom
from mappings.book import load
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer
from workers import spine
from workers.desk import Desk
from workers.heart import Heart
from workers.ways import Pace

TITLE = "Scale: the cost of a change by the size of the backlog"

BACKLOGS = (10_000, 100_000, 1_000_000)
QUICK_BACKLOGS = (10_000, 100_000)
#: Batches of one round, and before the first: the changes of all of them are fewer than the smallest backlog.
ROUND = 6
#: Collections for any backlog: a Bulk job is another road, and takes another time.
COLLECTIONS_ONLY = Pace(call_worth_seconds=0.0, bulk_start_seconds=3_600.0, collections_seconds=0.01)

#: The backlog: one waiting change each of as many invoices, with what KashFlow said of it a moment ago.
_FILL = text(
    """
    INSERT INTO deliveries (flow, queue, source, entity, record_id, version, kind, occurred_at, registered_at,
        lock_key, priority, state, due_at, announced_at, attempts, in_doubt, hint,
        snapshot)
    SELECT :flow, 'salesforce.opportunity', 'kashflow', 'Invoice', (810000 + n)::text, 'backlog', 'updated',
        now(), now() + interval '1 day', 'opportunity_invoice:' || (810000 + n), 1, 'waiting', now(), now(), 0, false,
        '{}', replace(:snapshot, '810000', (810000 + n)::text)
    FROM generate_series(0, :count - 1) AS n
    """
)
_LINKS = text(
    """
    INSERT INTO links (entity, salesforce_entity, salesforce_id, kashflow_id, kashflow_key, golden, linked_at, changed_at)
    SELECT 'invoice', 'Opportunity', '006000' || lpad(n::text, 9, '0') || 'AAA', (810000 + n)::text, (1000 + n)::text,
        '{}', now(), now()
    FROM generate_series(0, :count - 1) AS n
    """
)


@dataclass
class Backlog:
    """A ledger with so many changes waiting, and what changes at its front have cost so far, in microseconds of CPU."""

    count: int
    desk: Desk
    heart: Heart
    pids: list[int]
    costs: list[float] = field(default_factory=list)

    def work_off(self) -> float:
        """Deliver a batch; what each of its changes took, with the share of the database."""
        before, own = spent(self.pids), time.process_time()
        report = spine.run(self.desk, self.heart, "salesforce.opportunity", [])
        if dict(report.endings) != {"delivered": report.claimed}:
            raise RuntimeError(f"the backlog was not delivered: {dict(report.endings)}")
        cpu = time.process_time() - own + spent(self.pids).since(before).cpu_seconds
        return cpu / report.claimed * 1e6


def measure(effort: Effort) -> Iterator[Figure]:
    """Rounds in turns over the backlogs."""
    sizes = QUICK_BACKLOGS if effort.quick else BACKLOGS
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        server = open_.enter_context(PostgresServer(fsync=True, settings=("jit=off", "max_wal_size=4GB")))
        valkey = open_.enter_context(ValkeyServer())
        salesforce = open_.enter_context(stub(fields(load())))
        backlogs = [open_.enter_context(_backlog(size, server, valkey, salesforce, folder)) for size in sizes]
        # As in a worker: a look for garbage among all that there is would fall on one of them.
        collect_seldom()
        _round(backlogs)
        for _ in range(effort.of(7, 3)):
            for backlog, cost in zip(backlogs, _round(backlogs), strict=True):
                backlog.costs.append(cost)
        yield from _costs(backlogs)
    if not effort.quick:
        plot(
            RESULTS / "scale",
            [backlog.count for backlog in backlogs],
            [backlog.costs for backlog in backlogs],
        )


def _round(backlogs: list[Backlog]) -> list[float]:
    """What a change took of each; batch by batch in turns, so that a noisy moment of the machine is everybody's."""
    batches = [[backlog.work_off() for backlog in backlogs] for _ in range(ROUND)]
    return [fmean(costs) for costs in zip(*batches, strict=True)]


def _costs(backlogs: list[Backlog]) -> Iterator[Figure]:
    smallest = backlogs[0]
    for backlog in backlogs:
        yield Figure(
            f"CPU a change, {backlog.count:,} waiting",
            "µs",
            tuple(backlog.costs),
            cpu_microseconds=median(backlog.costs),
        )
    for backlog in backlogs[1:]:
        times = ratios(backlog.costs, smallest.costs)
        yield Figure(f"{backlog.count:,} against {smallest.count:,} waiting", "times", times, at_most=1.1)


@contextmanager
def _backlog(
    count: int, server: PostgresServer, valkey: ValkeyServer, salesforce: Stub, folder: Path
) -> Iterator[Backlog]:
    url = server.fresh_database()
    with installed(url, valkey.url, salesforce, folder) as (house, _):
        _fill(house, count)
        tidy(url, "deliveries", "links")
        desk = house.desk(lambda _: False)
        quiet = replace(desk, announce=lambda _: None, rules=replace(desk.rules, pace=COLLECTIONS_ONLY))
        with Heart(house.ledger, 30, utc_now) as heart:
            yield Backlog(count, quiet, heart, [server.pid])


def _fill(house: House, count: int) -> None:
    with house.ledger.writing() as connection:
        connection.execute(_LINKS, {"count": count})
        connection.execute(_FILL, {"count": count, "flow": FLOW, "snapshot": events(1, 0)[0]})
