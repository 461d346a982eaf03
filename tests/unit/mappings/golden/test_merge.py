"""The three-way merge: who wins, field by field; what is cleared, what is asked, and what both then agree on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from canonical.change import Source
from mappings.golden.agree import Outcome, Patience, agreed_on, quarrels, without
from mappings.golden.merge import Dispute, Merged, Side, Span, Verdict, merge
from mappings.golden.owners import Owner, Owners
from mappings.golden.record import Agreed, Golden, Ruling, Value

MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def _span(at: datetime, hours: float = 0) -> Span:
    return Span(at, at + timedelta(hours=hours))


def _golden(value: Value, **shown: Value) -> Golden:
    told: dict[Source, Value] = {
        "salesforce": shown.get("salesforce", value),
        "kashflow": shown.get("kashflow", value),
    }
    return Golden({"name": Agreed(value, "salesforce", MONDAY, 7, told)})


def _merge(
    golden: Golden,
    salesforce: Value,
    kashflow: Value,
    owner: Owner = Owner.NEWEST,
    *,
    edited: tuple[Span | None, Span | None] = (None, None),
    source: Source = "salesforce",
) -> Merged:
    return merge(
        golden,
        Side({"name": salesforce}, edited[0]),
        Side({"name": kashflow}, edited[1]),
        Owners({}, owner),
        source=source,
    )


def _value(merged: Merged) -> tuple[Value, Source, set[Source]]:
    verdict = merged.verdicts["name"]
    return verdict.value, verdict.side, set(verdict.behind)


@pytest.mark.parametrize("owner", [Owner.NEWEST, Owner.FIRST])
@pytest.mark.parametrize(
    ("salesforce", "kashflow", "expected"),
    [
        ("new", "old", ("new", "salesforce", {"kashflow"})),
        ("old", "new", ("new", "kashflow", {"salesforce"})),
        (None, "old", (None, "salesforce", {"kashflow"})),
        ("old", None, (None, "kashflow", {"salesforce"})),
    ],
)
def test_an_edit_of_one_side_alone_wins_and_clearing_is_an_edit(
    owner: Owner, salesforce: Value, kashflow: Value, expected: tuple[Value, Source, set[Source]]
) -> None:
    assert _value(_merge(_golden("old"), salesforce, kashflow, owner)) == expected


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (Owner.SALESFORCE, ("theirs", "salesforce", {"kashflow"})),
        (Owner.KASHFLOW, ("ours", "kashflow", {"salesforce"})),
    ],
)
@pytest.mark.parametrize("agreed", ["theirs", "ours", "older than both"])
def test_the_owner_of_a_field_has_the_last_word_whoever_edited_it(
    owner: Owner, agreed: str, expected: tuple[Value, Source, set[Source]]
) -> None:
    assert _value(_merge(_golden(agreed), "theirs", "ours", owner)) == expected


@pytest.mark.parametrize(
    ("owner", "edited", "winner"),
    [
        (Owner.NEWEST, (_span(WEDNESDAY), _span(TUESDAY, 14)), "salesforce"),
        (Owner.NEWEST, (_span(MONDAY), _span(TUESDAY, 14)), "kashflow"),
        (Owner.FIRST, (_span(WEDNESDAY), _span(TUESDAY, 14)), "kashflow"),
        (Owner.FIRST, (_span(MONDAY), _span(TUESDAY, 14)), "salesforce"),
    ],
)
def test_of_two_edits_the_later_or_the_earlier_one_wins(
    owner: Owner, edited: tuple[Span, Span], winner: Source
) -> None:
    assert _merge(_golden("old"), "s", "k", owner, edited=edited).verdicts["name"].side == winner


@pytest.mark.parametrize(
    ("owner", "edited"),
    [
        (Owner.NEWEST, (_span(TUESDAY), _span(TUESDAY - timedelta(hours=9), 24))),
        (Owner.NEWEST, (None, _span(TUESDAY))),
        (Owner.FIRST, (_span(TUESDAY), _span(TUESDAY))),
        (Owner.MANUAL, (_span(MONDAY), _span(TUESDAY))),
    ],
)
def test_what_the_policy_cannot_decide_is_disputed(
    owner: Owner, edited: tuple[Span | None, Span | None]
) -> None:
    merged = _merge(_golden("old"), "s", "k", owner, edited=edited)

    (dispute,) = merged.disputes
    assert (dispute.agreed, dispute.shown) == ("old", {"salesforce": "s", "kashflow": "k"})
    assert merged.verdicts == {}


def test_a_field_left_to_a_person_is_disputed_even_if_one_side_alone_edited_it() -> None:
    assert _merge(_golden("old"), "new", "old", Owner.MANUAL).disputes


@pytest.mark.parametrize("owner", list(Owner))
def test_both_sides_saying_the_same_are_agreed_whoever_owns_it(owner: Owner) -> None:
    assert _value(_merge(_golden("old"), "new", "new", owner)) == ("new", "salesforce", set())
    assert _value(_merge(_golden("old"), " old", "old", owner)) == ("old", "salesforce", set())


@pytest.mark.parametrize("owner", list(Owner))
def test_where_nothing_was_agreed_on_a_blank_is_filled(owner: Owner) -> None:
    assert _value(_merge(Golden(), None, "k", owner)) == ("k", "kashflow", {"salesforce"})
    assert _value(_merge(Golden(), "s", None, owner)) == ("s", "salesforce", {"kashflow"})


def test_where_nothing_was_agreed_on_two_values_are_two_edits() -> None:
    assert _merge(Golden(), "s", "k", Owner.KASHFLOW).verdicts["name"].side == "kashflow"
    assert _merge(Golden(), "s", "k", Owner.NEWEST).disputes


def test_a_field_that_one_side_lacks_follows_the_other_and_writes_nobody() -> None:
    sides = (Side({}), Side({"name": "k"}))

    merged = merge(_golden("old"), *sides, Owners({}, Owner.SALESFORCE), source="salesforce")

    assert merged.verdicts == {"name": Verdict("name", "k", "kashflow")}


def test_a_side_that_cannot_hold_the_value_is_left_with_what_it_could_hold() -> None:
    cut = _golden("A very long name", salesforce="A very lo")

    assert _value(_merge(cut, "A very lo", "A very long name")) == ("A very long name", "salesforce", set())
    assert _value(_merge(cut, "Short", "A very long name")) == ("Short", "salesforce", {"kashflow"})


def test_what_was_decided_already_holds_while_both_sides_show_the_same() -> None:
    ruled = replace(
        _golden("old"), rulings={"name": Ruling("kashflow", {"salesforce": "s", "kashflow": "k"})}
    )

    assert _value(_merge(ruled, "s", "k", Owner.MANUAL)) == ("k", "kashflow", {"salesforce"})
    assert _merge(ruled, "s2", "k", Owner.MANUAL).disputes
    neither = replace(_golden("old"), rulings={"name": Ruling(None, {"salesforce": "s", "kashflow": "k"})})
    assert _value(_merge(neither, "s", "k", Owner.MANUAL))[2] == set()


def _outcome(
    salesforce: Value, kashflow: Value, turn: Source | None, *, sent: bool = True, at: datetime = TUESDAY
) -> Outcome:
    shown = {"salesforce": {"name": salesforce}, "kashflow": {"name": kashflow}}
    return Outcome(at, 9, shown, turn=turn, sent=sent)  # type: ignore[arg-type]  # the keys are sources


def test_what_was_written_is_agreed_on_with_whose_when_and_which_delivery() -> None:
    merged = _merge(_golden("old"), "new", "old")

    golden = agreed_on(_golden("old"), merged, _outcome("new", "new", "kashflow"))

    assert golden.fields["name"] == Agreed(
        "new", "salesforce", TUESDAY, 9, {"salesforce": "new", "kashflow": "new"}
    )


def test_what_the_other_side_still_has_to_be_told_is_not_agreed_on_but_decided() -> None:
    merged = _merge(_golden("old"), "s", "k", edited=(_span(MONDAY), _span(TUESDAY)))

    golden = agreed_on(_golden("old"), merged, _outcome("s", "k", "kashflow", sent=False))

    assert golden.fields["name"].value == "old"
    assert _value(_merge(golden, "s", "k", edited=(_span(WEDNESDAY), _span(TUESDAY)))) == (
        "k",
        "kashflow",
        {"salesforce"},
    ), "whatever the times say by then"


def test_a_value_that_stays_keeps_its_provenance() -> None:
    before = _golden("old")
    merged = _merge(before, "old ", "old")

    assert agreed_on(before, merged, _outcome("old", "old", None, sent=False)).fields == before.fields


def test_a_disputed_field_stays_as_it_was_agreed_on() -> None:
    before = _golden("old")
    merged = _merge(before, "s", "k")

    assert agreed_on(before, merged, _outcome("s", "k", "kashflow", sent=False)) == before


def test_the_same_value_to_the_same_side_again_and_again_is_a_quarrel() -> None:
    golden, patience = _golden("Upper"), Patience(same_writes=3)
    for hour in range(3):
        merged = _merge(golden, "Upper", "lower", Owner.SALESFORCE)
        assert quarrels(golden, merged, MONDAY + timedelta(hours=hour), patience) == frozenset()
        outcome = _outcome("Upper", "Upper", "kashflow", at=MONDAY + timedelta(hours=hour))
        golden = agreed_on(golden, merged, outcome)

    merged = _merge(golden, "Upper", "lower", Owner.SALESFORCE)
    assert quarrels(golden, merged, MONDAY + timedelta(hours=3), patience) == {"name"}
    assert without(merged, frozenset({"name"})).verdicts == {}
    assert quarrels(golden, merged, MONDAY + timedelta(hours=30), patience) == frozenset(), "a day later"
    decided = golden.ruled({"name": Ruling("salesforce", {"salesforce": "Upper", "kashflow": "lower"})})
    assert quarrels(decided, merged, MONDAY + timedelta(hours=3), patience) == frozenset()


def test_a_value_that_grows_with_every_turn_is_a_quarrel_too() -> None:
    golden, patience = _golden("v"), Patience(all_writes=6)
    value, turns = "v", 0
    for turns in range(20):
        side: Source = "salesforce" if turns % 2 else "kashflow"
        shown = {"salesforce": value, "kashflow": value, side: f"{value}."}
        merged = _merge(golden, shown["salesforce"], shown["kashflow"])
        if quarrels(golden, merged, MONDAY, patience):
            break
        value = f"{value}."
        other: Source = "kashflow" if side == "salesforce" else "salesforce"
        golden = agreed_on(golden, merged, _outcome(value, value, other, at=MONDAY))

    assert turns == 6


def test_news_of_one_side_is_no_quarrel_however_often_it_comes_and_whatever_it_says() -> None:
    golden, patience = _golden("0"), Patience(same_writes=3, all_writes=6)
    for turns in range(1, 20):
        stock = str(turns % 2)
        merged = _merge(golden, str((turns + 1) % 2), stock, Owner.KASHFLOW)
        assert merged.wanted("salesforce") == {"name": stock}
        assert quarrels(golden, merged, MONDAY, patience) == frozenset()
        golden = agreed_on(golden, merged, _outcome(stock, stock, "salesforce", at=MONDAY))

    undone = _merge(golden, "somebody's own", "1", Owner.KASHFLOW)
    assert quarrels(golden, undone, MONDAY, patience) == {"name"}, "somebody over there objects"


def test_a_golden_record_survives_its_way_through_the_ledger() -> None:
    merged = _merge(_golden("old"), "s", "k", Owner.KASHFLOW)
    golden = agreed_on(_golden("old"), merged, _outcome("s", "k", "kashflow"))
    golden = agreed_on(golden, merged, _outcome("k", "k", "salesforce"))

    assert Golden.from_plain(golden.to_plain()) == golden
    assert Golden.from_plain({}) == Golden()
    assert isinstance(_merge(golden, "a", "b", Owner.MANUAL).disputes[0], Dispute)
