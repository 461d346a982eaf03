"""The small KashFlow as one object: the books of one account, its user, its faults; no HTTP.

Tests and the control path change it here as a person in the web app would; the REST routes use the same methods.
"""

from __future__ import annotations

import random

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.kashflow import seed
from sandbox.kashflow.books import Books
from sandbox.kashflow.faults import KASHFLOW_FAULTS
from sandbox.kashflow.sessions import Credentials, SessionRules, Sessions
from sandbox.kashflow.surroundings import Surroundings


class KashFlowWorld(Books):
    """One account. `seeded` False leaves out customers, documents and the like, not the lists they refer to."""

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        faults: Faults | None = None,
        *,
        credentials: Credentials | None = None,
        session_rules: SessionRules | None = None,
        seeded: bool = True,
    ) -> None:
        self.faults = faults or Faults(KASHFLOW_FAULTS, rng)
        written = seed.read_seed()
        super().__init__(Surroundings(clock, rng, self.faults), seed.open_office(written))
        #: The published API has none; switched on, there is one by analogy.
        self.has_payments_resource = False
        self.credentials = credentials or Credentials()
        self.sessions = Sessions(self.credentials, self.around, session_rules or SessionRules())
        seed.plant_lists(self, written)
        if seeded:
            seed.plant_business(self, written)
