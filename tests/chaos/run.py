"""One storm from beginning to end: people act, things break, all is mended, both worlds are compared. One thread."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ledger.overview import count_deliveries
from ledger.tables import Base
from tests.chaos.model import Model
from tests.chaos.operator import Operator
from tests.chaos.people import People
from tests.chaos.premises import Premises
from tests.chaos.recovery import Recovered, recoveries
from tests.chaos.settling import Settling
from tests.chaos.storm import plan
from tests.chaos.troubles import LATENCY, TROUBLES
from tests.chaos.verdict import Verdict, Worlds, judge
from tests.chaos.world import World
from tests.chaos.wrecker import Wrecker

#: The share of the time that the storm takes; the rest is for settling, which may take longer.
STORM_SHARE = 0.75
TICK_SECONDS = 0.05
BOOKKEEPER_LOOKS_EVERY = 8.0


@dataclass(frozen=True)
class Size:
    """How much has to happen; a storm in which less did proves nothing."""

    seconds: float = 300.0
    seed: int = 1
    changes: int = 5000
    kills: int = 60
    #: Kinds of fault that have to strike.
    faults: int = len(TROUBLES)


@dataclass
class Outcome:
    """What the storm was, and what it left behind."""

    size: Size
    #: Records changed by people.
    changes: int = 0
    #: SIGKILLs by who was hit.
    kills: dict[str, int] = field(default_factory=dict)
    #: How often each fault struck that was declared.
    faults: dict[str, int] = field(default_factory=dict)
    #: What the operator did: logins let through again, deals edited.
    mended: dict[str, int] = field(default_factory=dict)
    storm_seconds: float = 0.0
    settle_seconds: float = 0.0
    #: What was still under way at the deadline; blank when all was at rest.
    unsettled: str = ""
    deals: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    verdict: Verdict | None = None
    recovered: list[Recovered] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return (
            not self.too_little
            and not self.unsettled
            and self.verdict is not None
            and not self.verdict.findings
        )

    @property
    def too_little(self) -> str:
        """Of what there was less than the storm should have had; blank when it was a storm."""
        figures = {
            "changes": (self.changes, self.size.changes),
            "kills": (sum(self.kills.values()), self.size.kills),
            "kinds of fault": (sum(map(bool, self.faults.values())), self.size.faults),
        }
        return ", ".join(
            f"{had} {what} of {wanted}" for what, (had, wanted) in figures.items() if had < wanted
        )


def run(size: Size, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Play one storm; logs go to `folder`. Raises NeverReady or WorldFailed when the stage itself breaks."""
    with ExitStack() as open_:
        structlog.configure(
            logger_factory=structlog.WriteLoggerFactory(open_.enter_context((folder / "storm.log").open("w")))
        )
        open_.callback(structlog.reset_defaults)
        world = open_.enter_context(World(seed=size.seed, log_file=folder / "sandbox.log"))
        premises = open_.enter_context(Premises(world.login, folder))
        return _Storm(size, world, premises, folder, say).play()


class _Storm:
    def __init__(
        self, size: Size, world: World, premises: Premises, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._size = size
        self._world = world
        self._premises = premises
        self._folder = folder
        self._say = say
        rng = random.Random(size.seed)
        self._model = Model()
        self._people = People(world, self._model, rng, most_deals=max(20, size.changes // 6))
        seconds = size.seconds * STORM_SHARE
        planned = plan(rng, seconds=seconds, kills=size.kills)
        self._wrecker = Wrecker(planned, world, premises, rng, seconds=seconds)
        self._operator = Operator(world, premises, self._model)
        self._outcome = Outcome(size)

    def play(self) -> Outcome:
        outcome, settling = (
            self._outcome,
            Settling(self._premises, self._world, self._people, self._model, self._tend, self._say),
        )
        self._people.stock()
        settling.wait_until_subscribed()
        for trouble in LATENCY:
            self._world.declare(trouble.world, trouble.name, **trouble.declaration())
        began = time.monotonic()
        self._rage(began)
        outcome.storm_seconds = time.monotonic() - began
        outcome.kills, outcome.faults = dict(self._wrecker.kills), dict(self._wrecker.faults)
        self._world.clear_all()
        began = time.monotonic()
        outcome.unsettled = settling.settle()
        outcome.settle_seconds = time.monotonic() - began
        outcome.mended = {"logins": self._operator.logins, "deals": self._operator.edits}
        self._say("comparing both worlds, record by record …")
        self._compare()
        if not outcome.is_good:
            self._keep_evidence()
        return outcome

    def _keep_evidence(self) -> None:
        """The ledger and both worlds as they are, beside the logs."""
        for world in ("salesforce", "kashflow"):
            text = json.dumps(self._world.state(world), indent=1)
            (self._folder / f"{world}.json").write_text(text)
        with self._premises.ledger.reading() as connection:
            for table in Base.metadata.sorted_tables:
                rows = (dict(row) for row in connection.execute(table.select()).mappings())
                text = "".join(f"{json.dumps(row, default=str)}\n" for row in rows)
                (self._folder / f"{table.name}.jsonl").write_text(text)

    def _compare(self) -> None:
        outcome, ledger = self._outcome, self._premises.ledger
        worlds = Worlds(self._world.state("salesforce"), self._world.state("kashflow"))
        outcome.verdict = judge(self._model, worlds, ledger)
        outcome.recovered = recoveries(ledger, self._wrecker.blows)
        outcome.deals = len(self._model.deals)
        with ledger.reading() as connection:
            for row in count_deliveries(connection):
                outcome.deliveries[row.state] = outcome.deliveries.get(row.state, 0) + row.count

    # -- The storm ----------------------------------------------------------------------------------------

    def _rage(self, began: float) -> None:
        seconds, looked = self._size.seconds * STORM_SHARE, began
        while (at := time.monotonic() - began) < seconds or not self._wrecker.is_done:
            self._tend()
            self._wrecker.strike(at)
            if time.monotonic() - looked > BOOKKEEPER_LOOKS_EVERY:
                self._people.look_at_invoices()
                looked = time.monotonic()
            self._act(wanted=self._size.changes * at / seconds)
            time.sleep(TICK_SECONDS)
        while self._outcome.changes < self._size.changes:
            self._act(wanted=self._size.changes)

    def _act(self, wanted: float) -> None:
        """Let people act until the storm is on time, a few at once at most."""
        for _ in range(10):
            if self._outcome.changes >= wanted:
                return
            self._outcome.changes += self._people.act()
        self._say(f"{self._outcome.changes} changes, {sum(self._wrecker.kills.values())} kills")

    def _tend(self) -> None:
        """Keep the processes running, see who leads, and let the operator look."""
        self._premises.supervisor.tend()
        self._wrecker.look_who_leads()
        self._operator.look()
