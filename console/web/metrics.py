"""Every metric that `/metrics` shows, each with its unit and what to do about it; and Prometheus's text format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from console.operations.status import Status

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: Values of the labels, in the order of `Metric.labels`, and the figure.
Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Metric:
    """A gauge. Its name ends in its unit, unless it counts things."""

    name: str
    unit: str
    #: What it tells, and when to act.
    meaning: str
    labels: tuple[str, ...]
    samples: Callable[[Status], Iterator[Sample]]


def _deliveries(seen: Status) -> Iterator[Sample]:
    for queue in seen.queues:
        for state in ("waiting", "running", "delivered", "unchanged", "superseded", "dead", "dropped"):
            yield (queue.name, state), getattr(queue, state)


def _oldest(seen: Status) -> Iterator[Sample]:
    for queue in seen.queues:
        yield (queue.name,), queue.oldest_waiting_seconds or 0


def _queue_held(seen: Status) -> Iterator[Sample]:
    for queue in seen.queues:
        yield (queue.name,), int(bool(queue.held))


def _moved(seen: Status) -> Iterator[Sample]:
    for cursor in seen.cursors:
        yield (cursor.name,), cursor.moved_age_seconds


def _position(seen: Status) -> Iterator[Sample]:
    for cursor in seen.cursors:
        if cursor.position_age_seconds is not None:
            yield (cursor.name,), cursor.position_age_seconds


def _held(seen: Status) -> Iterator[Sample]:
    for singleton in seen.singletons:
        yield (singleton.name,), int(singleton.is_held)


def _incidents(seen: Status) -> Iterator[Sample]:
    yield (), len(seen.incidents)


def _used(seen: Status) -> Iterator[Sample]:
    for budget in seen.budgets:
        if budget.allowed is not None:
            yield (budget.name,), budget.used


def _allowed(seen: Status) -> Iterator[Sample]:
    for budget in seen.budgets:
        if budget.allowed is not None:
            yield (budget.name,), budget.allowed


METRICS: tuple[Metric, ...] = (
    Metric(
        "kashforce_deliveries",
        "deliveries",
        "Deliveries by queue and state. Act on any that are dead: replay or drop them.",
        ("queue", "state"),
        _deliveries,
    ),
    Metric(
        "kashforce_oldest_waiting_seconds",
        "seconds",
        "Age of the oldest waiting delivery, 0 when none waits. Act when it grows: see the runbook, A queue grows.",
        ("queue",),
        _oldest,
    ),
    Metric(
        "kashforce_queue_held",
        "1 or 0",
        "Whether a queue is paused or drained, by an operator or the ceiling on dead letters. Act on 1 that nobody meant.",
        ("queue",),
        _queue_held,
    ),
    Metric(
        "kashforce_cursor_moved_age_seconds",
        "seconds",
        "Time since a producer last read something new. Quiet days are no fault; no producer at all is.",
        ("cursor",),
        _moved,
    ),
    Metric(
        "kashforce_cursor_position_age_seconds",
        "seconds",
        "Age of the last event read. Beyond 72 hours Salesforce no longer has what follows it.",
        ("cursor",),
        _position,
    ),
    Metric(
        "kashforce_producer_held",
        "1 or 0",
        "Whether some process acts as this producer. Act on 0: start it.",
        ("producer",),
        _held,
    ),
    Metric(
        "kashforce_open_incidents",
        "incidents",
        "What a source could not show as ordinary changes, at most 50 counted. Act on any: see the status page.",
        (),
        _incidents,
    ),
    Metric(
        "kashforce_budget_used_calls",
        "calls",
        "API calls of the last 24 hours. Near the allowed figure, unimportant deliveries wait.",
        ("api",),
        _used,
    ),
    Metric(
        "kashforce_budget_allowed_calls",
        "calls",
        "API calls that the API allows in 24 hours; missing where it has no such limit or Redis is away.",
        ("api",),
        _allowed,
    ),
)


def as_text(seen: Status) -> str:
    """All metrics in the text format, version 0.0.4."""
    return "".join(line + "\n" for metric in METRICS for line in _lines(metric, seen))


def _lines(metric: Metric, seen: Status) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.meaning}"
    yield f"# TYPE {metric.name} gauge"
    for values, figure in metric.samples(seen):
        labels = _labels(dict(zip(metric.labels, values, strict=True)))
        yield f"{metric.name}{labels} {figure:.15g}"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
