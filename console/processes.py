"""The processes of an installation, each as one call that blocks until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

import structlog

from connectors.meter import BRIEF_SECONDS
from console.abreast import side_by_side
from console.bootstrap import House, utc_now
from console.passwords import OPERATOR, console_password
from ledger.producing import LeaseLost
from producers import kashflow_poll, salesforce_stream, salesforce_sweep
from producers.salesforce_limits import LimitsWatch
from producers.singleton import Singleton
from workers import spine
from workers.app import attend, run_beat, run_flower, run_worker
from workers.heart import Heart
from workers.sweeper import sweep
from workers.turns import Announce, Turns

log = structlog.get_logger("kashforce.process")

#: How often the sweep looks whether anything is due: an incident, a period, a round that was interrupted.
SWEEP_TURN_SECONDS = 5.0


def stream(house: House) -> None:
    """Hear Salesforce's change events; the second one started stands by."""
    source = house.event_source()
    singleton = Singleton(house.ledger, salesforce_stream.NAME, clock=utc_now, on_lost=source.close)

    def stop() -> None:
        singleton.interrupt()
        source.close()

    producer = salesforce_stream.SalesforceStream(
        source,
        house.settings.salesforce_channels,
        ledger=house.ledger,
        book=house.book,
        announce=house.wire.announce,
        clock=utc_now,
        lease=lambda: singleton.lease,
    )
    with _until_signalled(stop), _leading(singleton) as leads:
        if leads:
            producer.run()


def poll(house: House) -> None:
    """Look at KashFlow's lists, and sweep Salesforce; a second process stands by for each of the two."""
    stopped = threading.Event()
    settings = house.settings
    polling = Singleton(house.ledger, kashflow_poll.NAME, clock=utc_now, on_lost=stopped.set)
    sweeping = Singleton(house.ledger, salesforce_sweep.NAME, clock=utc_now, on_lost=stopped.set)
    poller = house.poller(stopped.wait, lambda: polling.lease)
    sweeper = house.sweeper(lambda: sweeping.lease)
    limits = LimitsWatch(house.salesforce, house.salesforce_budget, utc_now)

    def stop() -> None:
        stopped.set()
        polling.interrupt()
        sweeping.interrupt()

    def sweep_once() -> None:
        limits.look()
        sweeper.turn()

    def again_and_again(singleton: Singleton, turn: Callable[[], None], seconds: float) -> None:
        with _leading(singleton) as leads:
            while leads and not stopped.is_set():
                turn()
                stopped.wait(seconds)

    with _until_signalled(stop):
        side_by_side(
            {
                "poll": lambda: again_and_again(polling, poller.turn, settings.poll_seconds),
                "sweep": lambda: again_and_again(sweeping, sweep_once, SWEEP_TURN_SECONDS),
            },
            stop,
        )


def worker(house: House, queues: Sequence[str] = ()) -> None:
    """Deliver what waits on `queues`; on all of them when none is named."""
    stopped = threading.Event()
    desk = house.desk(stopped.wait, behind=0, most_seconds=BRIEF_SECONDS)
    with Heart(house.ledger, house.rules.lease_seconds, utc_now) as heart:

        def run(queue: str, ids: list[int], announce: Announce) -> None:
            spine.run(replace(desk, announce=announce), heart, queue, ids)

        turns = Turns(
            run,
            announce=desk.announce,
            queues=queues or house.queues,
            most=house.rules.batches_side_by_side,
            seconds=house.rules.thread_seconds,
            clock=time.monotonic,
            stopping=stopped.is_set,
        )

        def sweep_once() -> None:
            sweep(house.ledger, house.wire, house.queues, house.rules, utc_now)

        attend(house.app, run=turns.take, sweep=sweep_once)
        run_worker(
            house.app,
            queues=queues or house.queues,
            threads=house.settings.worker_threads,
            stopping=stopped.set,
        )


def beat(house: House) -> None:
    """Wake the sweeper again and again."""
    run_beat(house.app)


def flower(house: House) -> None:
    """Serve Flower, the window on the queues, behind the console's password."""
    settings = house.settings
    run_flower(
        house.app,
        host=settings.flower_host,
        port=settings.flower_port,
        user=OPERATOR,
        password=console_password(settings),
    )


def web(house: House) -> None:
    """Serve the status page behind the console's password."""
    from console.web.server import serve  # no other process should pay for a web server

    settings = house.settings
    serve(house, host=settings.web_host, port=settings.web_port, password=console_password(settings))


@contextmanager
def _leading(singleton: Singleton) -> Iterator[bool]:
    """Wait for the right to act; give it back at the end. Losing it ends the body quietly: another one acts now."""
    try:
        yield singleton.acquire()
    except LeaseLost as error:
        log.error("lease_lost", reason=str(error))
    finally:
        singleton.release()


@contextmanager
def _until_signalled(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM and SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


#: The processes that take nothing but the settings, by the name of their command.
BY_NAME: Mapping[str, Callable[[House], None]] = {
    "stream": stream,
    "poll": poll,
    "beat": beat,
    "flower": flower,
    "web": web,
}
