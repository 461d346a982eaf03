"""Which fields the Salesforce objects have, as our user sees them; asked again after a while, for orgs change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from connectors.errors import NotFound
from connectors.meter import Meter
from connectors.salesforce.rest import SalesforceClient

#: A new custom field is seen at the latest after this.
KEPT = timedelta(minutes=5)


class SalesforceFields:
    """Field names by object. Safe to share between threads; one of them asks, the others wait for it."""

    def __init__(self, client: SalesforceClient, meter: Meter, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._meter = meter
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, frozenset[str]]] = {}

    def of(self, entity: str) -> frozenset[str]:
        """The names of the fields of `entity`; none where the org has no such object, or does not show it to us.

        May call Salesforce; raises ConnectorError when it has to and cannot.
        """
        now = self._clock()
        with self._lock:
            asked_at, names = self._known.get(entity, (None, frozenset[str]()))
            if asked_at is None or now - asked_at >= KEPT:
                names = self._ask(entity)
                self._known[entity] = (now, names)
        return names

    def _ask(self, entity: str) -> frozenset[str]:
        try:
            described = self._meter.call(lambda: self._client.describe(entity), priority=0)
        except NotFound:
            return frozenset()
        return frozenset(field["name"] for field in described["fields"])
