"""What the doctor's checks work with: clients of its own, which need neither Redis nor a budget. Checks nothing."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Self

from redis.exceptions import RedisError

from connectors.kashflow.breaker import LoginBreaker
from connectors.kashflow.client import KashFlowClient
from connectors.salesforce.org import Org
from connectors.salesforce.rest import SalesforceClient
from connectors.salesforce.transport import OrgSession
from console.bootstrap import House
from console.logins import FileMemory, kashflow_credentials
from console.settings import BadSettings

TIMEOUT_SECONDS = 20.0


class Bench:
    """One examination's clients, made when first asked for and closed together. One login to each system at most."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._open.close()

    @cached_property
    def salesforce(self) -> SalesforceClient:
        client = SalesforceClient(
            self.house.tokens,
            api_version=self.house.settings.salesforce_api_version,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        self._open.callback(client.close)
        return client

    @cached_property
    def session(self) -> OrgSession:
        """For what has no method of its own because only the doctor asks it."""
        session = OrgSession(self.house.tokens, timeout_seconds=TIMEOUT_SECONDS)
        self._open.callback(session.close)
        return session

    @cached_property
    def org(self) -> Org:
        return Org(
            self.session, api_version=self.house.settings.salesforce_api_version, client_name="Kashforce"
        )

    @cached_property
    def kashflow(self) -> KashFlowClient:
        """Knows of every refused login, whoever tried it: a second try with the same password may lock the user."""
        if self._redis_answers():
            return self.house.kashflow_client()
        settings = self.house.settings
        client = KashFlowClient(
            settings.kashflow_url,
            kashflow_credentials(settings),
            breaker=LoginBreaker(FileMemory(settings.state_dir / "kashflow-login")),
            timeout_seconds=TIMEOUT_SECONDS,
        )
        self._open.callback(client.close)
        return client

    def _redis_answers(self) -> bool:
        try:
            self.house.redis.ping()
        except (BadSettings, RedisError, ValueError):  # ValueError: an address that redis-py cannot read
            return False
        return True
