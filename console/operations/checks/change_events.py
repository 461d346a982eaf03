"""Checks that Salesforce tells us of changes: which objects are selected, and that each channel can be heard."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from connectors.errors import NotAllowed, NotFound, NotNow, Refused
from connectors.salesforce.org import Record
from connectors.salesforce.streaming.source import (
    NEW_ONLY,
    ChannelRefused,
    EventSource,
    QuotaReached,
    Subscribed,
    Trouble,
)
from console.operations.bench import Bench
from console.operations.findings import Finding, failed, ok, warning

#: Handshake, connect and subscribe are answered at once; a slow network may need a little.
SUBSCRIBED_WITHIN_SECONDS = 30.0

WHERE = "Setup, Change Data Capture"
CHANNEL_REMEDY = (
    "check the name in KASHFORCE_SALESFORCE_CHANNELS, and that our user has View All Records on its objects"
)
STREAM_REMEDY = "check that our user may use the Streaming API (API Enabled), and the API version"
LATER_REMEDY = "it may pass: try again in some minutes"


def selected(bench: Bench) -> Iterator[Finding]:
    """Events of an object that is not selected never come, and nothing says so (reference salesforce.md sections 1.6, 2.8)."""
    channels = bench.house.settings.salesforce_channels
    flows = bench.house.book.flows
    watched = sorted({flow.source_entity for flow in flows if flow.source == "salesforce" and flow.kinds})
    try:
        members = _rows(bench, "SELECT Id, EventChannel, SelectedEntity FROM PlatformEventChannelMember")
        custom = _rows(bench, "SELECT Id, DeveloperName FROM PlatformEventChannel")
    except (NotAllowed, NotFound, Refused) as error:
        yield warning(
            "change events",
            f"our user may not see which objects are selected ({error.code or type(error).__name__})",
            f"look yourself in {WHERE}: {', '.join(watched)} must be selected for {', '.join(channels)}; or give our "
            "user View Setup and Configuration",
        )
        return
    carried = _carried(channels, members, {str(row["Id"]): str(row["DeveloperName"]) for row in custom})
    for entity in watched:
        on = [channel for channel, events in carried.items() if change_event_of(entity) in events]
        if on:
            yield ok(f"change events of {entity}", f"selected for {', '.join(on)}")
        else:
            yield _not_selected(bench, entity, channels)


def _not_selected(bench: Bench, entity: str, channels: Iterable[str]) -> Finding:
    """Whether it matters: nobody has such records, the sweep reads them, or the sweep alone finds them late."""
    title, settings = f"change events of {entity}", bench.house.settings
    found = f"{entity} is not selected for {' or '.join(channels)}"
    remedy = (
        f"select it in {WHERE}, or set KASHFORCE_SALESFORCE_CHANNELS to the channel that has it, or name it in "
        "KASHFORCE_SALESFORCE_SWEPT"
    )
    if entity in settings.salesforce_swept:
        return ok(title, f"read every {settings.poll_seconds:.0f} s instead")
    if not _has_records(bench, entity):
        return ok(title, f"{found}, and our user sees no record of it: select it before you use it")
    if entity.endswith("__c"):
        return warning(title, f"{found}: the sweep finds its changes, later", remedy)
    return failed(title, f"{found}: we would never hear of its changes", remedy)


def _has_records(bench: Bench, entity: str) -> bool:
    try:
        return bool(bench.salesforce.query(f"SELECT Id FROM {entity} LIMIT 1"))  # noqa: S608  # checked at load
    except (NotAllowed, NotFound, Refused):
        return False


def change_event_of(entity: str) -> str:
    """`AccountChangeEvent`, `Invoice__ChangeEvent` (reference salesforce.md section 1.6)."""
    return f"{entity.removesuffix('c') if entity.endswith('__c') else entity}ChangeEvent"


def channels(bench: Bench) -> Iterator[Finding]:
    """Subscribe to every channel, for new events only, and say goodbye; no cursor of ours is read or moved."""
    source, wanted = bench.house.event_source(), bench.house.settings.salesforce_channels
    timer = threading.Timer(SUBSCRIBED_WITHIN_SECONDS, source.close)
    timer.daemon = True
    timer.start()
    try:
        answered = _hear(source, wanted)
    finally:
        timer.cancel()
    for channel in wanted:
        yield answered.get(channel) or failed(
            f"channel {channel}",
            f"no answer within {SUBSCRIBED_WITHIN_SECONDS:.0f} s",
            "check that long polls of two minutes pass your proxy and firewall",
        )


def _hear(source: EventSource, wanted: Iterable[str]) -> dict[str, Finding]:
    """What became of each channel; trouble that is not over at once holds for all that have no answer yet."""
    silent = set(wanted)
    answered: dict[str, Finding] = {}
    for notice in source.listen(dict.fromkeys(silent, NEW_ONLY)):
        match notice:
            case Subscribed(channel=channel):
                answered[channel] = ok(f"channel {channel}", "handshake and subscription work")
            case ChannelRefused(channel=channel, error=error):
                answered[channel] = failed(f"channel {channel}", error.message, CHANNEL_REMEDY)
            case Trouble(error=error, wait_seconds=seconds) | QuotaReached(error=error, wait_seconds=seconds):
                if seconds > 0:
                    remedy = LATER_REMEDY if isinstance(error, NotNow) else STREAM_REMEDY
                    answered |= {name: failed(f"channel {name}", error.message, remedy) for name in silent}
        silent -= answered.keys()
        if not silent:
            source.close()
    return answered


def _rows(bench: Bench, soql: str) -> list[Record]:
    """The first page will do: there are as many rows as an org has objects selected."""
    records = bench.org.get_object("tooling/query", {"q": soql}).get("records")
    return records if isinstance(records, list) else []


def _carried(
    channels: Iterable[str], members: Iterable[Record], custom: Mapping[str, str]
) -> dict[str, set[str]]:
    """The change events on each channel. `custom` is the name of each channel that somebody made, by its id.

    A channel of a single object carries its events as soon as they are selected anywhere.
    """
    on: dict[str, set[str]] = {}
    for member in members:
        event, where = str(member["SelectedEntity"]), str(member["EventChannel"])
        names = (f"{custom[where]}__chn" if where in custom else where, event)
        for name in names:
            on.setdefault(f"/data/{name}", set()).add(event)
    return {channel: on.get(channel, set()) for channel in channels}
