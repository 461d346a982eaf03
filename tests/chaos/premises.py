"""The installation that the storm hits: real servers, every process under a supervisor, and how each is killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from console.settings import PREFIX
from console.supervisor import Child, Supervisor
from ledger import schema
from ledger.ledger import Ledger
from ledger.overview import list_leases
from tests.support.installation import COMPILED
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer

#: How many of each process. Of `stream` and `poll` one leads and the others stand by.
CREW: Mapping[str, int] = {"stream": 2, "poll": 2, "worker": 4, "beat": 1}
LEASES = {"stream": "salesforce_stream", "poll": "kashflow_poll"}

#: Short, so that minutes show what takes hours. Doubt is longer than any declared delay of the sandbox.
PACE: Mapping[str, object] = {
    "salesforce_sweep_seconds": 8,
    "sweep_seconds": 1,
    "poll_seconds": 3,
    "lease_seconds": 6,
    "doubt_seconds": 10,
    "worker_threads": 4,
    "log_level": "info",
}


class Premises:
    """PostgreSQL, Valkey and the processes of Kashforce, pointed at a sandbox."""

    def __init__(self, login: Mapping[str, Any], folder: Path) -> None:
        self._login = login
        self._folder = folder
        self._open = ExitStack()
        self.supervisor = Supervisor()
        self.postgres = PostgresServer()
        self.valkey = ValkeyServer()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self.postgres)
            undo.enter_context(self.valkey)
            url = self.postgres.fresh_database()
            schema.upgrade(url)
            self.ledger = Ledger.open(url)
            undo.callback(self.ledger.close)
            undo.callback(self._end_processes)
            environment = self._environment(url)
            for kind, count in CREW.items():
                for number in range(1, count + 1):
                    self.supervisor.add(self._child(kind, f"{kind}-{number}", environment))
            self._open = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def kill(self, name: str) -> bool:
        """SIGKILL to the child of this name; False when it does not run just now."""
        child = self.supervisor.child(name)
        if child.pid is None or not child.is_running:
            return False
        os.kill(child.pid, signal.SIGKILL)
        return True

    def leader(self, kind: str) -> tuple[str, str] | None:
        """(name of the child, holder) of who leads among the processes of this kind; None while nobody knows."""
        with suppress(SQLAlchemyError), self.ledger.reading() as connection:
            for lease, holder, _ in list_leases(connection):
                if lease == LEASES[kind]:
                    return self._holder_name(kind, holder), holder
        return None

    def _holder_name(self, kind: str, holder: str) -> str:
        pid = holder.split(":")[1]
        names = (f"{kind}-{number}" for number in range(1, CREW[kind] + 1))
        return next((name for name in names if str(self.supervisor.child(name).pid) == pid), "")

    def _end_processes(self) -> None:
        """All at once: what they would tidy up is looked at by nobody."""
        for kind, count in CREW.items():
            for number in range(1, count + 1):
                with suppress(StopIteration):
                    self.kill(f"{kind}-{number}")
        self.supervisor.shut_down()

    def _child(self, kind: str, name: str, environment: Mapping[str, str]) -> Child:
        command = [sys.executable, "-m", "console", kind]
        return Child(name, command, environment, log_file=self._folder / f"{name}.log")

    def _environment(self, ledger_url: str) -> dict[str, str]:
        salesforce, kashflow = self._login["salesforce"], self._login["kashflow"]
        settings: dict[str, object] = {
            "salesforce_url": salesforce["url"],
            "salesforce_client_id": salesforce["client_id"],
            "salesforce_client_secret": salesforce["client_secret"],
            "kashflow_url": kashflow["url"],
            "kashflow_username": kashflow["username"],
            "kashflow_password": kashflow["password"],
            "kashflow_memorable_word": kashflow["memorable_word"],
            "redis_url": self.valkey.url,
            "ledger_url": ledger_url,
            "state_dir": self._folder / "state",
            **PACE,
        }
        foreign = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(PREFIX) and name != "PYTHONDONTWRITEBYTECODE"
        }
        foreign |= {"PYTHONPYCACHEPREFIX": str(COMPILED)}
        return foreign | {f"{PREFIX}{name.upper()}": str(value) for name, value in settings.items()}
