"""The small KashFlow as one object: every ledger of one account, its user, its faults; no HTTP.

Tests and the control path change it here as a person in the web app would; the REST routes use the same methods.
"""

from __future__ import annotations

import random

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.kashflow import seed
from sandbox.kashflow.audit import AuditTrail
from sandbox.kashflow.bank import BankAccounts
from sandbox.kashflow.bulk_payments import BulkPayments
from sandbox.kashflow.customers import Customers
from sandbox.kashflow.faults import KASHFLOW_FAULTS
from sandbox.kashflow.invoices import Invoices
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.lines import Lines
from sandbox.kashflow.nominals import Nominals
from sandbox.kashflow.products import Products
from sandbox.kashflow.projects import Projects
from sandbox.kashflow.purchases import Purchases
from sandbox.kashflow.quotes import Quotes
from sandbox.kashflow.sessions import Credentials, SessionRules, Sessions
from sandbox.kashflow.suppliers import Suppliers
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.transactions import Transactions
from sandbox.kashflow.values import Row


class KashFlowWorld:
    """One account. `seeded` False leaves out customers, documents and the like, not the lists they refer to."""

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        faults: Faults | None = None,
        *,
        credentials: Credentials | None = None,
        session_rules: SessionRules | None = None,
        seeded: bool = True,
    ) -> None:
        self.faults = faults or Faults(KASHFLOW_FAULTS, rng)
        self.around = Surroundings(clock, rng, self.faults)
        self.credentials = credentials or Credentials()
        self.sessions = Sessions(self.credentials, self.around, session_rules or SessionRules())
        books = seed.read_seed()
        self.office = seed.open_office(books)
        self.audit = AuditTrail(self.around)
        self.transactions = Transactions(self.around, self.audit)
        self.bank_accounts = BankAccounts(self.around, self.office, self.transactions)
        self.nominals = Nominals(self.around)
        self.products = Products(self.around, self.office, self.nominals)
        self.customers = Customers(self.around, self.office, first_id=510_001)
        self.suppliers = Suppliers(self.around, self.office, first_id=610_001)
        self._open_document_ledgers()
        seed.plant_lists(self, books)
        if seeded:
            seed.plant_business(self, books)

    def _open_document_ledgers(self) -> None:
        around, office, bank, audit = self.around, self.office, self.bank_accounts, self.audit
        selling = Lines(office, self.nominals, self.products, default_nominal=4000)
        buying = Lines(office, self.nominals, self.products, default_nominal=5000)
        self.invoices = Invoices(
            around, office, self.customers, selling, bank, audit, first_id=810_001, first_number=1001
        )
        self.purchases = Purchases(
            around, office, self.suppliers, buying, bank, audit, first_id=870_001, first_number=1
        )
        self.customers.documents_of = self.invoices.of_contact
        self.suppliers.documents_of = self.purchases.of_contact
        self.quotes = Quotes(around, self.customers, selling)
        self.projects = Projects(around, self.customers)
        self.projects.documents = lambda: (self.invoices.register.rows(), self.purchases.register.rows())
        self.bulk_payments = {
            "invoices": BulkPayments(around, self.invoices, bank, first_id=960_001),
            "purchases": BulkPayments(around, self.purchases, bank, first_id=980_001),
        }

    @property
    def ledgers(self) -> dict[str, Ledger]:
        """Every ledger by the name of its REST resource."""
        ledgers: tuple[Ledger, ...] = (
            self.customers,
            self.suppliers,
            self.invoices,
            self.purchases,
            self.products,
            self.nominals,
            self.quotes,
            self.projects,
            self.bank_accounts,
        )
        return {ledger.resource: ledger for ledger in ledgers}

    def state(self) -> dict[str, list[Row]]:
        """Everything as GETs of one would show it, for comparing record by record."""
        records = {name: ledger.state() for name, ledger in self.ledgers.items()}
        moved = [self.transactions.detail(row) for row in self.transactions.all()]
        return records | {"banktransactions": moved}
