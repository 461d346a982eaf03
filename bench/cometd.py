"""Change events per second from a server that always has more: decoded only, and registered with the cursor moved.

The peer is aiosfstream-ng on the same server; where it registers, one transaction a message holds the event and its
replay marker. What must be three times as fast is the same work: registering.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
from sqlalchemy import make_url

from bench.figures import Effort, Figure, ratios
from bench.stream_readers import Job, Read
from ledger import schema
from tests.support.house import ROOT
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer

TITLE = "CometD client: change events a second"

AT_LEAST = 3.0
#: How many events an answer holds: as many as the peer is willing to hold unread.
PER_ANSWER = 100

_THEIR_TABLES = """
    CREATE TABLE events (id bigserial PRIMARY KEY, entity text NOT NULL, record_ids text[] NOT NULL,
        kind text NOT NULL, committed_at timestamptz NOT NULL, payload jsonb NOT NULL);
    CREATE TABLE markers (channel text PRIMARY KEY, date text NOT NULL, replay_id bigint NOT NULL);
"""


_NAMES = {
    "ours_registering": "registered in PostgreSQL, cursor moved, announced",
    "theirs_registering": "peer: aiosfstream-ng, a transaction a message",
    "ours_on_sqlite": "registered in SQLite",
    "ours_decoding": "decoded only",
    "theirs_decoding": "peer: aiosfstream-ng, decoded only",
}


@dataclass
class _Rounds:
    """What one reader showed."""

    count: int
    read: list[Read] = field(default_factory=list)

    @property
    def per_second(self) -> tuple[float, ...]:
        return tuple(self.count / one.seconds for one in self.read)

    def figure(self, name: str) -> Figure:
        cpu = sum(one.cpu_seconds for one in self.read) / len(self.read) / self.count
        peak = max(one.peak_mib for one in self.read)
        return Figure(name, "events/s", self.per_second, cpu_microseconds=1e6 * cpu, peak_mib=peak)


def measure(effort: Effort) -> Iterable[Figure]:
    """One ratio with a floor, and what it is made of; in quick mode nothing else."""
    count = effort.of(full=10_000, quick=2_000)
    readers = ["ours_registering", "theirs_registering"]
    if not effort.quick:
        readers += ["ours_on_sqlite", "ours_decoding", "theirs_decoding"]
    rounds = {reader: _Rounds(count) for reader in readers}
    if effort.quick:
        # It takes four times as long for each, and its rate shows as soon.
        rounds["theirs_registering"].count //= 2
    with _Place(count) as place:
        # Taken in turns, so that a noisy minute of the machine is everybody's.
        for _ in range(effort.rounds):
            for reader in readers:
                rounds[reader].read.append(place.read(reader, rounds[reader].count))
    yield _ratio("registering: ours to the peer's", rounds, "registering", AT_LEAST)
    if not effort.quick:
        yield _ratio("decoding only: ours to the peer's", rounds, "decoding")
    for reader in readers:
        yield rounds[reader].figure(_NAMES[reader])


def _ratio(name: str, rounds: Mapping[str, _Rounds], work: str, at_least: float | None = None) -> Figure:
    ours, theirs = (rounds[f"{whose}_{work}"] for whose in ("ours", "theirs"))
    note = f"{ours.count:,} events, of the peer {theirs.count:,}; {PER_ANSWER} an answer"
    return Figure(name, "times", ratios(ours.per_second, theirs.per_second), at_least=at_least, note=note)


class _Place:
    """The servers that all readers share; each reader gets a database of its own."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> _Place:
        with ExitStack() as undo:
            self._folder = Path(undo.enter_context(TemporaryDirectory(prefix="cometd-")))
            self._redis_url = undo.enter_context(ValkeyServer()).url
            # Durable, as it is shipped.
            self._postgres = undo.enter_context(PostgresServer(fsync=True))
            self._empty = self._postgres.fresh_database()
            schema.upgrade(self._empty)
            with psycopg.connect(_plain(self._empty)) as connection:
                self._postgres_pid = psutil.Process(connection.info.backend_pid).ppid()
            self._feed_url = undo.enter_context(_feed(self._count))
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def read(self, reader: str, count: int) -> Read:
        """Let it read so many of the events, from the first on."""
        if reader.endswith("decoding"):
            return _read(reader, Job(self._feed_url, count))
        if reader == "ours_on_sqlite":
            with TemporaryDirectory(dir=self._folder) as folder:
                url = f"sqlite:///{folder}/ledger.db"
                schema.upgrade(url)
                return _read("ours_registering", Job(self._feed_url, count, url, self._redis_url))
        url = self._postgres.fresh_database(like=self._empty)
        try:
            if reader == "theirs_registering":
                with psycopg.connect(_plain(url), autocommit=True) as connection:
                    connection.execute(_THEIR_TABLES)
                job = Job(self._feed_url, count, _plain(url), "", self._postgres_pid)
            else:
                job = Job(self._feed_url, count, url, self._redis_url, self._postgres_pid)
            return _read(reader, job)
        finally:
            self._postgres.drop_database(url)


def _plain(url: str) -> str:
    """The same address for psycopg."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _feed(count: int) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.event_feed", str(count), str(PER_ANSWER)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.kill()


def _read(reader: str, job: Job) -> Read:
    ended = subprocess.run(
        [sys.executable, "-m", "bench.stream_readers", reader],
        check=False,
        cwd=ROOT,
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise RuntimeError(f"{reader} failed: {ended.stderr}")
    return Read(**json.loads(ended.stdout.splitlines()[-1]))
