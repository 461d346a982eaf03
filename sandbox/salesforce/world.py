"""The small Salesforce as one thing: clock, rows, schema, sessions, limits, faults, events. It speaks no HTTP; app.py does."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.salesforce.bulk_jobs import BulkJobs
from sandbox.salesforce.commits import Commit
from sandbox.salesforce.faults import FAULTS
from sandbox.salesforce.locators import Locators
from sandbox.salesforce.org import Org, found_org
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.sessions import Sessions, User
from sandbox.salesforce.store import Store
from sandbox.salesforce.streaming import STREAMING_FAULTS, EventBus, Limits, Timing
from sandbox.salesforce.usage import ApiUsage


@dataclass(frozen=True)
class Credentials:
    """How to get in: an app for client credentials and JWT, and a sales person's login."""

    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    security_token: str = field(repr=False)


@dataclass(frozen=True)
class WorldSettings:
    """What a test or a demonstration may want otherwise than a plain org has it."""

    session_seconds: float = 7200
    #: Username-password OAuth; an org born since Summer '23 blocks it (reference section 0.11).
    password_flow: bool = True
    #: PEM of the app's certificate key: with it the signature of a JWT assertion must fit.
    public_key_pem: str | None = None
    #: Smallest page a client may ask a query for (reference section 3.6: 200).
    query_batch_minimum: int = 200
    daily_api_requests: int = 100_000
    #: Whether a field made over the API stays hidden until FieldPermissions grant it (reference section 3.10).
    hide_new_fields: bool = False
    streaming_timing: Timing = field(default_factory=Timing)
    streaming_limits: Limits = field(default_factory=Limits)


class SalesforceWorld:
    """One org. Everything in it follows `clock` and `rng`, so that the same seed plays the same story."""

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        faults: Faults | None = None,
        settings: WorldSettings | None = None,
    ) -> None:
        self.clock = clock
        self.born_at = clock.now()
        self.rng = rng
        self.faults = faults or Faults(known_faults(), rng)
        self.settings = settings or WorldSettings()
        self.schema = Schema.load(hidden=self._hidden_fields)
        self.store = Store(clock, rng, self.schema)
        self.org: Org = found_org(self.store)
        self.sessions = Sessions(clock, rng, self.org.id, self.settings.session_seconds)
        self.usage = ApiUsage(clock, self.settings.daily_api_requests)
        self.locators = Locators(clock)
        self.bulk_jobs = BulkJobs()
        self.credentials = _credentials(rng, self.org)
        self.store.on_commit(self._grant_fields)
        self.events = EventBus(
            self, timing=self.settings.streaming_timing, limits=self.settings.streaming_limits
        )

    def user(self, user_id: str) -> User | None:
        row = self.store.row(user_id)
        return None if row is None or not row["IsActive"] else User.of(row)

    def user_named(self, username: str) -> User | None:
        """The active user with this username, in any case."""
        wanted = username.lower()
        rows = (row for row in self.store.rows("User") if row["IsActive"])
        return next((User.of(row) for row in rows if row["Username"].lower() == wanted), None)

    def password_fits(self, username: str, password: str) -> bool:
        """Every user of this org has the password of `credentials`, alone or with the security token behind it."""
        known = self.credentials
        return self.user_named(username) is not None and password in (
            known.password,
            known.password + known.security_token,
        )

    def _grant_fields(self, commit: Commit) -> None:
        """One integration, one permission set: whatever any of them grants is granted to all."""
        for change in commit.changes:
            if (
                change.entity == "FieldPermissions"
                and change.after is not None
                and change.after["PermissionsRead"]
            ):
                _, _, name = change.after["Field"].partition(".")
                self.schema.granted.add((change.after["SobjectType"], name))

    def _hidden_fields(self) -> frozenset[tuple[str, str]]:
        declared = (fault.params for fault in self.faults.declared() if fault.name == "field_hidden")
        return frozenset((params["entity"], params["field"]) for params in declared)


def known_faults() -> dict[str, str]:
    """Every fault of this world, those of the Streaming API too."""
    return {**FAULTS, **STREAMING_FAULTS}


def _credentials(rng: random.Random, org: Org) -> Credentials:
    def letters(count: int) -> str:
        return "".join(
            rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789") for _ in range(count)
        )

    return Credentials(
        client_id=f"3MVG9{letters(80)}",
        client_secret=letters(64),
        username=org.sales_username,
        password=letters(16),
        security_token=letters(24),
    )
