"""Asks Salesforce how many calls are left, when our budget has none to give and so no reply would tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from connectors.budget import SALESFORCE, Budget
from connectors.errors import ConnectorError
from connectors.salesforce.rest import SalesforceClient
from producers.sweep_page import PRIORITY

log = structlog.get_logger("kashforce.sweep")

#: What the org told is believed for this long; `/limits` itself is accurate to about five minutes.
BELIEVED = timedelta(minutes=15)
DAILY = "DailyApiRequests"


class LimitsWatch:
    """Without it, the last figures would hold for the entire window (see `Budget.observe_usage`)."""

    def __init__(self, client: SalesforceClient, budget: Budget, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._budget = budget
        self._clock = clock
        self._asked_at: datetime | None = None

    def look(self) -> None:
        """Read `/limits` if the sweep's share of the day is used up and nobody was told anything for a while.

        The call is not paid for: it is what ends the wait for a budget. Never raises a ConnectorError.
        """
        if not self._is_worth_a_call():
            return
        self._asked_at = self._clock()
        try:
            limits = self._client.limits()
        except ConnectorError as error:
            log.warning("limits_unknown", reason=error.message)
            return
        daily = limits.get(DAILY)
        if daily is not None:
            self._budget.observe_usage(daily.maximum - daily.remaining, daily.maximum)
            log.info("limits_read", used=daily.maximum - daily.remaining, allowed=daily.maximum)

    def _is_worth_a_call(self) -> bool:
        state, now = self._budget.state(), self._clock()
        share = SALESFORCE.daily.share(PRIORITY) if SALESFORCE.daily else 1.0
        if state.allowed is None or state.used < state.allowed * share:
            return False
        told_at = datetime.fromtimestamp(state.told_at, now.tzinfo) if state.told_at is not None else None
        return all(at is None or now - at >= BELIEVED for at in (told_at, self._asked_at))
