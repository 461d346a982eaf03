"""What the poll can watch in KashFlow: one row for each object, with what a producer has to know beside its addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.kashflow.records import RECORDS, Records
from ledger.links import Link
from mappings.flows import Flow


@dataclass(frozen=True)
class Resource:
    """One object of KashFlow."""

    records: Records
    #: The noun of its links; blank where none are kept.
    linked_as: str = ""
    #: The noun of its links, whether or not only linked records matter.
    noun: str = ""
    #: Do its changes show in the audit report? (reference section 2.6)
    is_audited: bool = False

    @property
    def entity(self) -> str:
        """As flows name it."""
        return self.records.name


RESOURCES: Mapping[str, Resource] = {
    resource.entity: resource
    for resource in (
        Resource(RECORDS["Invoice"], linked_as="invoice", is_audited=True),
        Resource(RECORDS["Customer"], noun="customer"),
        Resource(RECORDS["Supplier"]),
        Resource(RECORDS["Product"], noun="product"),
        Resource(RECORDS["Project"]),
        Resource(RECORDS["Purchase"], is_audited=True),
        Resource(RECORDS["BankAccount"]),
        Resource(RECORDS["BankTransaction"], is_audited=True),
    )
}


def concerns(resource: Resource, flow: Flow, link: Link | None, *, is_first_look: bool) -> bool:
    """Is a record of `resource` with this link any business of `flow`?

    What is upserted by a key of its own is, and so is an object that no links are kept of; but what was there before
    the first look is the initial load's. Everything else is the business of the flow to the object it is linked with.
    """
    if flow.key or not resource.linked_as:
        return link is not None or not is_first_look
    return link is not None and link.salesforce_entity == flow.target_object


class NoSuchResource(Exception):
    """flows.yaml starts a flow from an object of KashFlow that no list is known for."""


def resource_for(entity: str) -> Resource:
    """Raises NoSuchResource."""
    if entity not in RESOURCES:
        raise NoSuchResource(
            f"a flow starts from KashFlow's {entity!r}; this version watches {', '.join(RESOURCES)}"
        )
    return RESOURCES[entity]
