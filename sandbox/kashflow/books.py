"""The books of one account: every ledger of it, and how they hang together; not its user, its faults or its seed."""

from __future__ import annotations

from sandbox.kashflow.audit import AuditTrail
from sandbox.kashflow.bank import BankAccounts
from sandbox.kashflow.bulk_payments import BulkPayments
from sandbox.kashflow.customers import Customers
from sandbox.kashflow.invoices import Invoices
from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.lines import Lines
from sandbox.kashflow.nominals import Nominals
from sandbox.kashflow.office import Office
from sandbox.kashflow.products import Products
from sandbox.kashflow.projects import Projects
from sandbox.kashflow.purchases import Purchases
from sandbox.kashflow.quotes import Quotes
from sandbox.kashflow.suppliers import Suppliers
from sandbox.kashflow.surroundings import Surroundings
from sandbox.kashflow.transactions import Transactions
from sandbox.kashflow.values import Row


class Books:
    def __init__(self, around: Surroundings, office: Office) -> None:
        self.around = around
        self.office = office
        self.audit = AuditTrail(around)
        self.transactions = Transactions(around, self.audit)
        self.bank_accounts = BankAccounts(around, office, self.transactions)
        self.nominals = Nominals(around)
        self.products = Products(around, office, self.nominals)
        self.customers = Customers(around, office, first_id=510_001)
        self.suppliers = Suppliers(around, office, first_id=610_001)
        self._open_document_ledgers()

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
