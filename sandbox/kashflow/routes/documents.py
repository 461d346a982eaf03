"""Invoices and purchases over REST (reference kashflow.md sections 3.2 to 3.4, 3.8)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sandbox.kashflow import sums
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.forms import Form, flags, parts, wholes
from sandbox.kashflow.office import STATUSES
from sandbox.kashflow.paging import Column, Listing, Paging, column, page_of
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.query import mentions
from sandbox.kashflow.routes.table import (
    Rest,
    body_list,
    delete_all,
    path_flag,
    record_calls,
)
from sandbox.kashflow.values import Row

_TOP_DUE = 10
_STATUS_WORDS = {word.lower(): word for word in STATUSES.values()} | {
    str(number): word for number, word in STATUSES.items()
}
_DELETIONS = Form(parts("BulkPurchaseInvoice", Form(wholes("Number", "Type"))))
_QUOTE_FIELDS = ("CustomerReference", "ProjectNumber", "Currency", "LineItems")


def list_invoices(call: Call) -> Reply:
    ledger, query = call.world.invoices, call.query
    status, archived = _status(query.text("statusfilter")), query.flag("archived")
    code = query.text("customercode").upper()
    rows = [
        row
        for row in _dated(call, ledger)
        if (archived is None or row["IsArchived"] == archived)
        and (not status or ledger.status(row) == status)
        and (not code or ledger.contact(row)["Code"].upper() == code)
    ]
    return page_of(call, _invoice_paging(ledger), Listing(rows, ledger.summary))


def list_purchases(call: Call) -> Reply:
    ledger, query = call.world.purchases, call.query
    status, kind = _status(query.text("filterby")), query.text("type").lower()
    code = query.text("suppliercode").upper()
    rows = [
        row
        for row in _dated(call, ledger)
        if (kind in {"", "all"} or row["Type"].lower() == kind)
        and (not status or ledger.status(row) == status)
        and (not code or ledger.contact(row)["Code"].upper() == code)
    ]
    return page_of(call, _purchase_paging(ledger), Listing(rows, ledger.summary))


def _dated(call: Call, ledger: DocumentLedger) -> list[Row]:
    """The readable documents that pass the filters which both kinds have."""
    query = call.query
    project, text = query.text("projectnumber"), query.text("searchtext")
    with_due = query.flag("dosearchwithdueamount") or False
    return [
        row
        for row in ledger.register.readable()
        if query.covers(row["IssuedDate"], "issuedatefrom", "issuedateto")
        and (not project or str(row["ProjectNumber"]) == project)
        and _found(ledger, row, text, with_due)
    ]


def _found(ledger: DocumentLedger, row: Row, text: str, with_due: bool) -> bool:
    contact, noun = ledger.contact(row), ledger.people.noun
    if with_due and _same_amount(text, sums.due_amount(row)):
        return True
    return mentions(text, row["Number"], row[f"{noun}Reference"], contact["Code"], contact["Name"])


def _same_amount(text: str, amount: Decimal) -> bool:
    try:
        return Decimal(text) == amount
    except InvalidOperation:
        return False


def _status(word: str) -> str:
    """The status of this name or number; "" for all."""
    if word.lower() in {"", "all", "0"}:
        return ""
    if word.lower() not in _STATUS_WORDS:
        raise invalid(f"status: {word!r} is not one of All, {', '.join(STATUSES.values())}.")
    return _STATUS_WORDS[word.lower()]


def _columns(ledger: DocumentLedger, names: tuple[str, ...]) -> list[Column]:
    """The sort values of a kind of document, numbered by their place (section 2.4)."""
    noun = ledger.people.noun
    known = {
        f"{noun}Name": lambda row: ledger.contact(row)["Name"],
        "Status": ledger.status,
        "DueAmount": sums.due_amount,
        "Type": lambda row: row.get("Type") or row["GrossAmount"] < 0,
        "Paid": lambda row: max((line["Date"] for line in row["PaymentLines"]), default=None),
    }
    stored = {
        "InvoiceDate": "IssuedDate",
        "PurchaseDate": "IssuedDate",
        "PaymentDueDate": "DueDate",
        "Gross": "GrossAmount",
        "Net": "NetAmount",
        "VAT": "VATAmount",
        "Project": "ProjectNumber",
    }
    paid = {"PaymentPaidDate": "Paid", "PaidDate": "Paid"}
    return [
        Column(number, name, known[paid.get(name, name)])
        if paid.get(name, name) in known
        else column(number, name, stored.get(name))
        for number, name in enumerate(names)
    ]


def _invoice_paging(ledger: DocumentLedger) -> Paging:
    names = (
        "Number CustomerReference CustomerName InvoiceDate PaymentDueDate GrossAmount NetAmount Status "
        "PaymentPaidDate DueAmount Type VATAmount Project"
    )
    return Paging(_columns(ledger, tuple(names.split())), total=lambda row: row["GrossAmount"])


def _purchase_paging(ledger: DocumentLedger) -> Paging:
    names = (
        "Number SupplierReference SupplierName PurchaseDate PaymentDueDate Gross Net Status PaidDate "
        "DueAmount Type Project VAT"
    )
    return Paging(_columns(ledger, tuple(names.split())), total=lambda row: row["GrossAmount"])


def top_due(call: Call, ledger: DocumentLedger) -> Reply:
    code = call.query.text(f"{ledger.people.noun.lower()}code")
    documents = ledger.of_contact(ledger.people.named(code)) if code else ledger.register.readable()
    due = [
        {"Id": row["Id"], "Number": row["Number"], "DueAmount": sums.due_amount(row)}
        for row in documents
        if sums.due_amount(row) > 0
    ]
    return Reply(sorted(due, key=lambda row: row["DueAmount"], reverse=True)[:_TOP_DUE])


def archive_invoices(call: Call) -> Reply:
    call.world.invoices.set_archived(body_list(call), path_flag(call, "archived"))
    return NO_CONTENT


def delete_purchases(call: Call) -> Reply:
    named = _DELETIONS.read(call.body())["BulkPurchaseInvoice"]
    return delete_all(call.world.purchases, [entry["Number"] for entry in named])


def create_purchases(call: Call) -> Reply:
    """Bulk create: 200 with one result per input, in its order (section 2.7)."""
    return Reply([_one_of_many(call, body) for body in body_list(call)])


def _one_of_many(call: Call, body: object) -> Row:
    try:
        row = call.world.purchases.create(body)
    except Problem as problem:
        return {"BankTransactionId": 0, "Number": 0, "ErrorCode": problem.error, "Reason": problem.message}
    return {"BankTransactionId": 0, "Number": row["Number"], "ErrorCode": "", "Reason": ""}


def convert_quotes(call: Call) -> Reply:
    """Invoices of these quotes, which are then gone unless `retainafterconversion`."""
    world, query = call.world, call.query
    if query.text("convertfrom").lower() != "quote":
        raise invalid("convertfrom: only quote can be converted into an invoice.")
    quotes = [world.quotes.detail(number) for number in body_list(call)]
    invoices = []
    for quote in quotes:
        fields = {name: quote[name] for name in (*_QUOTE_FIELDS, "CustomerCode")}
        invoices.append(world.invoices.view(world.invoices.create(fields)))
        if not query.flag("retainafterconversion"):
            world.quotes.delete(quote["Number"])
    return Reply(invoices, 201)


def purchase_options(call: Call) -> Reply:
    return Reply({"PreventDupeReceipts": call.world.office.refuses_repeated_receipts})


def write_purchase_options(call: Call) -> Reply:
    given = Form(flags("PreventDupeReceipts")).read(call.body())
    call.world.office.refuses_repeated_receipts = given["PreventDupeReceipts"]
    return purchase_options(call)


ROUTES = [
    Rest("GET", "/invoices", list_invoices),
    Rest("GET", "/invoices/topdue", lambda call: top_due(call, call.world.invoices)),
    Rest("PUT", "/invoices/archive-status/{archived}", archive_invoices),
    Rest("DELETE", "/invoicelist", lambda call: delete_all(call.world.invoices, body_list(call))),
    Rest("GET", "/nextavailableinvoicenumber", lambda call: Reply(call.world.invoices.next_number())),
    Rest("POST", "/internal/invoices", convert_quotes),
    *record_calls("/invoices", lambda world: world.invoices),
    *record_calls("/invoices/bulk/payments", lambda world: world.bulk_payments["invoices"]),
    Rest("GET", "/purchases", list_purchases),
    Rest("GET", "/purchases/topdue", lambda call: top_due(call, call.world.purchases)),
    Rest("GET", "/purchases/option", purchase_options),
    Rest("PUT", "/purchase/options", write_purchase_options),
    Rest("DELETE", "/list", delete_purchases),
    Rest("POST", "/purchaselist", create_purchases),
    Rest("GET", "/nextavailablepurchasenumber", lambda call: Reply(call.world.purchases.next_number())),
    *record_calls("/purchases", lambda world: world.purchases),
    *record_calls("/purchases/bulk/payments", lambda world: world.bulk_payments["purchases"]),
]
