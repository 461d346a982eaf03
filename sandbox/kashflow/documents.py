"""Invoices and purchases alike: numbers, lines, totals, payments, locks; what is special to each is its own module."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sandbox.kashflow import contacts, sums
from sandbox.kashflow.audit import AuditTrail, audit_row
from sandbox.kashflow.bank import BankAccounts
from sandbox.kashflow.contact_ledger import ContactLedger
from sandbox.kashflow.forms import Form
from sandbox.kashflow.lines import Lines
from sandbox.kashflow.numbered import NumberedLedger
from sandbox.kashflow.office import Office
from sandbox.kashflow.payments import PaymentPlan, Payments
from sandbox.kashflow.problems import period_locked
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import NEVER, ZERO, Row, pennies


class DocumentLedger(NumberedLedger):
    """Invoices or purchases, stored with their sums; status and days overdue are reckoned when shown."""

    #: "invoice" or "purchase".
    kind: ClassVar[str]
    #: 1 when its payments bring money in, -1 when they take it out.
    direction: ClassVar[int]
    #: Audit families of its lines and its payments, and the letters of a line, a negative line and a payment.
    audit_families: ClassVar[tuple[str, str]]
    audit_letters: ClassVar[tuple[str, str, str]]
    form: ClassVar[Form]

    def __init__(
        self,
        around: Surroundings,
        office: Office,
        people: ContactLedger,
        lines: Lines,
        bank: BankAccounts,
        audit: AuditTrail,
        *,
        first_id: int,
        first_number: int,
    ) -> None:
        self.around = around
        self.office = office
        self.people = people
        self.lines = lines
        self.payments = Payments(self.kind, self.direction, around, office, bank)
        self._audit = audit
        self.first_number = first_number
        self._of_contact: dict[int, dict[int, Row]] = {}
        self.register = Register(self.kind, self.key, around, first_id=first_id, resource=self.resource)

    @abstractmethod
    def born(self, contact: Row, row: Row) -> Row:
        """Fields of a new document that were not written, or are never written."""

    @abstractmethod
    def summary(self, row: Row) -> Row:
        """The list row."""

    def of_contact(self, contact: Row) -> list[Row]:
        return list(self._of_contact.get(contact["Id"], {}).values())

    def create(self, body: Any) -> Row:
        row, contact, plan = self._checked(self.form.read(body), None)
        row = row | self.born(contact, row) | {"CreatedDate": self.around.today(), "VATReturnId": 0}
        return self._stored(self.register.add(row | _EMPTY_SUMS), contact, plan)

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        self._refuse_locked(old)
        row, contact, plan = self._checked(self.form.read(body), old)
        del self._of_contact[old["ContactId"]][old["Id"]]
        return self._stored(self.register.put(old | row), contact, plan)

    def delete(self, key: Key) -> None:
        row = self.register.get(key)
        self._refuse_locked(row)
        plan = self.payments.plan(row["PaymentLines"], [])
        self.payments.carry_out(plan, row, self.contact(row))
        self._audit.deleted((self.kind, row["Id"]), self._audit_rows(row))
        if self.around.faults.take("deleted_at", resource=self.resource) is not None:
            row |= {"DeletedAt": self.around.today()}
            return
        self.register.remove(row)
        del self._of_contact[row["ContactId"]][row["Id"]]

    def pay(
        self,
        key: Key,
        amount: Decimal,
        *,
        account_id: int,
        method: int,
        note: str = "",
        day: date | None = None,
    ) -> Row:
        """Add a payment as a person in the web app does; today, unless a day is given."""
        row = self.register.get(key)
        line = {"Amount": amount, "AccountId": account_id, "Method": method, "Note": note, "Date": day}
        return self.edit(key, PaymentLines=[*row["PaymentLines"], line])

    def set_payment_lines(self, row: Row, lines: list[Row]) -> Row:
        """Store lines that are booked in the bank already, as a bulk payment's are."""
        return self._summed(row, self.contact(row), lines)

    def contact(self, row: Row) -> Row:
        found = self.people.register.by_id(row["ContactId"])
        if found is None:  # a contact with documents cannot be deleted
            raise LookupError(f"{self.kind} {row['Number']} has lost its contact")
        return found

    def shown(self, row: Row) -> Row:
        """Stored and reckoned fields that list and detail have in common."""
        contact, today = self.contact(row), self.around.today()
        due = sums.due_amount(row)
        rate = row["Currency"]["ExchangeRate"] or Decimal(1)
        return {name: value for name, value in row.items() if name != "ContactId"} | {
            f"{self.people.noun}Code": contact["Code"],
            f"{self.people.noun}Name": contact["Name"],
            "DueAmount": due,
            "Status": sums.status(row, today),
            "OverdueDays": sums.overdue_days(row, today),
            "PaidDate": _last_payment(row) if due == 0 else NEVER,
            "HomeCurrencyGrossAmount": pennies(row["GrossAmount"] / rate),
        }

    def view(self, row: Row) -> Row:
        numbers = [other["Number"] for other in self.register.rows()]
        return self.shown(row) | {
            "LineItems": [self.lines.view(line) for line in row["LineItems"]],
            "LastPaymentDate": _last_payment(row),
            "PreviousNumber": max((number for number in numbers if number < row["Number"]), default=0),
            "NextNumber": min((number for number in numbers if number > row["Number"]), default=0),
        }

    def status(self, row: Row) -> str:
        return sums.status(row, self.around.today())

    def _checked(self, row: Row, old: Row | None) -> tuple[Row, Row, PaymentPlan]:
        """The row to store, its contact, and its payments as a plan. Nothing is changed yet."""
        contact = self.people.named(row.pop(f"{self.people.noun}Code"))
        row["Number"] = self.number_for(row["Number"], old)
        row["IssuedDate"] = row["IssuedDate"] or (old or {}).get("IssuedDate") or self.around.today()
        row["DueDate"] = row["DueDate"] or contacts.due_date(row["IssuedDate"], contact["PaymentTerms"])
        self._refuse_locked(row)
        currency = row["Currency"]
        code = currency["Code"] or contact["Currency"]["Code"]
        row["Currency"] = self.office.currency(code, currency["ExchangeRate"])
        row["LineItems"] = self.lines.checked(row["LineItems"], contact)
        plan = self.payments.plan(old["PaymentLines"] if old else [], row.pop("PaymentLines"))
        return row | {"ContactId": contact["Id"]}, contact, plan

    def _stored(self, row: Row, contact: Row, plan: PaymentPlan) -> Row:
        return self._summed(row, contact, self.payments.carry_out(plan, row, contact))

    def _summed(self, row: Row, contact: Row, payment_lines: list[Row]) -> Row:
        row |= {"PaymentLines": payment_lines} | sums.totals(row["LineItems"], payment_lines)
        self._of_contact.setdefault(contact["Id"], {})[row["Id"]] = row
        self._audit.entered((self.kind, row["Id"]), self._audit_rows(row))
        return row

    def _refuse_locked(self, row: Row) -> None:
        """Locked periods and submitted VAT returns (section 4, quirk 15)."""
        locked = self.office.locked_until
        if row.get("VATReturnId") or (locked is not None and row["IssuedDate"] <= locked):
            raise period_locked(f"{self.kind.capitalize()} {row['Number'] or ''}".strip())

    def _audit_rows(self, row: Row) -> list[Row]:
        line_letters, negative_letters, payment_letters = self.audit_letters
        of_lines, of_payments = self.audit_families
        common = {
            "Reference": row.get(f"{self.people.noun}Reference", ""),
            "EntityReferance": str(row["Number"]),
        }
        lines = [
            audit_row(
                of_lines,
                line_letters if sums.line_net(line) >= 0 else negative_letters,
                row,
                Date=row["IssuedDate"],
                Value=sums.line_net(line),
                Narrative=line["Description"],
                Vat=_audit_vat(line, self.direction),
                Nominal={"Code": line["NominalCode"], "Name": self.lines.nominal_name(line)},
                **common,
            )
            for line in row["LineItems"]
        ]
        payments = [
            audit_row(
                of_payments,
                payment_letters,
                row,
                Date=payment["Date"],
                Value=payment["Amount"],
                Narrative=payment["Note"],
                BankAccountId=payment["AccountId"],
                **common,
            )
            for payment in row["PaymentLines"]
        ]
        return lines + payments


_EMPTY_SUMS = {"PaymentLines": [], **sums.totals([], [])}


def _last_payment(row: Row) -> Any:
    return max((payment["Date"] for payment in row["PaymentLines"]), default=NEVER)


def _audit_vat(line: Row, direction: int) -> Row:
    vat = line["VATAmount"]
    sides = {"Input": ZERO, "Output": vat} if direction > 0 else {"Input": vat, "Output": ZERO}
    return {"IsExempt": line["VATExempt"], "Rate": line["VATLevel"]} | sides
