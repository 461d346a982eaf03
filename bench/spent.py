"""CPU time and memory of processes, ours and those of servers, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Spent:
    """CPU seconds that processes have used up to now, children included; and the largest resident memory of one of them."""

    cpu_seconds: float
    peak_mib: float

    def since(self, before: Spent) -> Spent:
        """What was used between two looks."""
        return Spent(self.cpu_seconds - before.cpu_seconds, self.peak_mib)


def spent(pids: Iterable[int]) -> Spent:
    """Of these processes and their living children."""
    family = {
        one.pid: one
        for pid in pids
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))
    }
    used = [one for process in family.values() if (one := _of(process)) is not None]
    return Spent(sum(one.cpu_seconds for one in used), max((one.peak_mib for one in used), default=0.0))


def _of(process: psutil.Process) -> Spent | None:
    """None for a child that ended while we looked: a database server has some that come and go."""
    with suppress(psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
        return Spent(_cpu_seconds(process), _peak_mib(process.pid))
    return None


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    # Children that have ended count with their parent.
    return float(times.user + times.system + times.children_user + times.children_system)


def _peak_mib(pid: int) -> float:
    """The high-water mark of resident memory."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
