"""Bank accounts and what moved on them; not the documents that a movement pays."""

from __future__ import annotations

from datetime import date

from canonical.money import Money
from canonical.shape import Noun, Text


class BankAccount(Noun):
    """One bank account of the firm."""

    id: Text
    name: Text
    nominal_code: str = ""
    balance: Money | None = None
    is_default: bool = False
    is_archived: bool = False


class BankTransaction(Noun):
    """One movement: positive `amount` came in, negative went out.

    A transfer shows in both accounts under the same id, so only account and id together name a movement
    (reference kashflow.md section 3.9).
    """

    account_id: Text
    id: Text
    booked_on: date
    amount: Money
    comment: str = ""
    #: Code of the customer or supplier, and number of the document it belongs to; blank when unmatched.
    party_code: str = ""
    party_name: str = ""
    document_number: str = ""
    is_reconciled: bool = False
