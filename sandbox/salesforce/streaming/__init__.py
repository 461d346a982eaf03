"""The Streaming API of the small Salesforce: a Bayeux server with durable replay, change events, platform events.

`EventBus(world)` is made once and becomes `world.events`; `routes(world)` serves it under `/cometd/NN.N`.
"""

from __future__ import annotations

from sandbox.salesforce.streaming.bus import EventBus
from sandbox.salesforce.streaming.endpoint import routes
from sandbox.salesforce.streaming.faults import STREAMING_FAULTS
from sandbox.salesforce.streaming.limits import Limits, Timing

__all__ = ["STREAMING_FAULTS", "EventBus", "Limits", "Timing", "routes"]
