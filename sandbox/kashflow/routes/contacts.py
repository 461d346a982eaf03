"""Customers and suppliers over REST (reference kashflow.md sections 3.1, 3.7)."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.kashflow.contact_ledger import ContactLedger
from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.forms import Form, texts
from sandbox.kashflow.office import STATUSES
from sandbox.kashflow.paging import Column, Listing, Paging, column, page_of
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.query import Query, mentions
from sandbox.kashflow.routes.table import Rest, body_list, record_calls, replaced
from sandbox.kashflow.transactions import BY_HAND
from sandbox.kashflow.values import Row
from sandbox.kashflow.world import KashFlowWorld

#: A customer counts its money 3 and 4, a supplier 2 and 3 (section 2.4).
_FIRST_SUM = {"Customer": 3, "Supplier": 2}
_TRANSACTIONS = Paging(
    [
        column(0, "Number"),
        column(1, "Date"),
        column(2, "Project"),
        column(3, "Type"),
        column(4, "Reference"),
        column(5, "Amount"),
        column(6, "Status"),
    ]
)
_ADVANCES = Paging([column(0, "Date")], size=10)
_STATUS_NUMBERS = {name: number for number, name in STATUSES.items()}


def list_contacts(call: Call, ledger: ContactLedger) -> Reply:
    query = call.query
    first_sum = _FIRST_SUM[ledger.noun]
    paging = Paging(
        [
            column(0, "Name"),
            column(1, "Code"),
            Column(first_sum, "TotalPaidAmount", ledger.paid),
            Column(first_sum + 1, "OutstandingBalance", ledger.owed),
        ]
    )
    rows = (row for row in ledger.register.readable() if _wanted(query, row))
    return page_of(call, paging, Listing(rows, ledger.summary))


def _wanted(query: Query, row: Row) -> bool:
    archived = query.flag("filterarchived")
    return (
        row["Name"].lower().startswith(query.text("namestartswith").lower())
        and (archived is None or row["IsArchived"] == archived)
        and mentions(query.text("searchtext"), row["Code"], row["Name"], *_emails(row))
        and query.covers(row["CreatedDate"], "startcreationdate", "endcreationdate")
    )


def _emails(row: Row) -> list[str]:
    return [person["Email"] for person in row["Contacts"]]


def search(call: Call, ledger: ContactLedger) -> Reply:
    """Lookup by code, email or name; `key` is the Id. Mind the small letters of the answer."""
    by, text = call.query.text("searchby").lower() or "name", call.query.text("searchtext")
    if by not in {"code", "email", "name"}:
        raise invalid(f"searchBy: {by!r} is not code, email or name.")
    rows = ledger.register.readable()
    found = [
        {"key": row["Id"], "value": value}
        for row in rows
        for value in _values(row, by)
        if mentions(text, value)
    ]
    return Reply(found)


def _values(row: Row, by: str) -> list[str]:
    return _emails(row) if by == "email" else [row[by.capitalize()]]


def suggest_code(call: Call, ledger: ContactLedger) -> Reply:
    return Reply(ledger.suggested_code(Form(texts("Name")).read(call.body())["Name"]))


def confirm_to_delete(call: Call, ledger: ContactLedger) -> Reply:
    codes = [code for code in call.query.text(f"{ledger.noun.lower()}codes").split(",") if code.strip()]
    rows = [ledger.named(code) for code in codes]
    reasons = [ledger.why_not_deletable(row) for row in rows]
    return Reply(
        [
            {"Code": row["Code"], "CanDelete": not reason, "Reason": reason}
            for row, reason in zip(rows, reasons, strict=True)
        ]
    )


def transactions(call: Call, ledger: ContactLedger) -> Reply:
    """The feed of a contact's documents and their payments."""
    contact = ledger.register.read(call.keys["key"])
    world = call.world
    documents: DocumentLedger = world.invoices if ledger is world.customers else world.purchases
    rows = [row for document in documents.of_contact(contact) for row in _feed(documents, document)]
    return page_of(call, _TRANSACTIONS, Listing(rows, lambda row: row))


def _feed(documents: DocumentLedger, document: Row) -> list[Row]:
    status = documents.status(document)
    common = {"Project": document["ProjectNumber"], "Permalink": document["Permalink"]}
    own = common | {
        "Type": documents.kind.capitalize() if document["GrossAmount"] >= 0 else "CreditNote",
        "StatusNumber": _STATUS_NUMBERS[status],
        "Status": status,
        "Id": document["Id"],
        "Number": document["Number"],
        "ParentNumber": 0,
        "Date": document["IssuedDate"],
        "Amount": document["GrossAmount"],
        "Reference": document[f"{documents.people.noun}Reference"],
    }
    paid = {
        "Type": "Payment",
        "StatusNumber": 0,
        "Status": "",
        "ParentNumber": document["Number"],
        "Number": 0,
    }
    payments = [
        common | paid | {name: line[name] for name in ("Id", "Date", "Amount", "Reference")}
        for line in document["PaymentLines"]
    ]
    return [own, *payments]


def advance_payments(call: Call, ledger: ContactLedger) -> Reply:
    """Money entered by hand for a contact without a document."""
    contact = ledger.register.read(call.keys["key"])
    rows = [
        row
        for row in call.world.transactions.all()
        if row["EntityName"] == BY_HAND and row[f"{ledger.noun}Code"].upper() == contact["Code"].upper()
    ]
    return page_of(call, _ADVANCES, Listing(rows, _advance))


def _advance(row: Row) -> Row:
    amount = abs(row["PaidIn"] - row["PaidOut"])
    own = {name: row[name] for name in ("Id", "Date", "Comment")}
    return own | {"BankAccountId": row["AccountId"], "Amount": amount}


def replace_customer(call: Call) -> Reply:
    customers = call.world.customers
    reply = replaced(call, "/customers", customers, call.keys["key"])
    if call.query.flag("updateinvoicesaddress"):
        call.world.invoices.readdress(customers.register.get(reply.payload["Code"]))
    return reply


def archive(call: Call, ledger: ContactLedger) -> Reply:
    ledger.set_archived(body_list(call), True)
    return NO_CONTENT


def _routes(path: str, ledger_of: Callable[[KashFlowWorld], ContactLedger]) -> list[Rest]:
    """What customers and suppliers have alike, the fixed words before `{key}`."""

    def on(handler: Callable[[Call, ContactLedger], Reply]) -> Callable[[Call], Reply]:
        return lambda call: handler(call, ledger_of(call.world))

    return [
        Rest("GET", path, on(list_contacts)),
        Rest("GET", f"{path}/search", on(search)),
        Rest("GET", f"{path}/confirm-to-delete", on(confirm_to_delete)),
        Rest("POST", f"{path}/suggestedcode", on(suggest_code)),
        *record_calls(path, ledger_of),
        Rest("GET", f"{path}/{{key}}/transactions", on(transactions)),
        Rest("GET", f"{path}/{{key}}/advancepayments", on(advance_payments)),
        Rest("PUT", f"/internal{path}/archive", on(archive)),
    ]


ROUTES = [
    Rest("PUT", "/customers/{key}", replace_customer),
    *_routes("/customers", lambda world: world.customers),
    *_routes("/suppliers", lambda world: world.suppliers),
]
