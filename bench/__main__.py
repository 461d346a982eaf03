"""`python -m bench [PART ...] [--quick]`: run the benchmarks, print their tables, keep their figures."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import structlog

from bench.figures import RESULTS, Effort, Figure, Part

#: In the order of their table; each is a module with a title and `measure`.
PARTS = ("throughput", "calls", "latency", "slow_kashflow", "scale", "cometd", "startup")


class Benchmark(Protocol):
    """What each of these modules has."""

    TITLE: str

    def measure(self, effort: Effort) -> Iterable[Figure]: ...


def main() -> int:
    """0 when every figure is what it must be, 1 when one is not."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all when none is named"
    )
    options.add_argument("--quick", action="store_true", help="what has a floor, in shorter rounds")
    options.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER")
    chosen = options.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        options.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    # Parts of ours that run in this process would print a line for each batch.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    parts = []
    for name in chosen.parts or PARTS:
        print(f"{name} …", file=sys.stderr, flush=True)
        part = _run(name, Effort(chosen.quick))
        part.keep(chosen.results)
        print(part.table(), flush=True)
        parts.append(part)
    missed = [
        f"{part.name}: {figure.name}" for part in parts for figure in part.figures if not figure.is_good
    ]
    print("\n".join(["missed:", *missed]) if missed else "every figure is what it must be", file=sys.stderr)
    return 1 if missed else 0


def _run(name: str, effort: Effort) -> Part:
    benchmark: Benchmark = importlib.import_module(f"bench.{name}")
    load, began = os.getloadavg()[0], time.perf_counter()
    figures = tuple(benchmark.measure(effort))
    return Part(name, benchmark.TITLE, figures, time.perf_counter() - began, load)


if __name__ == "__main__":
    sys.exit(main())
