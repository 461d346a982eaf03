"""Runs one process of an installation in the foreground, as the Procfile and docker-compose.yml start it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from console import logs, processes, settings
from console.bootstrap import House
from console.settings import BadSettings
from ledger import schema

#: New objects after which Python looks for cycles among them; its own 700 are made by four deliveries.
OBJECTS_BETWEEN_LOOKS = 20_000


def run_process(name: str) -> None:
    """Blocks until SIGTERM or SIGINT."""
    loaded = settings.load()
    logs.configure(loaded, name)
    with House(loaded) as house:
        collect_seldom()
        processes.BY_NAME[name](house)


def run_worker_process(queues: Sequence[str]) -> None:
    """Blocks until SIGTERM or SIGINT. Raises BadSettings for a queue that no flow has."""
    loaded = settings.load()
    logs.configure(loaded, "worker")
    with House(loaded) as house:
        unknown = [name for name in queues if name not in house.queues]
        if unknown:
            raise BadSettings(f"there is no queue {', '.join(unknown)}; there are: {', '.join(house.queues)}")
        collect_seldom()
        processes.worker(house, queues)


def upgrade_ledger() -> None:
    """Bring the ledger to this program's schema; says on standard error which that is."""
    loaded = settings.load()
    schema.upgrade(loaded.ledger)
    print(f"the ledger has schema version {schema.wanted_version()}", file=sys.stderr)


def collect_seldom() -> None:
    """Look for garbage in cycles less often than Python would, and not among what was imported, which stays for good: a batch is
    thousands of objects, hardly any of them in a cycle, and to find that out took a tenth of a worker's time."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
