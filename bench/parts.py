"""The benchmarks that there are, and how they are run: one after the other, and in a quick run some of them in company."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Protocol

import structlog

from bench.figures import Effort, Figure, Part

#: In the order of their table; each is a module with a title and `measure`.
PARTS = ("throughput", "calls", "latency", "slow_kashflow", "scale", "memory", "cometd", "startup")
Company = Mapping[str, tuple[str, ...]]
#: In a quick run, what has company, and whose: who has waits most of the time, and the others are counted and not timed (memory
#: first, which keeps both cores busy, while latency is warming up), or have a third of their ceiling to spare.
COMPANY: Company = {"latency": ("memory", "calls"), "slow_kashflow": ("startup",)}


class Benchmark(Protocol):
    """What each of these modules has."""

    TITLE: str

    def measure(self, effort: Effort) -> Iterable[Figure]: ...


def run(names: Sequence[str], effort: Effort) -> Iterator[Part]:
    """What each of these parts found, as soon as it is known."""
    # Whatever this machine's habits: an installation does not compile itself at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        for group in groups(names, COMPANY if effort.quick else {}):
            print(f"{' and '.join(group)} …", file=sys.stderr, flush=True)
            yield from pool.map(partial(_run, effort=effort), group)


def groups(names: Sequence[str], company: Company) -> list[tuple[str, ...]]:
    """The parts in their order, each with its company where that is wanted, too."""
    guests = {guest for host in names for guest in company.get(host, ())}
    return [
        (name, *(guest for guest in company.get(name, ()) if guest in names))
        for name in names
        if name not in guests
    ]


def _run(name: str, effort: Effort) -> Part:
    # Parts of ours that run in this process would print a line for each batch.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    benchmark: Benchmark = importlib.import_module(f"bench.{name}")
    load, began = os.getloadavg()[0], time.perf_counter()
    figures = tuple(benchmark.measure(effort))
    return Part(name, benchmark.TITLE, figures, time.perf_counter() - began, load)
