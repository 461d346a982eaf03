"""One movement of money that pays several documents (reference kashflow.md section 3.4)."""

from __future__ import annotations

from typing import Any

from sandbox.kashflow.bank import BankAccounts
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.forms import Form, amounts, days, flags, parts, texts, wholes
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import ZERO, Row

_FORM = Form(
    wholes("Number", "AccountId", "Method", "BankReconciliationId", "BFSTransactionId"),
    days("Date"),
    texts("Comment"),
    flags("Reconciled"),
    parts("PaymentItems", Form(wholes("Id", "ObjectNumber"), amounts("Amount"), days("PaidDate"))),
)


class BulkPayments(Ledger):
    """Bulk payments of invoices or of purchases. Their payment lines are changed here and nowhere else."""

    def __init__(
        self, around: Surroundings, documents: DocumentLedger, bank: BankAccounts, *, first_id: int
    ) -> None:
        self._around = around
        self._documents = documents
        self._bank = bank
        self.register = Register(
            "bulk payment", self.key, around, first_id=first_id, resource=documents.resource
        )

    def key(self, row: Row) -> Key:
        return int(row["Number"])

    def create(self, body: Any) -> Row:
        given = self._checked(_FORM.read(body))
        given["Number"] = max((row["Number"] for row in self.register.rows()), default=0) + 1
        return self._paid(self.register.add(given))

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        given = self._checked(_FORM.read(body))
        self._undo(old)
        return self._paid(self.register.put({"Id": old["Id"]} | given | {"Number": old["Number"]}))

    def delete(self, key: Key) -> None:
        row = self.register.get(key)
        self._bank.open_account(row["AccountId"], row["Date"])
        self._undo(row)
        self.register.remove(row)

    def view(self, row: Row) -> Row:
        items = [item | self._about(item["ObjectNumber"]) for item in row["PaymentItems"]]
        return row | {"PaymentItems": items}

    def _checked(self, given: Row) -> Row:
        given["Date"] = given["Date"] or self._around.today()
        self._bank.open_account(given["AccountId"], given["Date"])
        self._documents.office.check_method(self._documents.kind, given["Method"])
        if not given["PaymentItems"]:
            raise invalid("PaymentItems: a bulk payment needs at least one.")
        for item in given["PaymentItems"]:
            if self._documents.register.find(item["ObjectNumber"]) is None:
                raise invalid(f"ObjectNumber: there is no {self._documents.kind} {item['ObjectNumber']}.")
        return given

    def _paid(self, row: Row) -> Row:
        items = [self._pay(row, item) for item in row["PaymentItems"]]
        total = sum((item["Amount"] for item in items), ZERO)
        first = self._documents.register.get(items[0]["ObjectNumber"])
        payments, contact = self._documents.payments, self._documents.contact(first)
        line = {"Id": row["Id"], "Note": row["Comment"]}
        facts = payments.facts(row, contact, line, f"{self._documents.kind}batchpayment")
        amount = self._documents.direction * total
        booked = self._bank.transactions.book(row["AccountId"], row["Date"], amount, facts)
        for document, payment in self._lines_of(row):
            payment["BankTransactionId"] = booked
            self._documents.set_payment_lines(document, document["PaymentLines"])
        row |= {"PaymentItems": items, "BankTransactionId": booked}
        return row

    def _pay(self, row: Row, item: Row) -> Row:
        document = self._documents.register.get(item["ObjectNumber"])
        line = self._documents.payments.new_line(
            Amount=item["Amount"],
            Date=item["PaidDate"] or row["Date"],
            Method=row["Method"],
            AccountId=row["AccountId"],
            Note=row["Comment"],
            BulkId=row["Id"],
        )
        line["BulkPaymentNumber"] = row["Number"]
        self._documents.set_payment_lines(document, [*document["PaymentLines"], line])
        return item | {"Id": line["Id"], "PaidDate": line["Date"]}

    def _undo(self, row: Row) -> None:
        self._bank.transactions.withdraw(row["BankTransactionId"])
        for document, _ in self._lines_of(row):
            others = [line for line in document["PaymentLines"] if line["BulkId"] != row["Id"]]
            self._documents.set_payment_lines(document, others)

    def _lines_of(self, row: Row) -> list[tuple[Row, Row]]:
        """The documents this payment pays, each with its payment line."""
        return [
            (document, line)
            for document in self._documents.register.rows()
            for line in document["PaymentLines"]
            if line["BulkId"] == row["Id"]
        ]

    def _about(self, number: int) -> Row:
        document = self._documents.register.find(number)
        if document is None:
            return {}
        contact = self._documents.contact(document)
        return {
            "ContactId": contact["Id"],
            "ContactCode": contact["Code"],
            "ContactName": contact["Name"],
            "ContactReference": document[f"{self._documents.people.noun}Reference"],
            "ObjectIssuedDate": document["IssuedDate"],
            "ObjectDueDate": document["DueDate"],
            "VATReturnId": document["VATReturnId"],
        }
