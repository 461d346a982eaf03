"""What the org still allows (reference section 3.8)."""

from __future__ import annotations

from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.world import SalesforceWorld

#: Limits that nothing here spends, at an Enterprise org's size.
_UNTOUCHED = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDurableStreamingApiEvents": 200_000,
    "HourlyPublishedPlatformEvents": 250_000,
    "MonthlyPlatformEvents": 0,
    "DataStorageMB": 10_240,
    "FileStorageMB": 10_240,
    "SingleEmail": 5_000,
}


def limits(world: SalesforceWorld, call: Call) -> Reply:
    """Max and Remaining by name; the fault `limits` shows other figures."""
    usage, events = world.usage, world.events
    shown = {name: {"Max": most, "Remaining": most} for name, most in sorted(_UNTOUCHED.items())}
    shown["DailyApiRequests"] = {"Max": usage.maximum, "Remaining": usage.maximum - usage.used()}
    deliveries, clients = events.limits.daily_deliveries, events.limits.concurrent_clients
    connected = len(events.clients.living())
    shown["DailyDeliveredPlatformEvents"] = {"Max": deliveries, "Remaining": events.quota.left()}
    shown["DurableStreamingApiConcurrentClients"] = {"Max": clients, "Remaining": clients - connected}
    for fault in world.faults.declared():
        if fault.name == "limits":
            shown |= fault.params
    return Reply(200, shown)
