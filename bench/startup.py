"""How long a person waits for `kashforce --help`, and a waiting delivery for a worker that has just been started.

Beside them a bare interpreter, which nothing written in Python can beat, and a bare Celery worker with one task.
Modules are compiled already, as they are wherever a process has run before: the first run after a change compiles
what changed, and the median passes over that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg
import redis
from celery import Celery
from sqlalchemy import make_url

from bench.figures import Effort, Figure
from bench.spent import spent
from ledger import schema
from ledger.deliveries import NewDelivery
from ledger.ledger import Ledger
from tests.support.console import environment_of
from tests.support.installation import BINARIES
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer
from workers.app import make_app
from workers.wire import Wire

TITLE = "Start-up: `kashforce --help`, and a worker's time to its first claim"

HELP_AT_MOST = 0.3
CLAIM_AT_MOST = 2.0

QUEUE = "kashflow.invoice"
#: Nobody answers there: the claim is what is measured, and it comes before the first request.
NOWHERE = "http://127.0.0.1:1"

#: Says on PostgreSQL's own bell, at the commit, that a delivery was claimed: exact, and nobody has to poll.
_BELL = """
    CREATE FUNCTION ring() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_notify('claimed', NEW.record_id); RETURN NULL; END $$;
    CREATE TRIGGER ring AFTER UPDATE ON deliveries FOR EACH ROW
        WHEN (OLD.state = 'waiting' AND NEW.state = 'running') EXECUTE FUNCTION ring();
"""

#: A Celery application as its first steps show it; the task says that it ran.
_BARE = """
import os
import redis
from celery import Celery

app = Celery("bare", broker=os.environ["BROKER"])
client = redis.Redis.from_url(os.environ["BROKER"])

@app.task(name="ring")
def ring(word):
    client.rpush("ran", word)
"""

#: Runs a command, and prints how long it took, its CPU time and its memory.
_TIMED = """
import os, sys, time
began = time.perf_counter()
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
_, status, used = os.wait4(pid, 0)
print(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass(frozen=True)
class Took:
    """Of one process, up to what was waited for."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def measure(effort: Effort) -> Iterable[Figure]:
    """Two figures with a ceiling, and in a full run two to compare with."""
    shorts, starts = effort.of(full=15, quick=5), effort.of(full=3, quick=1)
    with TemporaryDirectory(prefix="startup-") as folder, ValkeyServer() as valkey, _ledger() as url:
        worker = _Worker(Path(folder), valkey.url, url)
        bare = _BareWorker(Path(folder), valkey.url)
        for name, once, count, at_most, note in (
            ("`--help`", _show_help, shorts, HELP_AT_MOST, ""),
            ("limit: `python -c pass`", _do_nothing, shorts, None, ""),
            ("a worker's first claim", worker.first_claim, starts, CLAIM_AT_MOST, "until it is committed"),
            ("peer: a bare Celery worker's first task", bare.first_task, starts, None, "as Celery ships it"),
        ):
            if effort.quick and at_most is None:
                continue
            rounds = [[once() for _ in range(count)] for _ in range(effort.rounds)]
            took = [one for each in rounds for one in each]
            yield Figure(
                name,
                "s",
                tuple(median(one.seconds for one in each) for each in rounds),
                at_most=at_most,
                cpu_microseconds=1e6 * median(one.cpu_seconds for one in took),
                peak_mib=max(one.peak_mib for one in took),
                note=note,
            )


def _environment(**more: str) -> dict[str, str]:
    """Ours without any setting of a real installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KASHFORCE_")}
    return {**kept, **more}


def _show_help() -> Took:
    return _to_its_end([f"{BINARIES}/kashforce", "--help"])


def _do_nothing() -> Took:
    return _to_its_end([sys.executable, "-c", "pass"])


def _to_its_end(command: list[str]) -> Took:
    """Started by a process that is small itself: what the kernel counts as a child's memory begins with its parent's."""
    said = subprocess.run(
        [sys.executable, "-c", _TIMED, *command],
        env=_environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    seconds, cpu_seconds, peak_mib = map(float, said.stdout.split())
    return Took(seconds, cpu_seconds, peak_mib)


@contextmanager
def _ledger() -> Iterator[str]:
    with PostgresServer() as server:
        url = server.fresh_database()
        schema.upgrade(url)
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute(_BELL)
        yield url


def _plain(url: str) -> str:
    """The same address for psycopg."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _started(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Its process id; it is ended by force, with whatever it started."""
    with (folder / "printed.log").open("wb") as printed:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class _Worker:
    """`kashforce worker`, for which one delivery waits and one message says so."""

    def __init__(self, folder: Path, redis_url: str, ledger_url: str) -> None:
        self._folder = folder
        self._redis_url = redis_url
        self._ledger_url = ledger_url
        settings = {
            "redis_url": redis_url,
            "ledger_url": ledger_url,
            "state_dir": str(folder / "state"),
            "salesforce_url": NOWHERE,
            "salesforce_client_id": "nobody",
            "salesforce_client_secret": "nothing",
            "kashflow_url": f"{NOWHERE}/v2",
            "kashflow_username": "nobody",
            "kashflow_password": "nothing",
            "kashflow_memorable_word": "nothing",
        }
        self._environment = _environment(**environment_of(settings))

    def first_claim(self) -> Took:
        """From the start of the process to the commit of its claim."""
        with psycopg.connect(_plain(self._ledger_url), autocommit=True) as connection:
            connection.execute("TRUNCATE deliveries CASCADE")
            connection.execute("LISTEN claimed")
            self._let_one_wait()
            began = time.perf_counter()
            with _started([f"{BINARIES}/kashforce", "worker"], self._folder, self._environment) as pid:
                heard = list(connection.notifies(timeout=60, stop_after=1))
                seconds = time.perf_counter() - began
                used = spent([pid])
        if not heard:
            raise RuntimeError(f"nothing was claimed: {(self._folder / 'printed.log').read_text()[-2000:]}")
        return Took(seconds, used.cpu_seconds, used.peak_mib)

    def _let_one_wait(self) -> None:
        now = datetime.now(UTC)
        deal = NewDelivery(
            flow="opportunity_to_invoice",
            queue=QUEUE,
            source="salesforce",
            entity="Opportunity",
            record_id="006Ab00000Xyz01IAB",
            version="1",
            kind="updated",
            occurred_at=now,
            lock_key="salesforce:006Ab00000Xyz01IAB",
        )
        ledger = Ledger.open(self._ledger_url)
        app = make_app(broker_url=self._redis_url, queues=[QUEUE], sweep_seconds=60)
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushall()
            Wire(app, client).announce(ledger.register([deal], now=now))
        app.close()
        ledger.close()


class _BareWorker:
    """`celery worker` with one task, for which one message waits."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self._folder = folder
        self._redis_url = redis_url
        (folder / "bare.py").write_text(_BARE)
        self._environment = _environment(BROKER=redis_url)

    def first_task(self) -> Took:
        """From the start of the process to what its task did."""
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushall()
            with Celery("bare", broker=self._redis_url, set_as_current=False) as app:
                app.send_task("ring", args=["here"])
            began = time.perf_counter()
            command = [sys.executable, "-m", "celery", "-A", "bare", "worker"]
            with _started(command, self._folder, self._environment) as pid:
                ran = client.blpop(["ran"], timeout=60)
                seconds = time.perf_counter() - began
                used = spent([pid])
        if not ran:
            raise RuntimeError(f"nothing ran: {(self._folder / 'printed.log').read_text()[-2000:]}")
        return Took(seconds, used.cpu_seconds, used.peak_mib)
