"""The Celery application: the only file that knows how a message becomes a call of the spine or the sweeper."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_shutting_down
from celery.worker import heartbeat
from celery.worker.consumer.heart import Heart as HeartStep
from kombu.entity import Queue

#: For those who hand an application on without knowing Celery.
App = Celery

#: Task names, as Flower and redis-cli show them.
RUN = "kashforce.run"
SWEEP = "kashforce.sweep"
#: Flower hears this often what became of tasks.
EVENTS_SECONDS = 0.25
#: Where beat wakes the sweeper.
SWEEP_QUEUE = "kashforce.sweep"


def make_app(*, broker_url: str, queues: Sequence[str], sweep_seconds: float) -> Celery:
    """A Celery application that can say "these deliveries wait"; `attend` makes it one that acts on it.

    `queues` are the delivery queues, `<target>.<entity>`. Nothing is connected yet.
    """
    app = Celery("kashforce", set_as_current=False)
    app.steps["consumer"].add(_Pulse)
    app.conf.update(_configuration(broker_url, queues, sweep_seconds))
    return app


def attend(app: Celery, *, run: Callable[[str, list[int]], None], sweep: Callable[[], None]) -> None:
    """Let the messages of `app` call `run(queue, ids)` and `sweep()`."""

    # Not shared: Celery would give these tasks to every other application of the process as well.
    @app.task(name=RUN, shared=False)  # type: ignore[untyped-decorator]  # celery ships no types
    def run_batch(queue: str, ids: list[int]) -> None:
        run(queue, ids)

    @app.task(name=SWEEP, shared=False)  # type: ignore[untyped-decorator]
    def sweep_ledger() -> None:
        sweep()


def run_worker(app: Celery, *, queues: Sequence[str], threads: int, stopping: Callable[[], None]) -> None:
    """Work until SIGTERM, which lets the batches that are under way end first; `stopping` asks them to hurry. Blocks."""
    _keep_our_logging()

    def tell(**_: object) -> None:
        stopping()

    worker_shutting_down.connect(tell, weak=False)
    make_worker(app, queues=queues, threads=threads).start()


def make_worker(app: Celery, *, queues: Sequence[str], threads: int) -> Any:
    """Celery's worker, not started yet. Made without Celery's own command line, which loads a shell and every plugin
    first: that took half of the time until a worker was ready."""
    return app.Worker(
        # The work is waiting for two slow APIs: threads do that at a third of the memory of processes.
        pool_cls="threads",
        concurrency=threads,
        queues=[*queues, SWEEP_QUEUE],
        hostname=f"worker-{os.getpid()}@",  # Celery puts the host behind it
        task_events=True,
        # By a step of our own, see _Pulse.
        without_heartbeat=True,
        without_gossip=True,
        without_mingle=True,
        loglevel="WARNING",
        quiet=True,
    )


def run_beat(app: Celery) -> None:
    """Wake the sweeper until SIGTERM. Blocks. One is enough; two only sweep twice."""
    _keep_our_logging()
    app.Beat(loglevel="WARNING", schedule=None, quiet=True).run()


def run_flower(app: Celery, *, host: str, port: int, user: str, password: str) -> None:
    """Serve Flower until SIGTERM, behind a login. Blocks."""
    # By the environment of this process alone: an argument would stand in every list of processes.
    os.environ["FLOWER_BASIC_AUTH"] = f"{user}:{password}"
    app.start(["flower", f"--address={host}", f"--port={port}", "--persistent=False", "--logging=warning"])


class _Heart(heartbeat.Heart):  # type: ignore[misc]  # celery ships no types
    """Tells Flower that the worker is alive, and lets it be where Redis is away. Celery's own tries again until Redis is
    back, and hears of nothing meanwhile, not even that it is told to stop."""

    def _send(self, event: str, retry: bool = False) -> Any:
        return super()._send(event, retry=False)


class _Pulse(HeartStep):  # type: ignore[misc]
    """The step that starts it with a worker, and gathers what Flower is told of tasks: one message for all of a moment, where
    Celery would publish each of a task's three events by itself, at the price of a batch's statements."""

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **{**options, "without_heartbeat": False})
        self._telling: Any = None

    def start(self, consumer: Any) -> None:
        dispatcher = consumer.event_dispatcher
        consumer.heart = _Heart(consumer.timer, dispatcher, self.heartbeat_interval)
        consumer.heart.start()
        dispatcher.on_send_buffered = None
        self._telling = consumer.timer.call_repeatedly(EVENTS_SECONDS, dispatcher.flush)

    def stop(self, consumer: Any) -> None:
        if self._telling:
            self._telling.cancel()
            consumer.event_dispatcher.flush()
        super().stop(consumer)

    shutdown = stop


def _keep_our_logging() -> None:
    setup_logging.connect(_leave_logging_alone)


def _leave_logging_alone(**_: object) -> None:
    """Celery sets up logging of its own unless somebody listens to this signal."""


def _queue(name: str, **options: Any) -> Queue:
    # The default exchange: a named one costs a lookup of its members with every message.
    return Queue(name, exchange="", routing_key=name, **options)  # type: ignore[no-untyped-call]  # kombu


def _configuration(broker_url: str, queues: Sequence[str], sweep_seconds: float) -> dict[str, Any]:
    """Why these and no others: reference celery.md section 5, "Settings that follow"."""
    return {
        "broker_url": broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # What a killed worker had read the sweeper says again. To keep a copy of it in Redis would bring it back later
            # than that, and costs more than all else that is done with a message (reference celery.md section 4b).
            "ack_emulation": False,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 25,
            "priority_steps": [0],
            # Whoever announces does not wait for Redis to come back: the sweeper says it later. Without this each
            # message costs six seconds of trying; workers that listen try for ever by a setting of their own.
            "max_retries": 0,
        },
        # JSON only, both ways: a message can never carry code.
        "task_serializer": "json",
        "accept_content": ["json"],
        "event_serializer": "json",
        # The ledger knows what became of a delivery; nobody would read a second answer.
        "result_backend": None,
        "task_ignore_result": True,
        # Leases bring back the work of a killed worker, so a message may go when it was read.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "task_create_missing_queues": False,
        "task_default_queue": SWEEP_QUEUE,
        "task_queues": [
            *(_queue(name) for name in queues),
            # With no worker about, wake-up calls must not pile up: the queue itself passes away.
            _queue(SWEEP_QUEUE, queue_arguments={"x-expires": 60_000}),
        ],
        "worker_send_task_events": True,
        "task_send_sent_event": True,
        "worker_hijack_root_logger": False,
        "worker_soft_shutdown_timeout": 10,
        "beat_schedule": {
            "sweep": {
                "task": SWEEP,
                "schedule": sweep_seconds,
                "options": {"queue": SWEEP_QUEUE, "expires": max(10.0, 2 * sweep_seconds)},
            }
        },
        "beat_scheduler": "celery.beat:Scheduler",
        "beat_max_loop_interval": sweep_seconds,
        "timezone": "UTC",
    }
