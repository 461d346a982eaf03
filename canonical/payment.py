"""Money that came in for an invoice; not the bank transaction that carried it."""

from __future__ import annotations

from datetime import date

from canonical.money import Money
from canonical.shape import Noun


class Payment(Noun):
    """One payment, or part of one, set against one invoice; a refund is negative."""

    #: KashFlow's number and id of the invoice it pays; None and blank where its source does not know yet.
    invoice_number: int | None = None
    invoice_id: str = ""
    #: None where KashFlow does not say.
    paid_on: date | None = None
    amount: Money
    #: How it was paid, by the name that its source uses.
    method: str = ""
    #: Into which account: its name, or KashFlow's id of it.
    bank_account: str = ""
    bank_account_id: str = ""
    #: What the bank or the customer calls it.
    reference: str = ""
    note: str = ""
    #: Our stamp, which tells our own payment lines from everybody else's, and the Salesforce record that it names.
    stamp: str = ""
    salesforce_id: str = ""
    #: KashFlow's id of the payment line; blank until it has one.
    id: str = ""
