"""Whether a worker's memory grows with what it has done."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figures import Effort, Figure
from bench.road import road
from bench.stub import stub
from bench.work import events, fields
from mappings.book import load
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer

TITLE = "Memory of two workers by what they have done"

#: A process may grow by so much after a tenth of its work.
MOST_GROWTH = 1.05


def measure(effort: Effort) -> Iterator[Figure]:
    """Resident memory of each, after a tenth of the changes and after all of them; there is one round, and it is long."""
    tenth = effort.of(20_000, 1_000)
    with (
        tempfile.TemporaryDirectory() as folder,
        PostgresServer(fsync=True, settings=("jit=off",)) as server,
        ValkeyServer() as valkey,
        stub(fields(load())) as salesforce,
        road(server.fresh_database(), valkey.url, salesforce, Path(folder), records=tenth) as made,
    ):
        resident: list[dict[str, float]] = []
        for turn in range(10):
            made.run(events(tenth, turn))
            resident.append({f"worker {at}": _mib(pid) for at, pid in enumerate(made.pids[:-1], 1)})
    for name in resident[0]:
        first, last = resident[0][name], resident[-1][name]
        yield Figure(
            f"memory of {name} over {10 * tenth:,} changes",
            "times",
            (last / first,),
            at_most=MOST_GROWTH,
            peak_mib=last,
            note=f"{first:.0f} MiB after the first tenth",
        )


def _mib(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 2**20
