"""Kashforce as its users run it: real processes over a sandbox, in a folder of their own; the one place where tests wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pytest
from sqlalchemy import select, update

from ledger import schema
from ledger.deliveries import Delivery
from ledger.ledger import Ledger
from ledger.overview import Attempt, attempts_of, count_unfinished, deliveries_of
from ledger.tables import DeliveryRow
from sandbox.server import Sandbox
from tests.support.console import environment_of, logins_of
from tests.support.firm import Firm
from tests.support.house import ROOT
from tests.support.ports import free_port

T = TypeVar("T")

#: Compiled modules that all processes of all tests share, whatever this machine's habits: starting takes a third of
#: the time then. Ignored by git.
COMPILED = ROOT / "var" / "pycache"
#: Where the installed commands are.
BINARIES = Path(sys.executable).parent

#: A process of ours takes two seconds to start on an idle machine; this is how long a busy one may need.
STARTED_WITHIN = 60.0
#: From a deal won to its number shown, with all processes up and trouble on the way.
DELIVERED_WITHIN = 60.0
#: A process that does nothing ends at once; this one may be finishing a batch.
ENDED_WITHIN = 25.0
#: Shorter than an installation's own, so that tests need not wait for patience.
HURRIED = {"sweep_seconds": 0.3, "poll_seconds": 1, "lease_seconds": 2, "doubt_seconds": 1}


def eventually(condition: Callable[[], T], within_seconds: float, what: str) -> T:
    """The first answer of `condition` that is not empty; fails naming `what` when there was none in time."""
    deadline = time.monotonic() + within_seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_seconds:.0f} s: {what}")
        time.sleep(0.05)
    return answer


def belonging_to(folder: Path) -> dict[int, str]:
    """The living processes whose environment or working directory names `folder`: process id to command line.

    So none escapes by being a child's child or in another session. Sees nobody where there is no /proc.
    """
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        # Gone in the meantime, or not ours to look at.
        with suppress(OSError):
            environment = (process / "environ").read_bytes()
            if f"{folder}/".encode() in environment or (process / "cwd").readlink().is_relative_to(folder):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(process.name)] = command.strip()
    return found


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


class Running:
    """One process in a session of its own; `log` holds what it printed."""

    def __init__(
        self, command: list[str], *, env: Mapping[str, str], cwd: Path, log: Path, supervised: bool = False
    ) -> None:
        self._command, self._env, self._cwd, self._log = command, dict(env), cwd, log
        #: Somebody like systemd or Docker starts it again when it ends by itself.
        self.supervised = supervised
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def printed(self) -> str:
        return self._log.read_text(errors="replace")

    def has_printed(self, text: str) -> Self:
        """Wait for it."""
        eventually(
            lambda: text in self.printed or not self.is_running, STARTED_WITHIN, f"{self._log.stem}: {text}"
        )
        assert text in self.printed, f"{self._log.stem} ended with {self._process.returncode}: {self.printed}"
        return self

    def ends(self) -> int:
        """Wait for its end; the exit code."""
        eventually(lambda: not self.is_running, ENDED_WITHIN, f"the end of {self._log.stem}")
        return self._process.returncode

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.send(by)
        return self.ends()

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        self.end(signal.SIGKILL)


class Installation(Firm):
    """Processes of Kashforce that share a ledger and a Redis, and the people of both worlds to play with them.

    Leaving the `with` ends every process it started, by force those that do not end by themselves.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, **settings: Any) -> None:
        super().__init__(sandbox)
        self.folder = folder
        (folder / "printed").mkdir()
        ports = {"web_port": free_port(), "flower_port": free_port()}
        chosen = logins_of(sandbox) | HURRIED | ports | {"state_dir": folder / "state"} | settings
        self.settings = {name: str(value) for name, value in chosen.items()}
        self.started: list[Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if "ledger" in vars(self):
            self.ledger.close()
        self.end()
        for pid in belonging_to(self.folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._show_what_they_printed()

    # -- Processes ----------------------------------------------------------------------------------

    def environment(self, **changed: Any) -> dict[str, str]:
        """Ours without any setting of a real installation, and the settings of this one; `kashforce` is found."""
        own = environment_of(self.settings | {name: str(value) for name, value in changed.items()})
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("KASHFORCE_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        path = f"{BINARIES}{os.pathsep}{os.environ['PATH']}"
        return kept | {"PATH": path, "TMPDIR": str(self.folder), "PYTHONPYCACHEPREFIX": str(COMPILED)} | own

    def start(
        self, *words: str, command: list[str] | None = None, supervised: bool = False, **changed: Any
    ) -> Running:
        """Start `kashforce WORDS`, with settings `changed`; it runs on."""
        log = self.folder / "printed" / f"{len(self.started)}-{'-'.join(words)}.log"
        process = Running(
            command or [sys.executable, "-m", "console", *words],
            env=self.environment(**changed),
            cwd=self.folder,
            log=log,
            supervised=supervised,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, **changed: Any) -> Ended:
        """Run `kashforce WORDS` to its end."""
        ended = subprocess.run(
            [sys.executable, "-m", "console", *words],
            check=False,
            env=self.environment(**changed),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STARTED_WITHIN,
            start_new_session=True,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def listening_stream(self, *, supervised: bool = False) -> Running:
        """A stream that leads and has subscribed: what happens from now on, it hears."""
        return self.start("stream", supervised=supervised).has_printed("subscribed")

    def tend(self) -> None:
        """Start the supervised ones that have ended again, as systemd or Docker would."""
        for process in self.started:
            if process.supervised and not process.is_running:
                process.start()

    def end(self) -> list[int]:
        """SIGTERM to whatever still runs; the exit codes, in the order of starting."""
        running = [process for process in self.started if process.is_running]
        for process in running:
            process.send(signal.SIGTERM)
        return [process.ends() for process in running]

    def processes(self) -> dict[int, str]:
        return belonging_to(self.folder)

    def _show_what_they_printed(self) -> None:
        """For whoever reads why a test failed: pytest keeps it to itself otherwise."""
        for log in sorted((self.folder / "printed").iterdir()):
            sys.stdout.write(f"\n--- {log.name}\n{log.read_text(errors='replace')[-6000:]}\n")

    # -- The ledger ---------------------------------------------------------------------------------

    @property
    def ledger_url(self) -> str:
        return self.settings.get("ledger_url") or f"sqlite:///{self.settings['state_dir']}/ledger.db"

    def make_ledger(self) -> None:
        schema.upgrade(self.ledger_url)

    @cached_property
    def ledger(self) -> Ledger:
        """For looking from outside; the processes have connections of their own."""
        return Ledger.open(self.ledger_url)

    def deliveries(self, record_id: str, queue: str = "kashflow.invoice") -> list[Delivery]:
        with self.ledger.reading() as connection:
            return [one for one in deliveries_of(connection, [record_id]) if one.queue == queue]

    def attempts(self, record_id: str, queue: str = "kashflow.invoice") -> list[Attempt]:
        """Every attempt at every delivery of this record, oldest first."""
        ids = [delivery.id for delivery in self.deliveries(record_id, queue)]
        with self.ledger.reading() as connection:
            return attempts_of(connection, ids)

    def a_minute_passes(self) -> None:
        """For the sweeper: what was announced is a minute old, and says itself again where nobody acted on it."""
        with self.ledger.writing() as connection:
            told = connection.execute(
                select(DeliveryRow.id, DeliveryRow.announced_at).where(DeliveryRow.announced_at.is_not(None))
            )
            for id_, announced_at in told.all():
                earlier = (announced_at or datetime.now(UTC)) - timedelta(minutes=1)
                connection.execute(
                    update(DeliveryRow).where(DeliveryRow.id == id_).values(announced_at=earlier)
                )

    def unfinished(self) -> int:
        with self.ledger.reading() as connection:
            return count_unfinished(connection)

    # -- What people then see -----------------------------------------------------------------------

    def deals(self, *names: str) -> list[str]:
        """An open deal with a new account each."""
        return [self.deal(self.account(f"{name} Ltd"), Name=name) for name in names]

    def number_shown(self, opportunity: str) -> str:
        """The invoice number on the Opportunity; empty as long as it shows none."""
        return str(self.record(opportunity).get("KashFlow_Invoice_Number__c") or "")

    def show_their_numbers(self, *opportunities: str) -> None:
        """Wait until each of these Opportunities shows the number of its one and only invoice, and nothing is left to do."""

        def done() -> bool:
            self.tend()
            return all(map(self.number_shown, opportunities)) and not self.unfinished()

        eventually(done, DELIVERED_WITHIN, "every Opportunity shows a number, and no delivery is left to do")
        made = {invoice["CustomerReference"]: str(invoice["Number"]) for invoice in self.invoices()}
        assert len(self.invoices()) == len(made), "an invoice was made twice"
        shown = {self.stamp(opportunity): self.number_shown(opportunity) for opportunity in opportunities}
        assert {stamp: made[stamp] for stamp in shown} == shown
