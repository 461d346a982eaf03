"""Runs one process of an installation in the foreground, as the Procfile and docker-compose.yml start it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from console import logs, processes, settings
from console.bootstrap import House
from console.settings import BadSettings
from ledger import schema


def run_process(name: str) -> None:
    """Blocks until SIGTERM or SIGINT."""
    loaded = settings.load()
    logs.configure(loaded, name)
    with House(loaded) as house:
        processes.BY_NAME[name](house)


def run_worker_process(queues: Sequence[str]) -> None:
    """Blocks until SIGTERM or SIGINT. Raises BadSettings for a queue that no flow has."""
    loaded = settings.load()
    logs.configure(loaded, "worker")
    with House(loaded) as house:
        unknown = [name for name in queues if name not in house.queues]
        if unknown:
            raise BadSettings(f"there is no queue {', '.join(unknown)}; there are: {', '.join(house.queues)}")
        processes.worker(house, queues)


def upgrade_ledger() -> None:
    """Bring the ledger to this program's schema; says on standard error which that is."""
    loaded = settings.load()
    schema.upgrade(loaded.ledger)
    print(f"the ledger has schema version {schema.wanted_version()}", file=sys.stderr)
