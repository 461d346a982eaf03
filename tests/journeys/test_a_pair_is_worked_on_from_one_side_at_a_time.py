"""Both directions of a pair share one lock, and nothing is written over what somebody edited while we looked."""

from __future__ import annotations

from dataclasses import replace

from ledger.endings import State
from mappings.context import Context
from tests.support.pairs import in_step
from tests.support.road import Road


def test_one_direction_waits_while_the_other_runs(on_either_ledger: Road) -> None:
    road = on_either_ledger
    pair = in_step(road)
    pair.edit_account(BillingCity="York")
    pair.edit_address(Line1="5 Stonegate")
    road.hear()
    road.look()

    there = road.ledger.claim("kashflow.customer", [], limit=1, now=road.now(), lease_seconds=30)
    road.work_on("salesforce.account")
    back = road.last(pair.kashflow_id, "salesforce.account")
    assert (back.state, back.reason_code) == (State.WAITING, "pair_is_busy")
    assert back.attempts == 0, "nothing is wrong with it"
    road.ledger.expire_leases(now=road.now())
    road.wait(31)
    road.settle_down()

    assert there.deliveries[0].lock_key == road.last(pair.kashflow_id, "salesforce.account").lock_key
    assert (pair.account["BillingCity"], pair.account["BillingStreet"]) == ("York", "5 Stonegate")
    assert [pair.customer["Addresses"][0][name] for name in ("Line1", "Line3")] == ["5 Stonegate", "York"]


def test_what_a_bookkeeper_edits_while_we_look_at_both_sides_is_not_written_over(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    plain, edits = road.desk.context, ["5 Stonegate"]

    def edited_in_this_moment() -> Context:
        """Asked for after both sides were read, before anything is written."""
        if edits:
            pair.edit_address(Line1=edits.pop())
        return plain()

    pair.edit_account(BillingCity="York")
    road.hear()
    road.work_on("kashflow.customer", replace(road.desk, context=edited_in_this_moment))

    delivery = road.last(pair.account_id, "kashflow.customer")
    assert (delivery.state, delivery.reason_code) == (State.WAITING, "edited_meanwhile")
    road.settle_down()
    assert [pair.customer["Addresses"][0][name] for name in ("Line1", "Line3")] == ["5 Stonegate", "York"]
    assert pair.account["BillingStreet"] == "5 Stonegate"


def test_a_lost_answer_to_a_write_leaves_both_sides_agreed_all_the_same(on_the_road: Road) -> None:
    road = on_the_road
    pair = in_step(road)
    road.fault("kashflow", "drop_after_commit", match={"method": "PUT", "resource": "customers"})

    pair.edit_account(Name="Minster Books (York)")
    road.settle_down()

    assert pair.customer["Name"] == pair.agreed("name") == "Minster Books (York)"
    assert [ending for ending, _ in road.story(pair.account_id, "kashflow.customer")][-1] in (
        "delivered",
        "unchanged",
    )
