"""Who reads the feed of change events: our client and producer, and aiosfstream-ng as its documentation shows it.

`python -m bench.stream_readers NAME` with a job as JSON on standard input: reads so many events, and prints what that took.
A process of its own for each, so that memory and CPU time are its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bench.event_feed import CHANNEL
from bench.spent import spent


@dataclass(frozen=True)
class Job:
    """What to read, and where to put it."""

    feed_url: str
    count: int
    database_url: str = ""
    redis_url: str = ""
    #: Of the database server, whose CPU time counts; 0 where there is none.
    database_pid: int = 0


@dataclass(frozen=True)
class Read:
    """What it took."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


class Watch:
    """Runs from when a reader is ready to ask for events to when the last one is dealt with."""

    def __init__(self, job: Job) -> None:
        self._pids = [os.getpid(), *([job.database_pid] if job.database_pid else [])]

    def start(self) -> None:
        self._before, self._began = spent(self._pids), time.perf_counter()

    def stop(self) -> None:
        seconds = time.perf_counter() - self._began
        cpu_seconds = spent(self._pids).since(self._before).cpu_seconds
        self.read = Read(seconds, cpu_seconds, spent([os.getpid()]).peak_mib)


def ours_decoding(job: Job, watch: Watch) -> None:
    """Our client, and nothing done with what it brings."""
    from connectors.salesforce.streaming.cometd import CometdSource
    from connectors.salesforce.streaming.source import ALL_RETAINED, Events

    watch.start()
    left = job.count
    with closing(CometdSource(f"{job.feed_url}/cometd/66.0").listen({CHANNEL: ALL_RETAINED})) as notices:
        for notice in notices:
            left -= len(notice.events) if isinstance(notice, Events) else 0
            if not left:
                watch.stop()
                return


def ours_registering(job: Job, watch: Watch) -> None:
    """Our client and our producer, as `kashforce stream` has them: deliveries and cursor in the ledger, ids on Redis."""
    from redis import Redis

    from connectors.salesforce.streaming.cometd import CometdSource
    from connectors.salesforce.streaming.source import Events, Notices
    from ledger.ledger import Ledger
    from ledger.producing import Cursor
    from mappings.book import load
    from producers.salesforce_stream import SalesforceStream
    from workers.app import make_app
    from workers.wire import Wire

    class Counted(CometdSource):
        """Ends after so many events; whoever asks for the next notice has dealt with the one before."""

        def listen(self, channels: Mapping[str, str]) -> Notices:
            left = job.count
            watch.start()
            for notice in super().listen(channels):
                yield notice
                left -= len(notice.events) if isinstance(notice, Events) else 0
                if not left:
                    watch.stop()
                    return

    book, ledger, now = load(), Ledger.open(job.database_url), datetime.now(UTC)
    # Kashforce has been here before: what comes first is what came since.
    ledger.register([], cursors=[Cursor(f"salesforce_stream:{CHANNEL}", "1398410", now)], now=now)
    app = make_app(broker_url=job.redis_url, queues=[flow.queue for flow in book.flows], sweep_seconds=60)
    with Redis.from_url(job.redis_url) as redis:
        SalesforceStream(
            Counted(f"{job.feed_url}/cometd/66.0"),
            [CHANNEL],
            ledger=ledger,
            book=book,
            announce=Wire(app, redis).announce,
            clock=lambda: datetime.now(UTC),
        ).run()
    with ledger.reading() as connection:
        registered = connection.exec_driver_sql(
            "SELECT count(DISTINCT record_id) FROM deliveries"
        ).scalar_one()
    _check(registered, job)
    ledger.close()


def theirs_decoding(job: Job, watch: Watch) -> None:
    """aiosfstream-ng's first example: every message is received, and its replay marker kept in a dict."""
    asyncio.run(_theirs_decoding(job, watch))


async def _theirs_decoding(job: Job, watch: Watch) -> None:
    from aiosfstream_ng.client import Client

    left, markers = job.count, dict[str, Any]()
    client = Client(_authenticator(job.feed_url), replay=markers)
    watch.start()
    async with client:
        await client.subscribe(CHANNEL)
        async for _message in client:
            left -= 1
            if not left:
                watch.stop()
                return


def theirs_registering(job: Job, watch: Watch) -> None:
    """aiosfstream-ng with a table and a replay storage, one transaction a message: what its reader would write."""
    asyncio.run(_theirs_registering(job, watch))


async def _theirs_registering(job: Job, watch: Watch) -> None:
    import psycopg
    from aiosfstream_ng.client import Client, ReplayMarkerStoragePolicy

    async with await psycopg.AsyncConnection.connect(job.database_url) as connection:
        replay, left = _replay_storage(connection), job.count
        policy = ReplayMarkerStoragePolicy.MANUAL
        client = Client(_authenticator(job.feed_url), replay=replay, replay_storage_policy=policy)
        watch.start()
        async with client:
            await client.subscribe(CHANNEL)
            async for message in client:
                async with replay(message):
                    await _insert(connection, message["data"]["payload"])
                left -= 1
                if not left:
                    watch.stop()
                    break
        rows = await connection.execute("SELECT count(*) FROM events")
        _check((await rows.fetchone() or (0,))[0], job)


async def _insert(connection: Any, payload: dict[str, Any]) -> None:
    from psycopg.types.json import Jsonb

    header = payload["ChangeEventHeader"]
    await connection.execute(
        "INSERT INTO events (entity, record_ids, kind, committed_at, payload)"
        " VALUES (%s, %s, %s, to_timestamp(%s), %s)",
        (
            header["entityName"],
            header["recordIds"],
            header["changeType"],
            header["commitTimestamp"] / 1000,
            Jsonb(payload),
        ),
    )


def _check(registered: int, job: Job) -> None:
    if registered != job.count:
        raise RuntimeError(f"{registered} of {job.count} events were registered")


def _authenticator(url: str) -> Any:
    """Its own authenticators go to Salesforce over https; this one has a token already."""
    from aiosfstream_ng.auth import AuthenticatorBase

    class HasToken(AuthenticatorBase):  # type: ignore[misc]  # it is not checked here
        async def _authenticate(self) -> tuple[int, dict[str, str]]:
            return 200, {"access_token": "t", "token_type": "Bearer", "instance_url": url}

    return HasToken()


def _replay_storage(connection: Any) -> Any:
    """Its documentation's way to keep the position elsewhere; commits it together with the event."""
    from aiosfstream_ng.replay import ReplayMarkerStorage

    class InDatabase(ReplayMarkerStorage):  # type: ignore[misc]  # it is not checked here
        #: Asked for with every message; a reader that knows it need not ask the database.
        newest: Any = None

        async def get_replay_marker(self, subscription: str) -> Any:
            return self.newest

        async def set_replay_marker(self, subscription: str, replay_marker: Any) -> None:
            self.newest = replay_marker
            await connection.execute(
                "INSERT INTO markers VALUES (%s, %s, %s)"
                " ON CONFLICT (channel) DO UPDATE SET date = excluded.date, replay_id = excluded.replay_id",
                (subscription, replay_marker.date, replay_marker.replay_id),
            )
            await connection.commit()

    return InDatabase()


READERS: Mapping[str, Callable[[Job, Watch], None]] = {
    one.__name__: one for one in (ours_decoding, ours_registering, theirs_decoding, theirs_registering)
}


def _main() -> None:
    job = Job(**json.load(sys.stdin))
    watch = Watch(job)
    READERS[sys.argv[1]](job, watch)
    print(json.dumps(asdict(watch.read)))


if __name__ == "__main__":
    _main()
