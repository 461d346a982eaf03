"""What the poll can watch in KashFlow: one row for each object, with how its list and its details are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.reading import Page, Row

#: KashFlow's address of a record: from a row of the list, or from the key of a link.
ByRow = Callable[[KashFlowClient, Mapping[str, Any]], Row]
ByKey = Callable[[KashFlowClient, str], Row]


@dataclass(frozen=True)
class Resource:
    """One object of KashFlow. Its records are told apart by `Id`, which never changes (reference section 3)."""

    #: As flows name it.
    entity: str
    pages: Callable[[KashFlowClient], Iterator[Page]]
    detail: ByRow
    #: None where a link's key is not the address.
    detail_by_key: ByKey | None = None
    #: The noun of its links, if only records that are linked are anybody's business; blank if all are.
    linked_as: str = ""
    #: The noun of its links, whether or not only linked records matter.
    noun: str = ""
    #: The field whose value is the address of a record, told with each change; blank where several fields are.
    key_field: str = ""
    #: Do its changes show in the audit report? (section 2.6)
    is_audited: bool = False


RESOURCES: Mapping[str, Resource] = {
    resource.entity: resource
    for resource in (
        Resource(
            "Invoice",
            lambda client: client.invoices.pages(),
            lambda client, row: client.invoices.get(row["Number"]),
            lambda client, key: client.invoices.get(int(key)),
            linked_as="invoice",
            is_audited=True,
        ),
        Resource(
            "Customer",
            lambda client: client.customers.pages(),
            lambda client, row: client.customers.get(row["Code"]),
            lambda client, key: client.customers.get(key),
            noun="customer",
            key_field="Code",
        ),
        Resource(
            "Product",
            lambda client: client.products.pages(),
            lambda client, row: client.products.get(row["NominalCode"], row["Code"]),
        ),
        Resource(
            "Purchase",
            lambda client: client.purchases.pages(),
            lambda client, row: client.purchases.get(row["Number"]),
            lambda client, key: client.purchases.get(int(key)),
            is_audited=True,
        ),
        Resource(
            "BankAccount",
            # The only list that leaves out what is archived, unless it is asked for (section 3.9).
            lambda client: client.bank_accounts.pages(includeArchivedAccounts=True),
            lambda client, row: client.bank_accounts.get(row["Id"]),
            lambda client, key: client.bank_accounts.get(int(key)),
        ),
    )
}


class NoSuchResource(Exception):
    """flows.yaml starts a flow from an object of KashFlow that no list is known for."""


def resource_for(entity: str) -> Resource:
    """Raises NoSuchResource."""
    if entity not in RESOURCES:
        raise NoSuchResource(
            f"a flow starts from KashFlow's {entity!r}; this version watches {', '.join(RESOURCES)}"
        )
    return RESOURCES[entity]
