"""What a number of deliveries costs in calls of each API, at the most: for the sentence before a replay. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mappings.book import Book
from mappings.flows import Flow

#: By the stamp, by the code and by the name, each found and then read; by two names, and in full.
FINDS_IN_SALESFORCE = 5
FINDS_IN_KASHFLOW = 4
#: A batch of pairs in Salesforce: Accounts and Contacts, read and written, and codes that Contacts took along to another Account
#: found and taken back.
PAIR_BATCH = 6


@dataclass(frozen=True)
class Calls:
    """API calls of each system."""

    salesforce: int = 0
    kashflow: int = 0

    def __add__(self, other: Calls) -> Calls:
        return Calls(self.salesforce + other.salesforce, self.kashflow + other.kashflow)

    @property
    def in_words(self) -> str:
        """Such as `up to 2 calls to Salesforce and 50 to KashFlow`."""
        return f"up to {self.salesforce:,} calls to Salesforce and {self.kashflow:,} to KashFlow"


def cost(book: Book, counts: Mapping[str, int]) -> Calls:
    """The calls for `counts` deliveries by flow, if every one of them has to be written; a flow that is no more
    costs nothing."""
    flows = {flow.name: flow for flow in book.flows}
    total = Calls()
    for name, count in counts.items():
        if (flow := flows.get(name)) is not None:
            total += _reading(flow, count) + _writing(flow, count)
            if flow.pairing is not None:
                # What is written on one side comes back from it, and is compared again: by now the two are linked.
                other = flows[flow.pairing.other_way]
                total += (
                    _reading(other, count)
                    + _reading(flow, count)
                    + Calls(PAIR_BATCH * _batches(other, count))
                )
            if flow.write_back:
                # What has just been written need not be read again.
                total += _writing(flows[flow.write_back], count)
    return total


def _reading(flow: Flow, count: int) -> Calls:
    """One query for a whole batch of Salesforce, one call for each record of KashFlow."""
    return Calls(salesforce=_batches(flow, count)) if flow.source == "salesforce" else Calls(kashflow=count)


def _writing(flow: Flow, count: int) -> Calls:
    """Salesforce: one call to compare and one to write a batch. KashFlow: a look for the stamp, then the record."""
    if flow.pairing is not None:
        return _pairing(flow, count)
    if flow.target == "salesforce":
        return Calls(salesforce=2 * _batches(flow, count))
    # Salesforce is asked once a batch which Accounts were merged into those that need a customer.
    asks = _batches(flow, count) if flow.target_object == "Customer" else 0
    return Calls(salesforce=asks, kashflow=2 * count)


def _pairing(flow: Flow, count: int) -> Calls:
    """A record without a counterpart is looked for by code and by name, one by one, before it is made."""
    if flow.target == "salesforce":
        return Calls(salesforce=FINDS_IN_SALESFORCE * count + PAIR_BATCH * _batches(flow, count))
    # Salesforce is asked once a batch who was merged into whom.
    return Calls(salesforce=_batches(flow, count), kashflow=(FINDS_IN_KASHFLOW + 2) * count)


def _batches(flow: Flow, count: int) -> int:
    return -(-count // flow.batch_size)
