"""What a benchmark found: figures with what they must reach, as a table for people and as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Effort:
    """How long a benchmark takes: `quick` shows soon whether a floor is missed; all else is for the record."""

    quick: bool = False

    @property
    def rounds(self) -> int:
        """Of each measurement; the median counts. Quick ones are as many, and shorter."""
        return 3

    def of(self, full: int, quick: int) -> int:
        """An amount of work."""
        return quick if self.quick else full


@dataclass(frozen=True)
class Figure:
    """One figure of several rounds; the median is what counts, and all rounds are kept to show the machine's noise."""

    name: str
    unit: str
    rounds: tuple[float, ...]
    #: What the median must reach, or must not pass; both None where it is there to compare with.
    at_least: float | None = None
    at_most: float | None = None
    #: CPU time of all processes that took part, but for the stub and the worlds, per change.
    cpu_microseconds: float | None = None
    #: Largest resident memory of one process of ours.
    peak_mib: float | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def is_good(self) -> bool:
        """Is what it must reach reached?"""
        low = self.at_least is None or self.value >= self.at_least
        high = self.at_most is None or self.value <= self.at_most
        return low and high

    @property
    def needed(self) -> str:
        if self.at_least is not None:
            return f"≥ {_number(self.at_least)}"
        return "" if self.at_most is None else f"≤ {_number(self.at_most)}"

    @property
    def mark(self) -> str:
        if self.at_least is None and self.at_most is None:
            return ""
        return "✓" if self.is_good else "✗"


@dataclass(frozen=True)
class Part:
    """One benchmark's figures, under the name of its module."""

    name: str
    title: str
    figures: tuple[Figure, ...]
    seconds: float
    #: The machine's load before it began: above the number of cores, something else was running.
    load: float

    @property
    def is_good(self) -> bool:
        return all(figure.is_good for figure in self.figures)

    def keep(self, folder: Path) -> Path:
        """Write it to `folder`/NAME.json."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(self._plain(), indent=2, ensure_ascii=False) + "\n")
        return path

    def _plain(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": machine(),
            "load_before": round(self.load, 2),
            "seconds": round(self.seconds, 1),
            "figures": [
                {**vars(figure), "median": figure.value, "is_good": figure.is_good} for figure in self.figures
            ],
        }

    def table(self) -> str:
        """As Markdown, which a terminal shows just as well."""
        head = ("figure", "median", "unit", "needed", "", "CPU µs a change", "peak MiB", "rounds", "note")
        rows = [
            (
                figure.name,
                _number(figure.value),
                figure.unit,
                figure.needed,
                figure.mark,
                "" if figure.cpu_microseconds is None else f"{figure.cpu_microseconds:.0f}",
                "" if figure.peak_mib is None else f"{figure.peak_mib:.0f}",
                " ".join(_number(one) for one in figure.rounds),
                figure.note,
            )
            for figure in self.figures
        ]
        return f"### {self.title}\n\n{_markdown([head, *rows])}\n"


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}"


def ratios(ours: Iterable[float], theirs: Iterable[float]) -> tuple[float, ...]:
    """Ours to theirs, round by round."""
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    kept = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    widths = {at: max(len(row[at]) for row in rows) for at in kept}
    lines = ["| " + " | ".join(row[at].ljust(widths[at]) for at in kept) + " |" for row in rows]
    ruler = "|" + "|".join("-" * (widths[at] + 2) for at in kept) + "|"
    return "\n".join([lines[0], ruler, *lines[1:]])
