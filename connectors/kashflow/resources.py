"""The records of KashFlow that we use, one class each: where they live and how a list of them is asked for.

Facts from reference section 3. Rows go in and come out as KashFlow names them; their meaning is the mappings'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar, Literal

from connectors.errors import Busy, Refused
from connectors.kashflow.address import record_path
from connectors.kashflow.paging import Walk, pages, walk
from connectors.kashflow.reading import Page, Row, read_row
from connectors.kashflow.values import read_decimal
from connectors.kashflow.wire import Params, Wire


class _Listed:
    """A collection that can be listed. Every method may raise any ConnectorError."""

    collection: ClassVar[str]
    list_path: ClassVar[str]
    #: Sent unless the caller says otherwise. Sorted by a unique key, the only order that holds still (section 2.4).
    defaults: ClassVar[Params] = {}

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list(self, **filters: str | int | bool) -> Walk:
        """The whole list under KashFlow's own filter names (reference section 2.5); rows are summaries."""
        return walk(self._wire, self.list_path, {**self.defaults, **filters})

    def pages(self, **filters: str | int | bool) -> Iterator[Page]:
        """The same page by page, for whoever stops early."""
        return pages(self._wire, self.list_path, {**self.defaults, **filters})

    def _get(self, *keys: str | int) -> Row:
        path = record_path(self.collection, *keys)
        return read_row(self._wire.read(path), of=path)


class _Written(_Listed):
    def create(self, body: Mapping[str, object]) -> Row:
        """The record as KashFlow made it: it may have another code than was sent (quirk 5)."""
        return self._wire.write("POST", self.collection, body)

    def _update(self, body: Mapping[str, object], *keys: str | int) -> Row:
        return self._wire.write("PUT", record_path(self.collection, *keys), body)


class Customers(_Written):
    """Keyed by `Code`."""

    collection = list_path = "customers"
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "sortby": "Code", "order": "Asc"}

    def get(self, code: str) -> Row:
        return self._get(code)

    def find(self, searchtext: str) -> Walk:
        """The summaries that KashFlow's own search finds; the caller compares exactly."""
        return self.list(searchtext=searchtext)

    def update(self, code: str, body: Mapping[str, object]) -> Row:
        """Full replacement (section 2.9): `body` is what `get` brought, changed."""
        return self._update(body, code)


class Suppliers(_Written):
    """Keyed by `Code`."""

    collection = list_path = "suppliers"
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "sortby": "Code", "order": "Asc"}

    def get(self, code: str) -> Row:
        return self._get(code)


class Invoices(_Written):
    """Keyed by `Number`."""

    collection = list_path = "invoices"
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "sortby": "Number", "order": "Asc"}

    def get(self, number: int) -> Row:
        return self._get(number)

    def update(self, number: int, body: Mapping[str, object]) -> Row:
        """Full replacement: lines and payments that are left out are gone (quirk 7)."""
        return self._update(body, number)

    def find_by_reference(self, reference: str, *, customer_code: str | None = None) -> list[Row]:
        """The summaries of all invoices whose `CustomerReference` is exactly `reference`.

        Where KashFlow's search finds none, the customer's whole list is read, if `customer_code` is given.
        Raises Busy when none was found and a list was incomplete: that proves nothing, and whoever would then
        create the invoice might create it twice.
        """
        if not reference.strip():
            raise Refused("an empty reference would match every invoice without one", system="kashflow")
        searches: list[dict[str, str]] = [{"searchtext": reference}]
        if customer_code is not None:
            searches.append({"customercode": customer_code})
        complete = True
        for search in searches:
            found = self.list(**search)
            matching = [row for row in found.rows if _has_reference(row, reference)]
            if matching:
                return matching
            complete = complete and found.complete
        if not complete:
            raise Busy(f"KashFlow left rows out while we looked for invoice {reference}", system="kashflow")
        return []


class Purchases(_Written):
    """Keyed by `Number`."""

    collection = list_path = "purchases"
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "sortby": "Number", "order": "Asc"}

    def get(self, number: int) -> Row:
        return self._get(number)

    def find_by_stamp(self, stamp: str, *, supplier_code: str) -> list[Row]:
        """The summaries of all purchases of which `stamp` is a word of the `SupplierReference`.

        Where KashFlow's search finds none, the supplier's whole list is read. Raises Busy when none was found and a list
        was incomplete: that proves nothing, and whoever would then create the purchase might create it twice.
        """
        complete = True
        for search in ({"searchtext": stamp}, {"suppliercode": supplier_code}):
            found = self.list(**search)
            matching = [row for row in found.rows if stamp in str(row.get("SupplierReference") or "").split()]
            if matching:
                return matching
            complete = complete and found.complete
        if not complete:
            raise Busy(f"KashFlow left rows out while we looked for purchase {stamp}", system="kashflow")
        return []


class Products(_Written):
    """Keyed by nominal code and product code together (section 3.5)."""

    collection = "products"
    list_path = "products/list"
    #: 100 is this list's largest page, and it would leave out what is not in use.
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "filterbyinuseonly": False}

    def get(self, nominal_code: int, code: str) -> Row:
        return self._get(nominal_code, code)

    def update(self, nominal_code: int, code: str, body: Mapping[str, object]) -> Row:
        """Full replacement."""
        return self._update(body, nominal_code, code)


class Projects(_Written):
    """Keyed by `Number` (section 3.15)."""

    collection = list_path = "projects"
    #: This list has words of its own for its order (section 2.4): 0 is by Number, and ascending.
    defaults: ClassVar[Params] = {"page": 1, "perpage": 100, "sortby": 0, "sort": 0}

    def get(self, number: int) -> Row:
        return self._get(number)

    def update(self, number: int, body: Mapping[str, object]) -> Row:
        """Full replacement."""
        return self._update(body, number)


class Nominals(_Listed):
    """The chart of accounts, keyed by `Code`."""

    collection = list_path = "nominals"

    def get(self, code: int) -> Row:
        return self._get(code)


class BankAccounts(_Listed):
    """Keyed by the numeric `Id`; the only list that leaves out archived accounts by itself."""

    collection = list_path = "bankaccounts"

    def get(self, account_id: int) -> Row:
        return self._get(account_id)


class AuditReport(_Listed):
    """What was entered, changed or deleted, a row for each line (section 2.6). May need a permission of its own."""

    collection = list_path = "reports/business/audit"
    #: 2: entered between two days, whatever date the document bears. The newest entry first.
    defaults: ClassVar[Params] = {
        "page": 1,
        "perpage": 1,
        "transactionbasedon": 2,
        "includedeleteditems": True,
        "sortby": "TransactionNumber",
        "order": "Desc",
    }

    def newest(self, first_day: str, last_day: str) -> int:
        """The highest number given between these days (`2026-03-10`, inclusive); 0 when there was no entry."""
        page = next(self.pages(startdate=first_day, enddate=last_day), None)
        rows = page.rows if page is not None else ()
        return max((int(row.get("TransactionNumber") or 0) for row in rows), default=0)


def payment_methods(wire: Wire, kind: Literal["invoice", "purchase"]) -> tuple[Row, ...]:
    """`Id` and `Name` of each method of this account; the answer's spelling is a guess (section 3.11)."""
    rows = walk(wire, record_path("paymentmethods", kind), {}).rows
    return tuple(
        {"Id": row.get("Id", row.get("MethodId")), "Name": row.get("Name", row.get("MethodName"))}
        for row in rows
    )


def vat_rates(wire: Wire) -> tuple[Decimal, ...]:
    """The percentages that the account knows, ascending, each once (section 3.10)."""
    rows = walk(wire, "vat/settings/vatrates", {}).rows
    rates = {rate for row in rows if (rate := read_decimal(row.get("VATRate"))) is not None}
    return tuple(sorted(rates))


def _has_reference(row: Row, reference: str) -> bool:
    return str(row.get("CustomerReference") or "").strip() == reference.strip()
