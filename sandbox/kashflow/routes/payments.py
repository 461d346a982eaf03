"""A payments resource, which the published API does not have (reference kashflow.md section 3.3): off unless switched on.

Its shape is ours, by analogy with the payment lines of an invoice: it adds a line, and lists those of one invoice.
"""

from __future__ import annotations

from sandbox.kashflow.endpoint import Call, Reply
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.routes.table import Rest
from sandbox.kashflow.values import whole_number


def create(call: Call) -> Reply:
    _refuse_where_there_is_none(call)
    body = call.body()
    if not isinstance(body, dict) or "InvoiceNumber" not in body:
        raise invalid("InvoiceNumber: the number of the invoice that is paid.")
    line = {name: value for name, value in body.items() if name not in ("InvoiceNumber", "Id")}
    invoices, number = call.world.invoices, str(body["InvoiceNumber"])
    before = {one["Id"] for one in invoices.register.get(number)["PaymentLines"]}
    after = invoices.edit(number, PaymentLines=[*invoices.register.get(number)["PaymentLines"], line])
    (made,) = (one for one in after["PaymentLines"] if one["Id"] not in before)
    return Reply(made | {"InvoiceNumber": after["Number"]}, 201)


def of_invoice(call: Call) -> Reply:
    _refuse_where_there_is_none(call)
    number = whole_number(call.query.text("invoicenumber"))
    if number is None:
        raise invalid("invoicenumber: the number of an invoice.")
    return Reply(call.world.invoices.detail(str(number))["PaymentLines"])


def _refuse_where_there_is_none(call: Call) -> None:
    if not call.world.has_payments_resource:
        message = f"No HTTP resource was found that matches {call.method} {call.path}."
        raise Problem(404, "NotFound", message)


ROUTES = [Rest("POST", "/payments", create), Rest("GET", "/payments", of_invoice)]
