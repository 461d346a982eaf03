"""Money that came in for an invoice; not the bank transaction that carried it."""

from __future__ import annotations

from datetime import date

from canonical.money import Money
from canonical.shape import Noun


class Payment(Noun):
    """One payment, or part of one, set against one invoice; a refund is negative."""

    #: KashFlow's number of the invoice it pays.
    invoice_number: int
    paid_on: date
    amount: Money
    #: How it was paid and into which account: ids of this KashFlow account (reference kashflow.md section 3.3).
    method_id: int | None = None
    bank_account_id: int | None = None
    #: Our stamp: tells our own payment lines from everybody else's.
    reference: str = ""
    note: str = ""
    #: KashFlow's id of the payment line; blank until it has one.
    id: str = ""
