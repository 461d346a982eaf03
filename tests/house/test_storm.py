"""The storm leaves no fault of the sandbox out without a reason."""

from __future__ import annotations

from sandbox.server import Sandbox
from tests.chaos.troubles import ALWAYS_THERE, LEFT_OUT, TROUBLES


def test_every_fault_of_both_worlds_is_in_the_storm_or_left_out_for_a_reason() -> None:
    with Sandbox(seed=1) as sandbox:
        known = {*sandbox.kashflow.faults.known, *sandbox.salesforce.faults.known}

    in_turn = {trouble.name for trouble in TROUBLES}
    assert in_turn | set(ALWAYS_THERE) | set(LEFT_OUT) == known
    assert in_turn.isdisjoint(LEFT_OUT)
    assert all(LEFT_OUT.values())
