"""Changes a second from the change event to the settled delivery, and what they cost, beside plain task queues."""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from redis import Redis

from bench.figures import Effort, Figure, ratios
from bench.peers import plain
from bench.road import STEP, road
from bench.spent import spent
from bench.stub import Stub, stub
from bench.work import event_path, events, fields, mapped
from connectors.salesforce.jsontext import encode
from mappings.book import load
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer

TITLE = "Throughput of the road: change event to settled delivery, Salesforce answers at once"

_BIN = Path(sys.executable).parent
#: How each peer's worker is started, by the module of its task; two processes, as many as there are cores.
PEERS = {
    "celery": ["celery", "-A", "bench.peers.celery_plain", "worker", "-c", "2", "-l", "WARNING"],
    "dramatiq": ["dramatiq", "bench.peers.dramatiq_plain", "-p", "2", "-t", "8"],
    "taskiq": ["taskiq", "worker", "bench.peers.taskiq_plain:broker", "--workers", "2"],
    "huey": ["huey_consumer", "bench.peers.huey_plain.huey", "-w", "2", "-k", "process"],
}


CHANGES_A_SECOND = 5_000.0
TIMES_CELERY = 15.0
#: CPU of a change against that of the same without a queue and a database.
TIMES_LIMIT = 3.0
#: Those that a floor speaks of; Celery begins, because it is up by the time when the other is.
QUICK = ("celery", "postgresql", "limit")


@dataclass(frozen=True)
class Run:
    """One round of one contender."""

    per_second: float
    cpu_microseconds: float
    peak_mib: float


#: Starts what takes part, and gives what runs one round of it; rounds of different numbers tell other amounts.
Contender = Callable[[], AbstractContextManager[Callable[[int], Run]]]


def measure(effort: Effort) -> Iterator[Figure]:
    """Ours on both ledgers, the peers, and the limit, in turns: each round meets the same weather."""
    ours, theirs = effort.of(20_000, 8_000), effort.of(1_500, 300)
    runs: dict[str, list[Run]] = {}
    with _contenders(ours, theirs) as contenders, ExitStack() as kept:
        if effort.quick:
            # What they start with takes longer than their rounds: they all stay, and those whose turn it is not are idle.
            running = {name: kept.enter_context(contenders[name]()) for name in QUICK}
            for turn, name in itertools.product(range(1, effort.rounds + 1), QUICK):
                runs.setdefault(name, []).append(running[name](turn))
        else:
            for turn, name in itertools.product(range(1, effort.rounds + 1), contenders):
                with contenders[name]() as run:
                    runs.setdefault(name, []).append(run(turn))
    yield from _figures(runs)


def _figures(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    for name, done in runs.items():
        yield Figure(
            f"{name}, changes a second",
            "1/s",
            tuple(run.per_second for run in done),
            at_least=CHANGES_A_SECOND if name == "postgresql" else None,
            cpu_microseconds=median(_cpu(done)),
            peak_mib=max(run.peak_mib for run in done),
        )
    for name in ("postgresql", "sqlite"):
        if name in runs:
            yield from _compared(name, runs)


def _compared(name: str, runs: dict[str, list[Run]]) -> Iterator[Figure]:
    """One of ours against the limit and against each peer; what must be reached is said of PostgreSQL."""
    judged, ours = name == "postgresql", _cpu(runs[name])
    times = ratios(ours, _cpu(runs["limit"]))
    yield Figure(f"{name}, CPU against the limit", "times", times, at_most=TIMES_LIMIT if judged else None)
    for peer in PEERS:
        if peer in runs:
            times = ratios(_cpu(runs[peer]), ours)
            floor = TIMES_CELERY if judged and peer == "celery" else None
            yield Figure(f"{name}, changes per CPU second against {peer}", "times", times, at_least=floor)


def _cpu(runs: list[Run]) -> list[float]:
    return [run.cpu_microseconds for run in runs]


@contextmanager
def _contenders(ours: int, theirs: int) -> Iterator[dict[str, Contender]]:
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        # As PostgreSQL is shipped: what is committed is on disk.
        server = open_.enter_context(PostgresServer(fsync=True, settings=("jit=off",)))
        valkey = open_.enter_context(ValkeyServer())
        peers_valkey = open_.enter_context(ValkeyServer())
        salesforce = open_.enter_context(stub(fields(load())))
        files = (f"sqlite:///{folder}/{number}.db" for number in itertools.count())
        contenders: dict[str, Contender] = {
            "postgresql": _ours(server.fresh_database, [server.pid], valkey, salesforce, folder, ours),
            "sqlite": _ours(lambda: next(files), [], valkey, salesforce, folder, ours),
        }
        for name in PEERS:
            contenders[name] = _peer(name, peers_valkey, salesforce, theirs)
        contenders["limit"] = lambda: nullcontext(partial(_limit, ours))
        yield contenders


def _ours(
    new_ledger: Callable[[], str],
    servers: list[int],
    valkey: ValkeyServer,
    salesforce: Stub,
    folder: Path,
    changes: int,
) -> Contender:
    """Each time with a ledger of its own: what an earlier round left there is measured with the next."""

    @contextmanager
    def started() -> Iterator[Callable[[int], Run]]:
        with road(new_ledger(), valkey.url, salesforce, folder, records=changes) as made:

            def run(turn: int) -> Run:
                told = events(changes, turn)
                return _measured(changes, [*servers, valkey.pid, *made.pids], lambda: made.run(told))

            yield run

    return started


def _peer(name: str, valkey: ValkeyServer, salesforce: Stub, count: int) -> Contender:
    @contextmanager
    def started() -> Iterator[Callable[[int], Run]]:
        with _peers_worker(name, valkey, salesforce) as (pid, send):

            def run(turn: int) -> Run:
                warm, changes = events(20, 0), events(count, turn)
                _until_written(salesforce, send, warm)
                return _measured(count, [pid, valkey.pid], lambda: _until_written(salesforce, send, changes))

            yield run

    return started


@contextmanager
def _peers_worker(
    name: str, valkey: ValkeyServer, salesforce: Stub
) -> Iterator[tuple[int, Callable[[list[str]], None]]]:
    """Its worker's process, and what puts changes on its queue."""
    os.environ |= {plain.REDIS: valkey.url, plain.SALESFORCE: salesforce.url}
    process = subprocess.Popen(
        [str(_BIN / PEERS[name][0]), *PEERS[name][1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        # Not at the top: it asks for its broker when it is imported.
        yield process.pid, importlib.import_module(f"bench.peers.{name}_plain").send
    finally:
        # With its children, and at once: there is nothing left to finish.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with Redis.from_url(valkey.url) as redis:
            redis.flushall()  # what it had not acknowledged yet would come back to the next one


def _until_written(salesforce: Stub, send: Callable[[list[str]], None], changes: list[str]) -> None:
    before = salesforce.count()
    send(changes)
    while salesforce.count() - before < len(changes):
        time.sleep(0.01)


def _limit(count: int, turn: int) -> Run:
    """The same in one process, without a queue or a database: parsed, mapped, and made into the bodies of calls."""
    book, changes = load(), events(count, turn)

    def work() -> None:
        for start in range(0, count, STEP):
            told = changes[start : start + STEP]
            encode(
                {
                    "allOrNone": False,
                    "records": [
                        {
                            "attributes": {"type": "Opportunity"},
                            "id": event_path(one)[-18:],
                            **mapped(one, book),
                        }
                        for one in told
                    ],
                }
            )

    return _measured(count, [], work)


def _measured(count: int, pids: list[int], work: Callable[[], None]) -> Run:
    """What `work` takes, with the CPU time of these processes and of this thread, which produces."""
    before, own, began = spent(pids), time.thread_time(), time.perf_counter()
    work()
    seconds, cpu = time.perf_counter() - began, time.thread_time() - own
    used = spent(pids).since(before)
    return Run(count / seconds, (used.cpu_seconds + cpu) / count * 1e6, used.peak_mib)
