"""Dramatiq: one message a record, with its Redis broker."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.peers import plain

dramatiq.set_broker(RedisBroker(url=plain.redis_url()))


@dramatiq.actor  # type: ignore[untyped-decorator]  # not installed where types are checked
def deliver(event: str) -> None:
    plain.deliver(event)


def send(changes: list[str]) -> None:
    """Put each of them on the queue."""
    for change in changes:
        deliver.send(change)
