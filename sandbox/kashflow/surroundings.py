"""What every ledger of the small KashFlow shares: time, chance and declared faults; not the data."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.faults import Faults

#: KashFlow names no zone; its days are British civil days (reference kashflow.md section 2.2).
_BRITAIN = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Surroundings:
    clock: Clock
    rng: random.Random
    faults: Faults

    def now(self) -> datetime:
        """British wall time, as the audit report prints it."""
        return self.clock.now().astimezone(_BRITAIN)

    def today(self) -> date:
        return self.now().date()

    def guid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
