"""When what breaks: the seeded plan of kills and faults. Decides nothing while the storm lasts, and breaks nothing itself."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice

from tests.chaos.troubles import TROUBLES, Trouble


class Kill(StrEnum):
    """What is killed with SIGKILL."""

    WORKER = "worker"
    STREAM_LEADER = "stream that leads"
    STREAM_STANDBY = "stream on standby"
    POLL_LEADER = "poll that leads"
    POLL_STANDBY = "poll on standby"
    BEAT = "beat"
    POSTGRES = "PostgreSQL"
    VALKEY = "Valkey, and wiped"


#: One round of kills; a storm has as many rounds as it takes. Every kind is in the first eight.
ROUND = (
    Kill.WORKER,
    Kill.STREAM_LEADER,
    Kill.POSTGRES,
    Kill.VALKEY,
    Kill.POLL_LEADER,
    Kill.BEAT,
    Kill.STREAM_STANDBY,
    Kill.POLL_STANDBY,
    Kill.WORKER,
    Kill.WORKER,
    Kill.STREAM_LEADER,
    Kill.WORKER,
    Kill.WORKER,
)
#: How long a killed server stays away.
AWAY_SECONDS = (0.5, 3.0)
#: Shorter than this, a fault would hardly meet anything to strike.
SHORTEST_TURN_SECONDS = 1.5


@dataclass(frozen=True)
class KillPlanned:
    at: float
    kill: Kill
    #: For servers: how long they stay away.
    away_seconds: float


@dataclass(frozen=True)
class FaultPlanned:
    at: float
    until: float
    trouble: Trouble


@dataclass(frozen=True)
class Plan:
    """All times in seconds since the storm began, each list in order."""

    kills: Sequence[KillPlanned]
    faults: Sequence[FaultPlanned]


def plan(rng: random.Random, *, seconds: float, kills: int) -> Plan:
    """Every fault in its turn, another one at random beside it, and the kills spread over the whole time.

    A storm too short for all faults has as many as it has time for, chosen by its seed.
    """
    fitting = [trouble for trouble in TROUBLES if trouble.seconds_away <= seconds]
    count = min(len(fitting), max(1, int(seconds / SHORTEST_TURN_SECONDS)))
    faults = _faults(rng, seconds, rng.sample(fitting, count))
    return Plan(tuple(_kills(rng, seconds, kills)), tuple(sorted(faults, key=lambda one: one.at)))


def _kills(rng: random.Random, seconds: float, count: int) -> Iterator[KillPlanned]:
    apart = seconds / max(1, count)
    for number, kill in enumerate(islice(cycle(ROUND), count)):
        yield KillPlanned(apart * (number + rng.uniform(0.2, 0.8)), kill, rng.uniform(*AWAY_SECONDS))


def _faults(rng: random.Random, seconds: float, troubles: Sequence[Trouble]) -> Iterator[FaultPlanned]:
    turn = seconds / len(troubles)
    for number, trouble in enumerate(troubles):
        yield FaultPlanned(number * turn, (number + 1) * turn, trouble)
        if rng.random() < 0.3:
            at = rng.uniform(0, seconds - turn)
            yield FaultPlanned(at, at + turn, rng.choice(troubles))
