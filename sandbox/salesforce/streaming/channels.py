"""Which channels exist and which entities each one carries; not the events themselves (reference section 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

STANDARD_CHANNEL = "/data/ChangeEvents"
DEFAULT_ENTITIES = ("Account", "Contact", "Opportunity", "PricebookEntry", "Product2")

#: Standard objects that have change events; custom objects always do (reference section 2.6).
CAPTURED_STANDARD_ENTITIES = frozenset(
    {
        "Account", "AccountContactRelation", "AccountContactRole", "Asset", "Contact", "Contract", "Event", "Lead",
        "Opportunity", "OpportunityContactRole", "OpportunityLineItem", "Order", "OrderItem", "OrderItemSummary",
        "OrderPaymentSummary", "OrderSummary", "Pricebook2", "PricebookEntry", "Product2", "Quote", "QuoteLineItem",
        "ReturnOrder", "ReturnOrderLineItem", "Task", "User",
    }
)  # fmt: skip


def has_change_events(entity: str) -> bool:
    return entity.endswith("__c") or entity in CAPTURED_STANDARD_ENTITIES


def entity_channel(entity: str) -> str:
    """`Account` -> `/data/AccountChangeEvent`; `Invoice__c` -> `/data/Invoice__ChangeEvent`."""
    if entity.endswith("__c"):
        return f"/data/{entity.removesuffix('__c')}__ChangeEvent"
    return f"/data/{entity}ChangeEvent"


def entity_of(channel: str) -> str | None:
    """The entity of a single-entity channel, or None if the name is not of that form."""
    name = channel.removeprefix("/data/")
    if name == channel or not name.endswith("ChangeEvent"):
        return None
    stem = name.removesuffix("ChangeEvent")
    return f"{stem}c" if stem.endswith("__") else stem or None


@dataclass
class ChannelSelection:
    """The entities selected on the standard channel, and the members of the custom channels."""

    selected_entities: set[str] = field(default_factory=lambda: set(DEFAULT_ENTITIES))
    #: `/data/X__chn` to its entities, each with the fields that enrich its events there (section 2.8).
    custom: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)

    def add_channel(self, name: str) -> str:
        """Make the custom channel `X__chn` (a leading `/data/` may be given) and return its channel name."""
        channel = custom_channel(name)
        if channel in self.custom:
            raise ValueError(f"the channel {channel} exists already")
        self.custom[channel] = {}
        return channel

    def add_member(self, channel: str, entity: str, enriched_fields: Sequence[str] = ()) -> None:
        """Select an entity on a custom channel, or on the standard one as `ChangeEvents`.

        `enriched_fields` accompany updates and deletes on this channel even where they did not change; the
        standard channel has none. ValueError for an unknown channel or an entity without change events.
        """
        if not has_change_events(entity):
            raise ValueError(f"{entity!r} has no change events")
        if _is_standard(channel):
            if enriched_fields:
                raise ValueError("the standard channel cannot be enriched; use a custom channel")
            self.selected_entities.add(entity)
        else:
            self._members(channel)[entity] = tuple(enriched_fields)

    def remove_member(self, channel: str, entity: str) -> None:
        if _is_standard(channel):
            self.selected_entities.discard(entity)
        else:
            self._members(channel).pop(entity, None)

    def is_selected(self, entity: str) -> bool:
        return entity in self.selected_entities or any(entity in members for members in self.custom.values())

    def channels_of(self, entity: str) -> dict[str, tuple[str, ...]]:
        """Every channel on which a change of this entity is published, with the fields that enrich it there."""
        if not self.is_selected(entity):
            return {}
        standard = {STANDARD_CHANNEL: ()} if entity in self.selected_entities else {}
        customs = {channel: members[entity] for channel, members in self.custom.items() if entity in members}
        return {**standard, entity_channel(entity): (), **customs}

    def _members(self, channel: str) -> dict[str, tuple[str, ...]]:
        try:
            return self.custom[custom_channel(channel)]
        except KeyError:
            raise ValueError(f"there is no channel {channel!r}; add it with add_channel first") from None


def _is_standard(channel: str) -> bool:
    return channel.removeprefix("/data/") == "ChangeEvents"


def custom_channel(name: str) -> str:
    """`X__chn` or `/data/X__chn` as the channel name that clients subscribe to."""
    bare = name.removeprefix("/data/")
    if not bare.endswith("__chn") or "/" in bare:
        raise ValueError(f"a custom channel is named like MyChannel__chn, not {name!r}")
    return f"/data/{bare}"
