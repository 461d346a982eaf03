"""Each error of a foreign API becomes one ending, and an error class that nobody placed is noticed here."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors import errors
from connectors.errors import (
    AnswerLost,
    Busy,
    ConnectorError,
    Duplicate,
    LoginFailed,
    LoginPaused,
    Never,
    NotAllowed,
    NotFound,
    NotNow,
    QuotaSpent,
    Refused,
    Unreachable,
    Unreadable,
)
from ledger.deliveries import Delivery
from ledger.endings import Dead, Ending, Failed, Reason
from ledger.endings import NotNow as TryLater
from ledger.ledger import Ledger
from tests.support.ledger import TestClock, opportunity, take
from workers.classify import ending_of, ending_of_each, in_doubt
from workers.desk import Desk

#: Every error class with the ending that it leads to. A new class needs a line here, and a thought.
PLACES: dict[type[ConnectorError], type[Ending]] = {
    NotNow: Failed,
    Unreachable: TryLater,
    AnswerLost: Failed,
    Busy: Failed,
    QuotaSpent: TryLater,
    LoginPaused: TryLater,
    Never: Dead,
    Refused: Dead,
    NotFound: Dead,
    Duplicate: Dead,
    NotAllowed: Failed,
    LoginFailed: TryLater,
    Unreadable: Dead,
}


def _below(kind: type[ConnectorError]) -> set[type[ConnectorError]]:
    return {one for child in kind.__subclasses__() for one in {child, *_below(child)}}


@pytest.fixture
def delivery(ledger: Ledger, clock: TestClock) -> Delivery:
    ledger.register([opportunity(1)], now=clock())
    return take(ledger, clock).deliveries[0]


def _late(delivery: Delivery) -> Delivery:
    """The same at its twelfth attempt."""
    return Delivery(**{**vars(delivery), "attempts": 11})


def test_every_error_class_has_its_place() -> None:
    ours = {kind for kind in _below(ConnectorError) if kind.__module__ == errors.__name__}

    assert ours == set(PLACES)


@pytest.mark.parametrize(("kind", "ending"), PLACES.items(), ids=lambda value: value.__name__)
def test_each_error_leads_to_its_ending_with_the_words_of_the_api(
    desk: Desk, delivery: Delivery, kind: type[ConnectorError], ending: type[Ending]
) -> None:
    made = ending_of(kind("it said so", system="kashflow", code="X1"), delivery, "send", desk)

    assert type(made) is ending
    assert not isinstance(made, Dead) or made.waits_for is None
    said = Reason("send", "X1", "kashflow: it said so", error_class=kind.__name__)
    assert getattr(made, "reason") == said  # noqa: B009 - endings share no base


def test_an_error_without_a_code_is_grouped_by_its_kind(desk: Desk, delivery: Delivery) -> None:
    made = ending_of(Refused("no", system="kashflow"), delivery, "send", desk)

    assert isinstance(made, Dead)
    assert made.reason.code == "Refused"


def test_an_error_outside_the_tree_is_a_bug_and_says_so(desk: Desk, delivery: Delivery) -> None:
    with pytest.raises(TypeError, match="ConnectorError is neither NotNow nor Never"):
        ending_of(ConnectorError("bare", system="kashflow"), delivery, "send", desk)


@pytest.mark.parametrize("kind", [Busy, QuotaSpent, Unreachable, AnswerLost])
def test_the_wait_that_the_api_asked_for_is_kept(
    desk: Desk, delivery: Delivery, clock: TestClock, kind: type[NotNow]
) -> None:
    error = kind("later", system="salesforce", code="X", retry_after_seconds=77)

    made = ending_of(error, delivery, "send", desk)

    assert isinstance(made, TryLater | Failed)
    assert made.until == clock() + timedelta(seconds=77)


def test_a_service_that_is_away_as_a_whole_costs_no_attempt(desk: Desk, delivery: Delivery) -> None:
    away = Busy("503 and a page of HTML", system="kashflow", status=503)
    declined = Busy("this row is locked", system="salesforce", code="UNABLE_TO_LOCK_ROW")

    assert isinstance(ending_of(away, delivery, "send", desk), TryLater)
    assert isinstance(ending_of(declined, delivery, "send", desk), Failed)


def test_a_lost_answer_to_one_call_for_all_says_nothing_about_any_record(
    desk: Desk, delivery: Delivery
) -> None:
    error = AnswerLost("timed out", system="salesforce", may_have_happened=False)

    assert isinstance(ending_of_each(error, delivery, "hydrate", desk), TryLater)
    assert isinstance(ending_of_each(Refused("no", system="salesforce"), delivery, "hydrate", desk), Dead)


def test_the_longer_an_outage_lasts_the_rarer_the_question(
    desk: Desk, delivery: Delivery, clock: TestClock
) -> None:
    waits = []
    for minutes in (0, 10, 60):
        asked = clock.tick(minutes * 60)
        made = ending_of(Unreachable("away", system="kashflow"), delivery, "send", desk)
        assert isinstance(made, TryLater)
        waits.append((made.until - asked).total_seconds())

    assert waits == sorted(waits)
    assert waits[0] < 3
    assert waits[-1] <= 15 * 60 * 1.2


@pytest.mark.parametrize(
    "refusal",
    [
        LoginFailed("wrong password", system="kashflow"),
        LoginPaused("nobody tries", system="kashflow", retry_after_seconds=600),
    ],
    ids=["failed", "paused"],
)
def test_whether_a_login_was_mended_is_asked_early_because_only_our_own_breaker_is_asked(
    desk: Desk, delivery: Delivery, clock: TestClock, refusal: ConnectorError
) -> None:
    waits = []
    for minutes in (0, 1, 600):
        asked = clock.tick(minutes * 60)
        made = ending_of(refusal, delivery, "send", desk)
        assert isinstance(made, TryLater)
        waits.append((made.until - asked).total_seconds())

    assert waits == sorted(waits)
    assert waits[0] < 3
    assert waits[1] < 20
    assert waits[2] == desk.rules.configuration_seconds


@pytest.mark.parametrize("kind", [Busy, AnswerLost, NotAllowed])
def test_after_the_last_attempt_it_is_dead_and_the_text_says_how_many_there_were(
    desk: Desk, delivery: Delivery, kind: type[ConnectorError]
) -> None:
    made = ending_of(kind("no", system="kashflow", code="X"), _late(delivery), "send", desk)

    assert isinstance(made, Dead)
    assert made.reason.text == "kashflow: no (given up after 12 attempts)"


@pytest.mark.parametrize("kind", [Unreachable, QuotaSpent, LoginPaused, LoginFailed])
def test_what_is_not_the_records_fault_never_uses_up_its_attempts(
    desk: Desk, delivery: Delivery, kind: type[ConnectorError]
) -> None:
    assert isinstance(ending_of(kind("no", system="kashflow"), _late(delivery), "send", desk), TryLater)


def test_in_doubt_nobody_looks_before_the_request_must_have_shown(
    desk: Desk, delivery: Delivery, clock: TestClock
) -> None:
    made = in_doubt(delivery, Reason("send", "timeout", "no answer"), desk)

    assert isinstance(made, Failed)
    assert made.until >= clock() + timedelta(seconds=desk.rules.doubt_seconds)
