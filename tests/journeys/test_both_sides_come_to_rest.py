"""Whatever is edited on both sides, delivered in any order and more than once: both end as the golden record says, at rest."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.deliveries import NewDelivery
from mappings.golden.agree import Patience
from mappings.golden.alike import alike
from sandbox.server import Sandbox
from tests.support.pairs import Pair, answer, in_step, reviews
from tests.support.road import Road, road

#: How each field is edited on either side, by what it may become.
NAMES = ["Minster Books", "MINSTER BOOKS", "Minster Books (York)"]
TOWNS = ["Leeds", "York", None]
POSTCODES = ["LS1 1AA", "ls11aa", "YO1 7HT", None]
PHONES = ["0113 496 0001", "+44 113 496 0001", "01904 555 000", None]
EMAILS = ["mina@minster.example", "Okoro@Minster.example", None]
#: More rounds than this are no rest.
ROUNDS = 8

edits = st.one_of(
    st.tuples(st.sampled_from(["account", "customer"]), st.just("Name"), st.sampled_from(NAMES)),
    st.tuples(st.just("account"), st.just("BillingCity"), st.sampled_from(TOWNS)),
    st.tuples(st.just("address"), st.just("Line3"), st.sampled_from(TOWNS)),
    st.tuples(st.just("account"), st.just("BillingPostalCode"), st.sampled_from(POSTCODES)),
    st.tuples(st.just("address"), st.just("PostCode"), st.sampled_from(POSTCODES)),
    st.tuples(st.just("contact"), st.just("Phone"), st.sampled_from(PHONES)),
    st.tuples(st.just("person"), st.just("Telephone"), st.sampled_from(PHONES)),
    st.tuples(st.just("contact"), st.just("Email"), st.sampled_from(EMAILS)),
    st.tuples(st.just("person"), st.just("Email"), st.sampled_from(EMAILS)),
)
#: What happens between edits: news is heard or looked for, one batch of a queue is worked on, news comes twice, time passes.
steps = st.sampled_from(["hear", "look", "kashflow.customer", "salesforce.account", "again", "a day"])
stories = st.lists(st.one_of(edits, steps), min_size=6, max_size=14)


@pytest.fixture(scope="module")
def worlds() -> Iterator[Sandbox]:
    with Sandbox(seed=1) as sandbox:
        yield sandbox


def _happens(pair: Pair, moment: object) -> None:
    edited = {
        "account": lambda field, value: pair.edit_account(**{field: value}),
        "contact": lambda field, value: pair.edit_contact(**{field: value}),
        "customer": lambda field, value: pair.edit_customer(**{field: value}),
        "address": lambda field, value: pair.edit_address(**{field: value or ""}),
        "person": lambda field, value: pair.edit_person(**{field: value or ""}),
    }
    done: dict[object, Callable[[], object]] = {
        "hear": pair.road.hear,
        "look": pair.road.look,
        "again": lambda: _tell_again(pair),
        "a day": lambda: pair.road.wait(24 * 3600),
    }
    match moment:
        case (str(where), str(field), value):
            edited[where](field, value)
        case _:
            done.get(moment, lambda: pair.road.work_on(str(moment)))()


def _tell_again(pair: Pair) -> None:
    """The same records are heard of once more, in both directions."""
    for flow, record_id in (
        ("account_to_customer", pair.account_id),
        ("customer_to_account", pair.kashflow_id),
    ):
        told = pair.road.book.flow(flow)
        number = len(pair.road.deliveries(record_id))
        again = NewDelivery(
            flow=flow,
            queue=told.queue,
            source=told.source,
            entity=told.source_entity,
            record_id=record_id,
            version=f"told again {number}",
            kind="updated",
            occurred_at=pair.road.now(),
            lock_key=told.lock_for(record_id),
        )
        pair.road.ledger.register([again], now=pair.road.now())


def _comes_to_rest(opened: Road, people: random.Random) -> None:
    """Whatever is asked is answered by somebody, until nothing is asked and nothing is written any more."""
    for _ in range(ROUNDS):
        opened.settle_down()
        asked = reviews(opened)
        if not asked:
            return
        for review in asked:
            answer(opened, review, people.choice(["salesforce", "kashflow"]))
    raise AssertionError(f"still asking after {ROUNDS} rounds: {[one.question for one in reviews(opened)]}")


@settings(
    max_examples=7,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stories, st.integers(0, 9))
def test_any_story_ends_with_both_sides_equal_to_the_golden_record(
    worlds: Sandbox, tmp_path_factory: pytest.TempPathFactory, story: list[object], people: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("ledger")
    with road(worlds, f"sqlite:///{folder}/ledger.db") as opened:
        # People of a story edit faster than any two rules would quarrel.
        patience = Patience(same_writes=50, all_writes=50)
        opened.desk = replace(opened.desk, rules=replace(opened.desk.rules, patience=patience))
        pair = in_step(opened)

        for moment in story:
            opened.wait(60)
            _happens(pair, moment)
        _comes_to_rest(opened, random.Random(people))

        _both_sides_say_what_was_agreed(pair)
        written = opened.written()
        _tell_again(pair)
        opened.settle_down()
        assert opened.written() == written, "at rest, a delivery writes nothing"


def _both_sides_say_what_was_agreed(pair: Pair) -> None:
    address = pair.customer["Addresses"][0]
    for field, salesforce, kashflow in (
        ("name", pair.account["Name"], pair.customer["Name"]),
        ("address.town", pair.account["BillingCity"], address["Line3"]),
        ("address.postcode", pair.account["BillingPostalCode"], address["PostCode"]),
        ("contact.phone", pair.contact["Phone"], pair.person["Telephone"]),
        ("contact.email", pair.contact["Email"], pair.person["Email"]),
        ("code", pair.account["ExternalID__c"], pair.customer["Code"]),
    ):
        agreed = pair.agreed(field)
        assert alike(field, salesforce, agreed), (field, salesforce, agreed)
        assert alike(field, kashflow, agreed), (field, kashflow, agreed)
