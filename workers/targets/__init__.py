"""Where deliveries end: for each target entity, how its record is found, compared and written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mappings.flows import Flow
from workers.desk import Desk
from workers.targets.customer_search import search_customer
from workers.targets.kashflow_customers import KashFlowCustomers, make_customer, stamp
from workers.targets.kashflow_end import KashFlowEnd
from workers.targets.kashflow_invoices import KashFlowInvoices
from workers.targets.kashflow_payments import KashFlowPayments
from workers.targets.kashflow_products import make_product, product_stamp, search_product
from workers.targets.kashflow_purchases import KashFlowPurchases
from workers.targets.kashflow_suppliers import KashFlowSuppliers
from workers.targets.pairs import Pairs
from workers.targets.relay import Relay
from workers.targets.salesforce_end import SalesforceEnd
from workers.targets.salesforce_objects import SalesforceObjects
from workers.targets.salesforce_records import SalesforceRecords
from workers.work import Progress, Work


class Target(Protocol):
    """The three steps of the spine that differ by target. Each gets works of one flow."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]: ...
    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]: ...
    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]: ...


_TARGETS: dict[str, Target] = {
    "kashflow.invoice": KashFlowInvoices(),
    "kashflow.customer": KashFlowCustomers(),
    "kashflow.payment": KashFlowPayments(),
    "kashflow.purchase": KashFlowPurchases(),
    "kashflow.supplier": KashFlowSuppliers(),
}
_LINKED_SALESFORCE_RECORD: Target = SalesforceRecords()
_UPSERTED_SALESFORCE_RECORD: Target = SalesforceObjects()
_ANY_SALESFORCE_OBJECT: Target = SalesforceRecords()
#: Targets of flows that go both ways.
_PAIRS: dict[str, Target] = {
    "kashflow.customer": Pairs(KashFlowEnd(stamp, search_customer, make_customer)),
    "salesforce.account": Pairs(SalesforceEnd()),
    "kashflow.product": Pairs(KashFlowEnd(product_stamp, search_product, make_product)),
    "salesforce.product": Pairs(SalesforceEnd()),
}
_RELAY: Target = Relay()


class NoSuchTarget(Exception):
    """flows.yaml names a target that no module knows how to write."""


def target_of(flow: Flow) -> Target:
    """Raises NoSuchTarget; `check_targets` asks at start, so that no delivery ever meets it."""
    if flow.passes_to:
        return _RELAY
    if flow.pairing is not None:
        if flow.queue not in _PAIRS:
            raise NoSuchTarget(
                f"flow {flow.name} goes both ways; this version does that for {', '.join(_PAIRS)}"
            )
        return _PAIRS[flow.queue]
    if flow.target == "salesforce":
        return _UPSERTED_SALESFORCE_RECORD if flow.key else _LINKED_SALESFORCE_RECORD
    if flow.queue not in _TARGETS:
        raise NoSuchTarget(
            f"flow {flow.name} goes to {flow.queue}; this version writes {', '.join(_TARGETS)} and Salesforce"
        )
    return _TARGETS[flow.queue]
