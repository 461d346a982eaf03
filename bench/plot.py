"""Draws what a table cannot show: cost by size, as PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import matplotlib as mpl

mpl.use("Agg")
# Needs the backend to be chosen first, for there is no display.
from matplotlib import pyplot as plt


def plot(path: Path, sizes: Sequence[int], rounds: Sequence[Sequence[float]]) -> None:
    """Write `path`.png and `path`.svg: CPU microseconds a change by deliveries waiting, every round and the medians."""
    # The same figures give the same file.
    mpl.rcParams["svg.hashsalt"] = "kashforce"
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for size, costs in zip(sizes, rounds, strict=True):
        axes.plot([size] * len(costs), costs, "o", color="#9aa5b1", markersize=4)
    axes.plot(sizes, [median(costs) for costs in rounds], "-o", color="#1f5fa8", label="median of the rounds")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("deliveries waiting")
    axes.set_ylabel("CPU µs a change")
    axes.set_title("What a change costs by the size of the backlog")
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path.with_suffix(".png"), dpi=120)
    figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
    plt.close(figure)
