"""Taskiq: one task a record, asynchronous, with the list broker of taskiq-redis."""

from __future__ import annotations

import asyncio
from functools import cache

import httpx
from taskiq_redis import ListQueueBroker

from bench.peers import plain
from bench.work import event_path

broker = ListQueueBroker(plain.redis_url())


@cache
def _client() -> httpx.AsyncClient:
    return plain.async_client()


@broker.task  # type: ignore[untyped-decorator]  # not installed where types are checked
async def deliver(event: str) -> None:
    answer = await _client().patch(event_path(event), content=plain.body_of(event))
    answer.raise_for_status()


def send(changes: list[str]) -> None:
    """Put each of them on the queue."""
    asyncio.run(_send(changes))


async def _send(changes: list[str]) -> None:
    await broker.startup()
    for change in changes:
        await deliver.kiq(change)
    await broker.shutdown()
