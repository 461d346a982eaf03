"""What goes over Redis: ids and routing in JSON, 200 to a message; and nothing breaks when Redis is away."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from celery import Celery
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tests.support.ports import free_port
from workers.app import RUN, make_app
from workers.wire import Wire

QUEUES = ["kashflow.invoice", "kashflow.customer"]


@pytest.fixture
def app(valkey_url: str) -> Iterator[Celery]:
    app = make_app(broker_url=valkey_url, queues=QUEUES, sweep_seconds=2)
    yield app
    app.close()


@pytest.fixture
def client(valkey_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(valkey_url) as client:
        yield client


def _messages(client: redis.Redis, queue: str) -> list[dict[str, Any]]:
    """The messages of the queue, the first sent first."""
    raw: Any = client.lrange(queue, 0, -1)
    return [json.loads(message) for message in reversed(raw)]


def _arguments(message: dict[str, Any]) -> list[Any]:
    args, _, _ = json.loads(base64.b64decode(message["body"]))
    return list(args)


def test_a_message_says_which_deliveries_wait_on_which_queue_and_nothing_else(
    app: Celery, client: redis.Redis
) -> None:
    Wire(app, client).announce({"kashflow.invoice": [3, 4], "kashflow.customer": [5]})

    (invoices,) = _messages(client, "kashflow.invoice")
    (customers,) = _messages(client, "kashflow.customer")
    assert _arguments(invoices) == ["kashflow.invoice", [3, 4]]
    assert _arguments(customers) == ["kashflow.customer", [5]]
    assert invoices["headers"]["task"] == RUN
    assert invoices["content-type"] == "application/json"
    assert invoices["headers"]["argsrepr"] == "kashflow.invoice: 2 from 3"


def test_many_deliveries_go_in_messages_of_two_hundred(app: Celery, client: redis.Redis) -> None:
    wire = Wire(app, client)

    wire.announce({"kashflow.invoice": list(range(1, 452))})

    batches = [_arguments(message)[1] for message in _messages(client, "kashflow.invoice")]
    assert [len(batch) for batch in batches] == [200, 200, 51]
    assert [id_ for batch in batches for id_ in batch] == list(range(1, 452))
    assert wire.unread("kashflow.invoice") == 3


def test_nothing_to_say_sends_nothing(app: Celery, client: redis.Redis) -> None:
    Wire(app, client).announce({})

    assert client.keys("*") == []


def test_saying_it_never_raises_when_redis_is_away() -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    app = make_app(broker_url=nowhere, queues=QUEUES, sweep_seconds=2)
    with redis.Redis.from_url(nowhere, retry=Retry(NoBackoff(), 0)) as client:
        wire = Wire(app, client)

        wire.announce({"kashflow.invoice": [1]})

        with pytest.raises(RedisError):
            wire.unread("kashflow.invoice")
    app.close()
