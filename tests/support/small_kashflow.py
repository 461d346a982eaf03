"""A KashFlow of customers and invoices in memory, behind the real client's transport; quick enough for thousands of steps.

It keeps the rules that the delivery guarantees lean on: codes of customers are unique, invoices are not, a request whose
answer is lost may have been carried out or be carried out later, and lists may leave rows out
(reference kashflow.md sections 2 and 3, quirks 3, 5 and 18). The whole of KashFlow is in `sandbox/kashflow`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx

from connectors.kashflow.writing import to_json
from tests.support.moments import MADE, Moments

Row = dict[str, Any]

#: What may be wrong with the next request: the answer that comes, and whether the request is carried out.
REFUSES = "refuses"
TOO_SLOW_BEFORE = "its database times out, nothing done"
TOO_SLOW_AFTER = "its database times out, all done"
UNREACHABLE = "unreachable"
CUT_BEFORE = "cut off, nothing done"
CUT_AFTER = "cut off, all done"
CUT_AND_LATE = "cut off, done later"
BUSY = "busy"
PAGE = "a page instead of JSON, all done"
SHORT_LIST = "a list without its last row"
TROUBLES_OF_READS = (UNREACHABLE, CUT_BEFORE, TOO_SLOW_BEFORE, BUSY, PAGE, SHORT_LIST)
TROUBLES_OF_WRITES = (
    REFUSES, TOO_SLOW_BEFORE, TOO_SLOW_AFTER, UNREACHABLE, CUT_BEFORE, CUT_AFTER, CUT_AND_LATE, BUSY, PAGE,
)  # fmt: skip

#: How late a request may be carried out that was cut off; together with the longest time for which a worker is held
#: up before its request, less than the seconds of doubt.
LATE = timedelta(seconds=45)

_LOGIN: dict[str, Row] = {
    "POST": {"TemporaryToken": "t", "MemorableWordList": [{"Position": 1, "Value": ""}]},
    "PUT": {"SessionToken": "s"},
}


class SmallKashFlow:
    """The books. Troubles happen to the next requests, one each: those of reads to GETs, those of writes to POSTs."""

    def __init__(self, clock: Callable[[], datetime], moments: Moments) -> None:
        self._clock = clock
        self._moments = moments
        self.customers: list[Row] = []
        self.invoices: list[Row] = []
        self.troubles: dict[str, list[str]] = {"GET": [], "POST": []}
        self._late: list[tuple[datetime, str, Row]] = []

    def pay(self, invoice: Row) -> None:
        """A bookkeeper books a payment of the whole invoice, or takes it back."""
        is_paid = invoice["Status"] == "Paid"
        paid = Decimal("0.00") if is_paid else invoice["GrossAmount"]
        invoice |= {
            "Status": "Unpaid" if is_paid else "Paid",
            "TotalPaidAmount": paid,
            "DueAmount": invoice["GrossAmount"] - paid,
        }

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = unquote(request.url.path.removeprefix("/v2/"))
        if path == "sessiontoken":
            return _said(200, _LOGIN[request.method])
        self._carry_out_what_is_late()
        troubles = self.troubles[request.method]
        trouble = troubles.pop(0) if troubles else ""
        if trouble == CUT_AND_LATE:
            self._late.append((self._clock() + LATE, path, _read(request)))
        if trouble in _INSTEAD:
            return _INSTEAD[trouble](request)
        response = self._served(request, path, short=trouble == SHORT_LIST)
        if request.method == "POST" and response.is_success:
            self._moments.passed(MADE)
        return _AFTERWARDS[trouble](request) if trouble in _AFTERWARDS else response

    def _carry_out_what_is_late(self) -> None:
        due = [late for late in self._late if late[0] <= self._clock()]
        self._late = [late for late in self._late if late not in due]
        for _, path, body in due:
            self._make(path, body)

    def _served(self, request: httpx.Request, path: str, *, short: bool) -> httpx.Response:
        noun, _, key = path.partition("/")
        if request.method == "POST":
            return self._make(noun, _read(request))
        rows = self.customers if noun == "customers" else self.invoices
        if key:
            name = "Code" if noun == "customers" else "Number"
            found = next((row for row in rows if str(row[name]) == key), None)
            return _problem("NotFound", 404) if found is None else _said(200, found)
        listed = [row for row in rows if _is_listed(row, dict(request.url.params))]
        shown = listed[:-1] if short else listed
        return _said(200, {"Data": shown, "MetaData": {"TotalRecords": len(listed)}})

    def _make(self, noun: str, body: Row) -> httpx.Response:
        if noun == "customers":
            if any(row["Code"] == body["Code"] for row in self.customers):
                return _problem("CodeTaken")
            made = {"Id": 9000 + len(self.customers), **body}
            self.customers.append(made)
        else:
            made = _with_sums({"Id": 7000 + len(self.invoices), "Number": 1 + len(self.invoices), **body})
            self.invoices.append(made)
        return _said(201, made)


class SmallKashFlowTransport(httpx.BaseTransport):
    """Leads one client to whatever small KashFlow a test has at the moment: to log in is slow on purpose."""

    def __init__(self, on_its_way: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        self.world: SmallKashFlow | None = None
        self._on_its_way = on_its_way

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert self.world is not None, "no world is there to be asked"
        return self._on_its_way(request, self.world.answer(request))


def _refused_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def _cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("cut", request=request)


def _timed_out(_: httpx.Request) -> httpx.Response:
    return _problem("-2146232060")


#: What comes in the place of the answer, when nothing is done, and when all is.
_INSTEAD: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    UNREACHABLE: _refused_connection,
    CUT_BEFORE: _cut,
    CUT_AND_LATE: _cut,
    TOO_SLOW_BEFORE: _timed_out,
    BUSY: lambda _: httpx.Response(503),
    REFUSES: lambda _: _problem("ValidationError"),
}
_AFTERWARDS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    CUT_AFTER: _cut,
    TOO_SLOW_AFTER: _timed_out,
    PAGE: lambda _: httpx.Response(200, text="<html>Sorry</html>"),
}


def _read(request: httpx.Request) -> Row:
    body: Row = json.loads(request.content, parse_float=Decimal)
    return body


def _said(status: int, body: Row) -> httpx.Response:
    return httpx.Response(status, content=to_json(body).encode())


def _problem(code: str, status: int = 400) -> httpx.Response:
    return _said(status, {"Error": code, "Message": "as the test says"})


def _is_listed(row: Row, query: dict[str, str]) -> bool:
    if "customercode" in query and row.get("CustomerCode") != query["customercode"]:
        return False
    if "namestartswith" in query and not row["Name"].startswith(query["namestartswith"]):
        return False
    text = query.get("searchtext", "")
    return any(text in str(row.get(name, "")) for name in ("Name", "Code", "CustomerReference"))


def _with_sums(invoice: Row) -> Row:
    lines = invoice["LineItems"]
    net = sum((Decimal(line["Quantity"]) * Decimal(line["Rate"]) for line in lines), Decimal("0.00"))
    vat = sum((Decimal(line["VATAmount"]) for line in lines), Decimal("0.00"))
    return invoice | {
        "NetAmount": net,
        "VATAmount": vat,
        "GrossAmount": net + vat,
        "DueAmount": net + vat,
        "TotalPaidAmount": Decimal("0.00"),
        "Status": "Unpaid",
        "Permalink": f"/invoices/{invoice['Number']}",
    }
