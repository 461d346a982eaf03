"""Reference lists, settings, counters and the audit report over REST (reference kashflow.md sections 2.6, 3.10 to 3.12)."""

from __future__ import annotations

from sandbox.kashflow.audit import FAMILIES
from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.office import STATUSES
from sandbox.kashflow.paging import Column, Listing, Paging, array_of, column, page_of
from sandbox.kashflow.problems import invalid, not_found
from sandbox.kashflow.routes.table import Rest, location
from sandbox.kashflow.values import Row, money, whole_number

_BY_ENTRY = "2"
_AUDIT = Paging(
    [
        column(2, "TransactionNumber"),
        column(0, "CreatedDate"),
        column(1, "Date"),
        column(3, "Type", "TransactionType"),
        column(4, "Reference"),
        column(5, "Value"),
        column(6, "Narrative"),
        Column(7, "TaxRate", lambda row: row["Vat"]["Rate"]),
        Column(8, "InputTax", lambda row: row["Vat"]["Input"]),
        Column(9, "OutputTax", lambda row: row["Vat"]["Output"]),
        Column(10, "NominalCode", lambda row: row["Nominal"]["Code"]),
        column(11, "Changes", "ChangeCount"),
        column(12, "UserName", "FullName"),
        column(13, "EntityNumber"),
    ]
)


def add_vat_rate(call: Call) -> Reply:
    row = call.world.office.add_vat_rate(money(call.keys["rate"]))
    return Reply(row, 201, {"Location": location(call, "/vat/settings/vatrates", row["VATId"])})


def remove_vat_rate(call: Call) -> Reply:
    call.world.office.remove_vat_rate(call.keys["rate"])
    return NO_CONTENT


def currency(call: Call) -> Reply:
    for row in call.world.office.currencies:
        if str(row["Id"]) == call.keys["key"]:
            return Reply(row)
    raise not_found("currency", call.keys["key"])


def counters(call: Call) -> Reply:
    """Account counters; they move when something is created or deleted, not when it is edited."""
    world = call.world
    balances = [world.bank_accounts.view(row)["BankBalance"] for row in world.bank_accounts.register.rows()]
    return Reply(
        {
            "TotalCustomerCount": len(world.customers.register),
            "TotalSupplierCount": len(world.suppliers.register),
            "TotalInvoiceCount": len(world.invoices.register),
            "TotalPurchaseCount": len(world.purchases.register),
            "TotalQuoteCount": len(world.quotes.register),
            "TotalProjectCount": len(world.projects.register),
            "TotalProductCount": len(world.products.register),
            "TotalNominalCount": len(world.nominals.register),
            "TotalBankBalance": sum(balances, money(0)),
            "TotalLoginCount": 1,
        }
    )


def audit_report(call: Call) -> Reply:
    """Rows by entry date (`transactionbasedon=2`) or by document date, both days inclusive and required."""
    query = call.query
    if query.day("startdate") is None or query.day("enddate") is None:
        raise invalid("startdate, enddate: the audit report needs both.")
    number = query.text("transactionnumber")
    families = {family for family in FAMILIES if query.flag(f"include{family}") is not False}
    with_deleted = query.flag("includedeleteditems") or False
    by_entry = query.text("transactionbasedon") in {"", _BY_ENTRY}
    rows = [
        row
        for row in call.world.audit.rows()
        if row["Family"] in families
        and (with_deleted or not row["IsDeleted"])
        and number in {"", str(row["TransactionNumber"])}
        and query.covers(row["CreatedDate"].date() if by_entry else row["Date"], "startdate", "enddate")
    ]
    return page_of(call, _AUDIT, Listing(rows, _printed))


def audit_history(call: Call) -> Reply:
    rows = call.world.audit.history(whole_number(call.keys["number"]) or 0)
    if not rows:
        raise not_found("audit transaction", call.keys["number"])
    return Reply([_printed(row) for row in rows])


def _printed(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "Family"}


def write_api_settings(call: Call) -> Reply:
    return Reply(call.world.office.write_api_settings(call.body()))


def vat_settings(call: Call) -> Reply:
    office = call.world.office
    return Reply({"VATRegistered": True, "VATScheme": "Standard", "DefaultVATRate": office.default_vat_rate})


def statuses(call: Call) -> Reply:
    return array_of(call, ({"Id": number, "Name": name} for number, name in STATUSES.items()))


ROUTES = [
    Rest("GET", "/vat/settings/vatrates", lambda call: array_of(call, call.world.office.vat_rates())),
    Rest("POST", "/vat/settings/vatrates/{rate}", add_vat_rate),
    Rest("DELETE", "/vat/settings/vatrates/{rate}", remove_vat_rate),
    Rest("GET", "/vat/settings", vat_settings),
    Rest("GET", "/countries", lambda call: array_of(call, call.world.office.countries)),
    Rest("GET", "/countries/vatrates", lambda call: Reply({})),
    Rest(
        "GET",
        "/paymentmethods/{kind}",
        lambda call: Reply(call.world.office.method_list(call.keys["kind"].lower())),
    ),
    Rest("GET", "/paymentstatuses", statuses),
    Rest("GET", "/currencies", lambda call: array_of(call, call.world.office.currencies)),
    Rest("GET", "/currencies/list", lambda call: array_of(call, call.world.office.currencies)),
    Rest("GET", "/currencies/{key}", currency),
    Rest("GET", "/metadata", counters),
    Rest("GET", "/reports/business/audit", audit_report),
    Rest("GET", "/reports/business/audit/{number}", audit_history),
    Rest("GET", "/settings/api", lambda call: Reply(call.world.office.api_settings)),
    Rest("PUT", "/settings/api", write_api_settings),
    Rest("GET", "/settings/advanced", lambda call: Reply(call.world.office.advanced_settings())),
    Rest("GET", "/settings/companydetails", lambda call: Reply(call.world.office.company_details())),
    Rest("GET", "/settings/vat", vat_settings),
]
