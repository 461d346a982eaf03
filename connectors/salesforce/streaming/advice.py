"""The server's standing advice: how long it parks a poll and how long to pause between two. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

#: An interval above this is a mistake, or an attack, rather than advice.
LONGEST_INTERVAL_SECONDS = 900.0
#: So is a poll parked longer than this.
LONGEST_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Advice:
    """What the server said last. It comes in milliseconds and is kept here in seconds."""

    #: Pause between the answer to one connect and the next.
    interval_seconds: float = 0.0
    #: How long the server parks an empty poll: Salesforce's value until told otherwise (section 1.3).
    timeout_seconds: float = 110.0

    def updated(self, elements: Iterable[object]) -> Advice:
        """This advice and what the elements of a reply say anew: absent means unchanged, the last word counts."""
        advice = self
        for element in elements:
            if not (said := advice_in(element)):
                continue  # an event, as nearly all are
            advice = replace(
                advice,
                interval_seconds=_seconds(
                    said.get("interval"), advice.interval_seconds, LONGEST_INTERVAL_SECONDS
                ),
                timeout_seconds=_seconds(
                    said.get("timeout"), advice.timeout_seconds, LONGEST_TIMEOUT_SECONDS
                ),
            )
        return advice


def advice_in(element: object) -> Mapping[str, Any]:
    """The advice of a message; empty where there is none or it is no object."""
    said = element.get("advice") if isinstance(element, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def reconnect_in(element: object) -> str:
    """`retry`, `handshake`, `none`, or "" where nothing (intelligible) is advised.

    A negative interval means "do not try again" (section 1.7), which is what `none` means.
    """
    said = advice_in(element)
    interval = _number(said.get("interval"))
    if interval is not None and interval < 0:
        return "none"
    reconnect = said.get("reconnect")
    return reconnect if reconnect in ("retry", "handshake", "none") else ""


def _seconds(milliseconds: object, otherwise: float, longest: float) -> float:
    number = _number(milliseconds)
    if number is None or number < 0:
        return otherwise
    return min(float(number) / 1000, longest)


def _number(value: object) -> Decimal | None:
    """Any JSON number; None for what is none, and for one that no wait can be made of."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return None if number.is_nan() else number
