"""Breaks things by the plan and at its times: declares faults, sends SIGKILL, brings servers back, sees who takes over."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable
from itertools import count

from tests.chaos.premises import CREW, Premises
from tests.chaos.recovery import Blow
from tests.chaos.settling import now
from tests.chaos.storm import FaultPlanned, Kill, KillPlanned, Plan
from tests.chaos.world import World

#: A victim that is just not there is looked for again after this.
TRY_AGAIN_SECONDS = 0.5

#: For what has struck nothing yet when all else is over.
LONGER_SECONDS = 60.0

#: What is done at a moment, told how many seconds have passed.
Move = Callable[[float], None]


class Wrecker:
    """What it did is in `kills`, `faults` (how often each struck) and `blows`."""

    def __init__(
        self, plan: Plan, world: World, premises: Premises, rng: random.Random, *, seconds: float
    ) -> None:
        self._world = world
        self._premises = premises
        self._rng = rng
        self._seconds = seconds
        self._numbers = count()
        self._moves: list[tuple[float, int, Move]] = []
        for kill in plan.kills:
            self._later(kill.at, lambda at, kill=kill: self._kill(kill, at))  # type: ignore[misc]
        for fault in plan.faults:
            self._later(fault.at, lambda at, fault=fault: self._break(fault))  # type: ignore[misc]
            self._later(fault.until, lambda at, fault=fault: self._repair(fault, at))  # type: ignore[misc]
        self.kills: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.blows: list[Blow] = []
        #: Each with the kind of process and the holder that is gone.
        self._waiting_for_leader: list[tuple[Blow, str, str]] = []

    @property
    def is_done(self) -> bool:
        return not self._moves

    def strike(self, at: float) -> None:
        """Do what is due `at` seconds after the storm began."""
        while self._moves and self._moves[0][0] <= at:
            heapq.heappop(self._moves)[2](at)

    def look_who_leads(self) -> None:
        for entry in list(self._waiting_for_leader):
            blow, kind, old = entry
            leader = self._premises.leader(kind)
            if leader is not None and leader[1] != old:
                blow.taken_over = now()
                self._waiting_for_leader.remove(entry)

    def _later(self, at: float, move: Move) -> None:
        heapq.heappush(self._moves, (at, next(self._numbers), move))

    # -- Faults -------------------------------------------------------------------------------------------

    def _break(self, fault: FaultPlanned) -> None:
        trouble = fault.trouble
        self.faults[trouble.label] += 0
        for one in filter(None, (trouble.beside, trouble)):
            self._world.declare(one.world, one.name, **one.declaration())
        if trouble.begins_session:
            self._world.forget_streaming()

    def _repair(self, fault: FaultPlanned, at: float) -> None:
        """A fault that met nothing to strike stays longer, but not long beyond the storm."""
        trouble = fault.trouble
        struck = 1 if trouble.is_a_state else self._world.struck().get(trouble.label, 0)
        if not struck and not self.faults[trouble.label] and at < self._seconds + LONGER_SECONDS:
            self._later(at + TRY_AGAIN_SECONDS, lambda at: self._repair(fault, at))
            return
        for one in filter(None, (trouble.beside, trouble)):
            self._world.clear(one.world, one.name)
        self.faults[trouble.label] += struck
        if struck:
            self.blows.append(Blow(trouble.label, now()))
        if struck and trouble.deafens_stream:
            kill = KillPlanned(at, Kill.STREAM_LEADER, away_seconds=0)
            self._later(at, lambda at: self._kill(kill, at))

    # -- Kills --------------------------------------------------------------------------------------------

    def _kill(self, planned: KillPlanned, at: float) -> None:
        if not self._killed(planned, at):
            self._later(at + TRY_AGAIN_SECONDS, lambda at: self._kill(planned, at))
            return
        self.kills[planned.kill.value] += 1

    def _killed(self, planned: KillPlanned, at: float) -> bool:
        """False when there was nobody to kill."""
        match planned.kill:
            case Kill.POSTGRES | Kill.VALKEY:
                self._take_away(planned, at)
                return True
            case Kill.STREAM_LEADER | Kill.POLL_LEADER:
                return self._kill_leader(planned.kill)
            case _:
                if not self._premises.kill(self._victim(planned.kill)):
                    return False
                self.blows.append(Blow(planned.kill.value, now()))
                return True

    def _take_away(self, planned: KillPlanned, at: float) -> None:
        postgres, valkey = self._premises.postgres, self._premises.valkey
        server: Callable[[], None] = postgres.kill if planned.kill is Kill.POSTGRES else valkey.kill
        server()
        self._later(at + planned.away_seconds, lambda at: self._bring_back(planned))

    def _bring_back(self, planned: KillPlanned) -> None:
        if planned.kill is Kill.POSTGRES:
            self._premises.postgres.start()
        else:
            self._premises.valkey.start()
        self.blows.append(Blow(planned.kill.value, now()))

    def _kill_leader(self, kill: Kill) -> bool:
        kind = kill.value.split()[0]
        leader = self._premises.leader(kind)
        if leader is None or not leader[0] or not self._premises.kill(leader[0]):
            return False
        blow = Blow(f"{kill.value}: take-over", now(), is_takeover=True)
        self.blows.append(blow)
        self._waiting_for_leader.append((blow, kind, leader[1]))
        return True

    def _victim(self, kill: Kill) -> str:
        match kill:
            case Kill.STREAM_STANDBY | Kill.POLL_STANDBY:
                kind = kill.value.split()[0]
                leader = self._premises.leader(kind)
                return f"{kind}-1" if leader and leader[0] == f"{kind}-2" else f"{kind}-2"
            case Kill.WORKER:
                return f"worker-{self._rng.randint(1, CREW['worker'])}"
            case _:
                return "beat-1"
