"""The rules that customers and suppliers share: names, codes, renaming, deleting; not their fields."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar

from sandbox.kashflow import contacts
from sandbox.kashflow.forms import Form
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.office import Office
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.values import Row


class ContactLedger(Ledger):
    """Customers or suppliers. `documents_of` is set by the world and answers a contact's documents."""

    #: "Customer" or "Supplier", as in `CreateCustomerCodeIfDuplicate`.
    noun: ClassVar[str]
    form: ClassVar[Form]
    documents_of: Callable[[Row], list[Row]]

    def __init__(self, around: Surroundings, office: Office, *, first_id: int) -> None:
        self.around = around
        self.office = office
        self.register = Register(
            self.noun.lower(), self.key, around, first_id=first_id, resource=self.resource
        )
        self._contact_ids = count(first_id * 10)

    @abstractmethod
    def born(self) -> Row:
        """Fields that a new record has and that nobody writes."""

    @abstractmethod
    def summary(self, row: Row) -> Row:
        """The list row."""

    @abstractmethod
    def paid(self, row: Row) -> Decimal:
        """What was paid on all documents of the contact."""

    @abstractmethod
    def owed(self, row: Row) -> Decimal:
        """What is still due on them."""

    def key(self, row: Row) -> Key:
        return str(row["Code"])

    def create(self, body: Any) -> Row:
        row, may_vary = self._checked(body)
        row["Code"] = self._free_code(row, may_vary=may_vary)
        today = self.around.today()
        return self.register.add(row | self.born() | {"CreatedDate": today, "LastUpdatedDate": today})

    def replace(self, key: Key, body: Any) -> Row:
        old = self.register.get(key)
        row, _ = self._checked(body)
        row["Code"] = row["Code"] or old["Code"]
        if row["Code"].upper() != old["Code"].upper():
            row["Code"] = self._free_code(row, may_vary=False)
        return self.register.put(old | row | {"LastUpdatedDate": self.around.today()})

    def delete(self, key: Key) -> None:
        row = self.register.get(key)
        if reason := self.why_not_deletable(row):
            raise invalid(f"{self.noun} {row['Code']} cannot be deleted: {reason}.")
        self.register.remove(row)

    def why_not_deletable(self, row: Row) -> str:
        """The reason, or ""."""
        return "it has transactions" if self.documents_of(row) else ""

    def named(self, code: str) -> Row:
        """The contact that a document names. Raises Problem 400."""
        row = self.register.find(code)
        if row is None:
            raise invalid(f"{self.noun}Code: there is no {self.noun.lower()} {code!r}.")
        return row

    def suggested_code(self, name: str) -> str:
        return contacts.suggested_code(name, self._taken)

    def set_archived(self, codes: list[Any], archived: bool) -> None:
        for row in [self.named(str(code)) for code in codes]:
            self.register.put(row | {"IsArchived": archived})

    def _checked(self, body: Any) -> tuple[Row, bool]:
        """The record as written, without its write-only switches, and whether its code may be varied."""
        row = self.form.read(body)
        may_vary = row.pop(f"Create{self.noun}CodeIfDuplicate")
        row["Code"] = contacts.checked_code(row["Code"])
        may_name = row.pop(f"Create{self.noun}NameIfEmptyOrNull")
        row["Name"] = row["Name"].strip() or (contacts.person_name(row["Contacts"]) if may_name else "")
        if not row["Name"]:
            raise invalid(f"Name: a {self.noun.lower()} needs one.")
        currency = row["Currency"]
        row["Currency"] = self.office.currency(currency["Code"], currency["ExchangeRate"])
        row["PaymentTerms"] = contacts.terms_of(row["PaymentTerms"])
        row["TradeBorderType"] = row["TradeBorderType"] or "Domestic"
        row["Contacts"] = contacts.with_own_ids(row["Contacts"], lambda: next(self._contact_ids))
        return row, may_vary

    def _free_code(self, row: Row, *, may_vary: bool) -> str:
        code = str(row["Code"])
        if not code:
            return self.suggested_code(row["Name"])
        if not self._taken(code):
            return code
        if may_vary:
            return contacts.variant_of(code, self._taken)
        raise Problem(400, "DuplicateCode", f"Code: {code} is not unique.")

    def _taken(self, code: str) -> bool:
        return self.register.find(code) is not None
