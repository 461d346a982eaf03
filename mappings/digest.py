"""Digests of records as their systems show them, to tell whether one is what it was; nothing is read out of a digest.

Two records with equal digests lead to equal deliveries. Blank and absent are the same, and so are 1 and 1.0: a field
that our user may not see, and a number that is spelled otherwise, are no change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

from canonical.money import plain

#: What an answer says about itself, not about the record; the two times only serve the sweep.
_WRAPPING = frozenset({"attributes", "totalSize", "done", "nextRecordsUrl"})
_TIMES = frozenset({"SystemModstamp", "CreatedDate"})

#: Fields that move without an edit (reference kashflow.md sections 3.1 to 3.9 and quirk 2), by object.
VOLATILE: Mapping[str, frozenset[str]] = {
    "Invoice": frozenset(
        [
            "OverdueDays",
            "EmailCount",
            "FileCount",
            "PreviousNumber",
            "NextNumber",
            "FormattedDueAmount",
            "VATReturnId",
        ]
    ),
    "Customer": frozenset(
        [
            "TotalPaidAmount",
            "OutstandingBalance",
            "OverdueAmount",
            "AverageDaysToPay",
            "InvoiceCount",
            "InvoicedNetAmount",
            "InvoicedVATAmount",
            "FirstInvoiceDate",
            "LastInvoiceDate",
            "LastUpdatedDate",
            "MarkedAsStale",
        ]
    ),
    "Product": frozenset(),
    "Purchase": frozenset(
        ["OverdueDays", "FileCount", "PreviousNumber", "NextNumber", "VATReturnId", "IsEmailSent"]
    ),
    "Supplier": frozenset(
        [
            "TotalPaidAmount",
            "OutstandingBalance",
            "BilledNetAmount",
            "BilledVatAmount",
            "FirstPurchaseDate",
            "LastPurchaseDate",
            "LastUpdatedDate",
            "DoesSupplierHasTransactionsInVATReturn",
        ]
    ),
    "BankAccount": frozenset({"Order", "LastTransactionImportDate"}),
    # The running balance moves with every earlier row (reference kashflow.md section 3.9).
    "BankTransaction": frozenset({"Balance", "EditLink", "VATReturnId", "LineProjectsCount", "ReconciledId"}),
}


#: Collections that rows of a list hold as the record does (section 3.1). A row that leaves them out looks edited, which
#: costs a read and no harm; without them an edited address would be seen a day later.
_LISTED: Mapping[str, frozenset[str]] = {"Customer": frozenset({"Contacts", "Addresses"})}


def salesforce_digest(record: Mapping[str, Any], ours: Set[str] = frozenset()) -> str:
    """Of a record as one query brought it, parents and children included, but for the fields that are `ours`: what we
    wrote back ourselves is no news."""
    return _digest({name: value for name, value in record.items() if name not in _TIMES | ours})


def kashflow_digest(entity: str, row: Mapping[str, Any]) -> str:
    """Of a whole record of this object, as its own address shows it."""
    volatile = VOLATILE.get(entity, frozenset())
    return _digest({name: value for name, value in row.items() if name not in volatile})


def kashflow_row_digest(entity: str, row: Mapping[str, Any]) -> str:
    """Of a row of a list. Most of its collections say nothing: they may be null whatever the record holds (quirk 1)."""
    listed = _LISTED.get(entity, frozenset())
    return kashflow_digest(
        entity,
        {name: value for name, value in row.items() if name in listed or not isinstance(value, list)},
    )


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(_said(record), sort_keys=True).encode()).hexdigest()


def _said(value: Any) -> Any:
    if isinstance(value, Mapping):
        told = {str(name): _said(one) for name, one in value.items() if name not in _WRAPPING}
        return {name: one for name, one in told.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_said(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return {"number": plain(Decimal(value)) if value else "0"}
    return str(value)
