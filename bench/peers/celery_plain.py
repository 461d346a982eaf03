"""Plain Celery: one task a record, as its first steps show it, and no results, because nobody asks for them."""

from __future__ import annotations

from celery import Celery

from bench.peers import plain

app = Celery("plain", broker=plain.redis_url())
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task  # type: ignore[untyped-decorator]  # celery ships no types
def deliver(event: str) -> None:
    plain.deliver(event)


def send(changes: list[str]) -> None:
    """Put each of them on the queue."""
    for change in changes:
        deliver.delay(change)
