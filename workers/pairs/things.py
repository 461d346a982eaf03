"""The things that are kept in step both ways, by their objects in both systems: a new one is a row here."""

from __future__ import annotations

from collections.abc import Mapping

from mappings.flows import Flow
from workers.pairs.customers import CUSTOMER
from workers.pairs.products import PRODUCT
from workers.pairs.thing import Thing

THINGS: Mapping[str, Thing] = {thing.kashflow: thing for thing in (CUSTOMER, PRODUCT)}


def thing_of(flow: Flow) -> Thing:
    """What the flow is about, by its object in KashFlow; KeyError for a flow that is of no pair."""
    return THINGS[flow.source_entity if flow.source == "kashflow" else flow.target_object]
