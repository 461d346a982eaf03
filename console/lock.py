"""One installation per state directory: a lock that lives as long as any of its processes; it guards nothing else."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.settings import BadSettings


@contextmanager
def locked(state_dir: Path) -> Iterator[int]:
    """Hold `<state_dir>/up.lock`; the file descriptor is for the children to inherit.

    The system gives the lock up when the last process with that descriptor is gone, however it ended. So an `up` that
    was killed leaves no stale lock, and its orphans still keep a second Valkey from their files. Raises BadSettings.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BadSettings(
                f"'kashforce up' (process {file.read().strip() or 'unknown'}) works in {state_dir} already, or left "
                "processes behind when it was killed: end them first, or set KASHFORCE_STATE_DIR to another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file.fileno()
