"""Digests of records as their systems show them, to tell whether one is what it was; nothing is read out of a digest.

Two records with equal digests lead to equal deliveries. Blank and absent are the same, and so are 1 and 1.0: a field
that our user may not see, and a number that is spelled otherwise, are no change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from decimal import Decimal
from functools import lru_cache
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
    # What it came to moves with every document that is filed under it.
    "Project": frozenset(
        [
            "AssociatedQuotesCount",
            "ActualSalesAmount",
            "ActualSalesVATAmount",
            "ActualPurchasesAmount",
            "ActualPurchasesVATAmount",
            "ActualJournalsAmount",
            "ActualBankTransactionAmount",
            "WorkInProgressAmount",
            "ActualIncome",
            "ActualExpenditure",
            "Margin",
        ]
    ),
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


#: Collections that rows of a list hold as the record does (section 3.1), where they are not null (quirk 1).
_LISTED: Mapping[str, frozenset[str]] = {"Customer": frozenset({"Contacts", "Addresses"})}
#: Half of a row's digest is about these collections; this is the half of a row that does not show them.
_HALF = 32
_NOT_SHOWN = "-" * _HALF

_WORDS = {None: "null", True: "true", False: "false"}


def salesforce_digest(record: Mapping[str, Any], ours: Set[str] = frozenset()) -> str:
    """Of a record as one query brought it, parents and children included, but for the fields that are `ours`: what we
    wrote back ourselves is no news."""
    return _digest(record, _TIMES | ours)


def kashflow_digest(entity: str, row: Mapping[str, Any]) -> str:
    """Of a whole record of this object, as its own address shows it."""
    return _digest(row, VOLATILE.get(entity, frozenset()))


def kashflow_row_digest(entity: str, row: Mapping[str, Any]) -> str:
    """Of a row of a list. Its collections say nothing: they may be null whatever the record holds (quirk 1). Where rows
    show some of them as the record does, those have half of the digest to themselves; see `as_far_as_shown`."""
    plain_fields = {name: value for name, value in row.items() if not isinstance(value, list)}
    listed = _LISTED.get(entity)
    if listed is None:
        return kashflow_digest(entity, plain_fields)
    shown = {name: row[name] for name in listed if row.get(name) is not None}
    half = _digest(shown)[:_HALF] if len(shown) == len(listed) else _NOT_SHOWN
    others = {name: value for name, value in plain_fields.items() if name not in listed}
    return kashflow_digest(entity, others)[:_HALF] + half


def as_far_as_shown(digest: str, last: str) -> str:
    """The digest of a row, with the half that the row does not show as it was seen last."""
    return (
        digest[:_HALF] + last[_HALF:] if digest.endswith(_NOT_SHOWN) and len(last) == len(digest) else digest
    )


def says_more(digest: str, last: str) -> bool:
    """Does the row only show what it did not show last time, and is otherwise the same?"""
    return last.endswith(_NOT_SHOWN) and digest[:_HALF] == last[:_HALF]


_quoted = json.encoder.encode_basestring_ascii


def _digest(record: Mapping[str, Any], left_out: Set[str] = frozenset()) -> str:
    return hashlib.sha256(_record(record, _WRAPPING | left_out).encode()).hexdigest()


def _record(record: Mapping[str, Any], left_out: Set[str]) -> str:
    said = [
        f"{label}{_quoted(value) if isinstance(value, str) else _text(value)}"
        for name, label in _in_order(tuple(record), frozenset(left_out))
        if (value := record[name]) is not None
    ]
    return "{" + ", ".join(said) + "}"


@lru_cache(maxsize=1000)
def _in_order(names: tuple[str, ...], left_out: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The names that count, each with how it is written. Kept: the records of an object have the same names, all of them."""
    return tuple((name, f"{_quoted(name)}: ") for name in sorted(names) if name not in left_out)


def _text(value: object) -> str:
    """What a digest is of: JSON with names in order and numbers without their spelling."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int):
        return f'{{"number": "{value}"}}'
    if isinstance(value, Decimal):
        return f'{{"number": "{plain(value) if value else 0}"}}'
    if isinstance(value, Mapping):
        return _record(value, _WRAPPING)
    if isinstance(value, list | tuple):
        return "[" + ", ".join([_text(one) for one in value]) + "]"
    return _quoted(str(value))
