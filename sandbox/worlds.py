"""Both worlds on one clock, made of one seed, and what their requests came to; no ports and no threads."""

from __future__ import annotations

import random

from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.kashflow.app import create_app as create_kashflow
from sandbox.kashflow.world import KashFlowWorld
from sandbox.request_log import Recorded, RequestLog
from sandbox.salesforce.app import create_app as create_salesforce
from sandbox.salesforce.seed import seed as plant_salesforce
from sandbox.salesforce.world import SalesforceWorld

SALESFORCE, KASHFLOW = "salesforce", "kashflow"


class Worlds:
    """`reset` makes both anew from the same seed; whoever keeps the served applications need not notice."""

    salesforce: SalesforceWorld
    kashflow: KashFlowWorld

    def __init__(self, clock: Clock, seed: int, *, payments_resource: bool = False) -> None:
        self.clock = clock
        #: Has the KashFlow what the published one lacks? Holds from the next reset on.
        self.payments_resource = payments_resource
        self._seed = seed
        self.requests = {SALESFORCE: RequestLog(), KASHFLOW: RequestLog()}
        self.served_salesforce = Recorded(lambda: self._salesforce_app, self.requests[SALESFORCE])
        self.served_kashflow = Recorded(lambda: self._kashflow_app, self.requests[KASHFLOW])
        self._make()

    def reset(self) -> None:
        """Fresh seed data, no faults, no sessions, counters at nought. The clock stays where it is."""
        self.release()
        for log in self.requests.values():
            log.clear()
        self._make()

    def release(self) -> None:
        """Answer the streaming requests that are held open, so that nobody waits for a world that ends."""
        self.salesforce.events.release_connects()

    def salesforce_login(self) -> dict[str, str]:
        """Every way into the Salesforce; the access token is the integration user's and valid at once."""
        world = self.salesforce
        user = world.user(world.org.integration_id)
        if user is None:
            raise LookupError("the Salesforce has no active integration user any more")
        return {
            "access_token": world.sessions.issue(user),
            "client_id": world.credentials.client_id,
            "client_secret": world.credentials.client_secret,
            "username": world.credentials.username,
            "password": world.credentials.password,
        }

    def kashflow_login(self) -> dict[str, str]:
        credentials = self.kashflow.credentials
        return {
            "username": credentials.username,
            "password": credentials.password,
            "memorable_word": credentials.memorable_word,
        }

    def _make(self) -> None:
        # Each world has its own chance: what one is asked must not change what happens in the other.
        self.salesforce = SalesforceWorld(self.clock, random.Random(f"{self._seed} salesforce"))
        plant_salesforce(self.salesforce)
        self.kashflow = KashFlowWorld(self.clock, random.Random(f"{self._seed} kashflow"))
        self.kashflow.has_payments_resource = self.payments_resource
        self._salesforce_app: ASGIApp = create_salesforce(self.salesforce)
        self._kashflow_app: ASGIApp = create_kashflow(self.kashflow)
