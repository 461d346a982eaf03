"""How Celery is set up: JSON only, no results, one queue per target and entity, and our functions behind the tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from kombu.exceptions import ContentDisallowed

from workers.app import RUN, SWEEP, SWEEP_QUEUE, attend, make_app

QUEUES = ["kashflow.invoice", "salesforce.opportunity"]
#: Long enough for a busy machine, short enough for a test that hangs.
PATIENCE_SECONDS = 30


@pytest.fixture
def app(valkey_url: str) -> Iterator[Celery]:
    app = make_app(broker_url=valkey_url, queues=QUEUES, sweep_seconds=2)
    yield app
    app.close()


def test_only_json_goes_in_and_out(app: Celery) -> None:
    assert app.conf.accept_content == ["json"]
    assert (app.conf.task_serializer, app.conf.event_serializer) == ("json", "json")


def _receive(app: Celery) -> tuple[list[Any], list[Exception]]:
    """Read one message the way a worker does: (what it could read, what it refused)."""
    read: list[Any] = []
    refused: list[Exception] = []

    def refuse(message: Any, error: Exception) -> None:
        refused.append(error)
        message.ack()

    def take(body: Any, message: Any) -> None:
        read.append(body)
        message.ack()

    with (
        app.connection_for_read() as connection,
        connection.channel() as channel,
        app.amqp.TaskConsumer(channel, on_decode_error=refuse, callbacks=[take]),
    ):
        connection.drain_events(timeout=PATIENCE_SECONDS)
    return read, refused


def test_a_message_that_could_carry_code_is_refused_unread(app: Celery) -> None:
    with app.connection_for_write() as connection, connection.Producer() as producer:
        producer.publish({"args": [1]}, serializer="pickle", exchange="", routing_key="kashflow.invoice")

    read, refused = _receive(app)

    assert read == []
    assert [type(error) for error in refused] == [ContentDisallowed]


def test_our_own_messages_are_read(app: Celery) -> None:
    app.send_task(RUN, args=["kashflow.invoice", [1, 2]], queue="kashflow.invoice", retry=False)

    read, refused = _receive(app)

    assert refused == []
    assert [body[0] for body in read] == [["kashflow.invoice", [1, 2]]]


def test_no_answer_is_kept_anywhere(app: Celery) -> None:
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result is True
    assert type(app.backend).__name__ == "DisabledBackend"


def test_there_is_one_queue_per_target_and_entity_and_one_for_the_sweeper(app: Celery) -> None:
    assert sorted(app.amqp.queues) == sorted([*QUEUES, SWEEP_QUEUE])


def test_a_message_calls_our_functions(app: Celery) -> None:
    calls: list[Any] = []
    attend(app, run=lambda queue, ids: calls.append((queue, ids)), sweep=lambda: calls.append("swept"))

    app.tasks[RUN]("kashflow.invoice", [1, 2])
    app.tasks[SWEEP]()

    assert calls == [("kashflow.invoice", [1, 2]), "swept"]


def test_beat_wakes_the_sweeper_and_nothing_else(app: Celery) -> None:
    (entry,) = app.conf.beat_schedule.values()

    assert (entry["task"], entry["schedule"]) == (SWEEP, 2)
    assert entry["options"]["queue"] == SWEEP_QUEUE
