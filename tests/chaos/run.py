"""One storm from beginning to end: people act, things break, all is mended, both worlds are compared. One thread."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ledger.overview import count_deliveries
from ledger.tables import Base
from tests.chaos.model import Model
from tests.chaos.people import People
from tests.chaos.premises import Premises
from tests.chaos.recovery import Blow, Recovered, recoveries
from tests.chaos.settling import Settling, now
from tests.chaos.storm import FaultPlanned, Kill, KillPlanned, Plan, plan
from tests.chaos.troubles import LATENCY
from tests.chaos.verdict import Verdict, Worlds, judge
from tests.chaos.world import World

#: The share of the time that the storm takes; the rest is for settling, which may take longer.
STORM_SHARE = 0.75
TICK_SECONDS = 0.05
BOOKKEEPER_LOOKS_EVERY = 8.0


@dataclass(frozen=True)
class Size:
    seconds: float = 300.0
    seed: int = 1
    changes: int = 5000
    kills: int = 60


@dataclass
class Outcome:
    """What the storm was, and what it left behind."""

    size: Size
    changes: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
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
        return not self.unsettled and self.verdict is not None and not self.verdict.findings


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
        self._rng = rng
        self._model = Model()
        self._people = People(world, self._model, rng, most_deals=max(20, size.changes // 6))
        self._plan: Plan = plan(rng, seconds=size.seconds * STORM_SHARE, kills=size.kills)
        self._blows: list[Blow] = []
        self._waiting_for_leader: list[tuple[Blow, str, str]] = []
        self._outcome = Outcome(size)

    def play(self) -> Outcome:
        outcome, settling = (
            self._outcome,
            Settling(self._premises, self._world, self._people, self._tend, self._say),
        )
        self._people.stock()
        settling.wait_until_subscribed()
        for trouble in LATENCY:
            self._world.declare(trouble.world, trouble.name, **trouble.declaration())
        began = time.monotonic()
        self._rage(began)
        outcome.storm_seconds = time.monotonic() - began
        self._world.clear_all()
        began = time.monotonic()
        outcome.unsettled = settling.settle()
        outcome.settle_seconds = time.monotonic() - began
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
        outcome.recovered = recoveries(ledger, self._blows)
        outcome.deals = len(self._model.deals)
        with ledger.reading() as connection:
            for row in count_deliveries(connection):
                outcome.deliveries[row.state] = outcome.deliveries.get(row.state, 0) + row.count

    # -- The storm ----------------------------------------------------------------------------------------

    def _rage(self, began: float) -> None:
        seconds = self._size.seconds * STORM_SHARE
        moves = iter(sorted(self._moves(), key=lambda move: move[0]))
        due = next(moves, None)
        looked = began
        while (at := time.monotonic() - began) < seconds or due is not None:
            self._tend()
            while due is not None and due[0] <= at:
                due[1]()
                due = next(moves, None)
            if time.monotonic() - looked > BOOKKEEPER_LOOKS_EVERY:
                self._people.look_at_invoices()
                looked = time.monotonic()
            self._act(wanted=self._size.changes * min(1.0, at / seconds))
            time.sleep(TICK_SECONDS)
        while self._outcome.changes < self._size.changes:
            self._act(wanted=self._size.changes)

    def _act(self, wanted: float) -> None:
        """Let people act until the storm is on time, a few at once at most."""
        for _ in range(10):
            if self._outcome.changes >= wanted:
                return
            self._outcome.changes += self._people.act()
        self._say(f"{self._outcome.changes} changes, {sum(self._outcome.kills.values())} kills")

    def _moves(self) -> Iterator[tuple[float, Callable[[], None]]]:
        for kill in self._plan.kills:
            yield kill.at, lambda kill=kill: self._kill(kill)  # type: ignore[misc]
            if kill.kill in (Kill.POSTGRES, Kill.VALKEY):
                yield kill.at + kill.away_seconds, lambda kill=kill: self._bring_back(kill)  # type: ignore[misc]
        for fault in self._plan.faults:
            yield fault.at, lambda fault=fault: self._break(fault)  # type: ignore[misc]
            yield fault.until, lambda fault=fault: self._repair(fault)  # type: ignore[misc]

    def _break(self, fault: FaultPlanned) -> None:
        trouble = fault.trouble
        self._world.declare(trouble.world, trouble.name, **trouble.declaration())
        if trouble.begins_session:
            self._world.forget_streaming()

    def _repair(self, fault: FaultPlanned) -> None:
        trouble = fault.trouble
        name = f"{trouble.world} {trouble.name}"
        struck = self._world.struck().get(name, 0)
        self._world.clear(trouble.world, trouble.name)
        self._outcome.faults[name] = self._outcome.faults.get(name, 0) + struck
        if struck:
            self._blows.append(Blow(f"{trouble.world}: {trouble.name}", now()))

    def _kill(self, planned: KillPlanned) -> None:
        kill = planned.kill
        match kill:
            case Kill.POSTGRES:
                self._premises.postgres.kill()
            case Kill.VALKEY:
                self._premises.valkey.kill()
            case Kill.SESSIONS:
                self._world.forget_streaming()
                self._blows.append(Blow(kill.value, now()))
            case Kill.STREAM_LEADER | Kill.POLL_LEADER:
                if not self._kill_leader(kill):
                    return
            case _:
                if not self._premises.kill(self._victim(kill)):
                    return
                self._blows.append(Blow(kill.value, now()))
        self._outcome.kills[kill.value] = self._outcome.kills.get(kill.value, 0) + 1

    def _bring_back(self, planned: KillPlanned) -> None:
        if planned.kill is Kill.POSTGRES:
            self._premises.postgres.start()
        else:
            self._premises.valkey.start()
        self._blows.append(Blow(planned.kill.value, now()))

    def _kill_leader(self, kill: Kill) -> bool:
        kind = kill.value.split()[0]
        leader = self._premises.leader(kind)
        if leader is None or not leader[0] or not self._premises.kill(leader[0]):
            return False
        blow = Blow(f"{kill.value}: take-over", now(), is_takeover=True)
        self._blows.append(blow)
        self._waiting_for_leader.append((blow, kind, leader[1]))
        return True

    def _victim(self, kill: Kill) -> str:
        match kill:
            case Kill.STREAM_STANDBY | Kill.POLL_STANDBY:
                kind = kill.value.split()[0]
                leader = self._premises.leader(kind)
                return f"{kind}-1" if leader and leader[0] == f"{kind}-2" else f"{kind}-2"
            case Kill.WORKER:
                return f"worker-{self._rng.randint(1, 4)}"
            case _:
                return "beat-1"

    def _tend(self) -> None:
        """Keep the processes running, and see who leads."""
        self._premises.supervisor.tend()
        for entry in list(self._waiting_for_leader):
            blow, kind, old = entry
            leader = self._premises.leader(kind)
            if leader is not None and leader[1] != old:
                blow.taken_over = now()
                self._waiting_for_leader.remove(entry)
