"""`python -m bench [PART ...] [--quick]`: run the benchmarks, print their tables, keep their figures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.figures import RESULTS, Effort
from bench.parts import PARTS, run


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
    parts = []
    for part in run(chosen.parts or PARTS, Effort(chosen.quick)):
        part.keep(chosen.results)
        print(part.table(), flush=True)
        parts.append(part)
    missed = [
        f"{part.name}: {figure.name}" for part in parts for figure in part.figures if not figure.is_good
    ]
    print("\n".join(["missed:", *missed]) if missed else "every figure is what it must be", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
