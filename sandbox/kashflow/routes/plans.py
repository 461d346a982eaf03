"""Quotes and projects over REST (reference kashflow.md sections 3.13, 3.15)."""

from __future__ import annotations

from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.paging import Column, Listing, Paging, array_of, column, page_of
from sandbox.kashflow.projects import project_status
from sandbox.kashflow.query import Query, mentions
from sandbox.kashflow.routes.table import Rest, body_list, delete_all, path_flag, record_calls
from sandbox.kashflow.values import Row

_QUOTES = Paging(
    [column(0, "Number"), column(1, "CustomerReference"), column(2, "Date"), column(3, "GrossAmount")],
    total=lambda row: row["GrossAmount"],
)


def list_quotes(call: Call) -> Reply:
    quotes, query = call.world.quotes, call.query
    rows = [row for row in quotes.register.readable() if _wanted_quote(query, quotes.view(row))]
    return page_of(call, _QUOTES, Listing(rows, quotes.summary))


def _wanted_quote(query: Query, view: Row) -> bool:
    code, project = query.text("customercode").upper(), query.text("projectnumber")
    category = query.text("categorynumber")
    return (
        code in {"", view["CustomerCode"].upper()}
        and project in {"", str(view["ProjectNumber"])}
        and (not category or category == str((view["Category"] or {}).get("Number")))
        and query.covers(view["Date"], "issuedatefrom", "issuedateto")
        and mentions(
            query.text("searchtext"), view["Number"], view["CustomerReference"], view["CustomerName"]
        )
    )


def list_projects(call: Call) -> Reply:
    projects, query = call.world.projects, call.query
    statuses = {project_status(word) for word in query.all("status")}
    rows = [
        row
        for row in projects.register.readable()
        if (not statuses or row["Status"] in statuses)
        and query.text("number") in {"", str(row["Number"])}
        and mentions(query.text("name"), row["Name"])
        and mentions(query.text("ref"), row["Reference"])
        and mentions(query.text("description"), row["Description"])
        and mentions(query.text("searchtext"), row["Number"], row["Name"], row["Reference"])
    ]
    return page_of(call, _project_paging(call, size=50, most=250), Listing(rows, projects.summary))


def projects_of_customer(call: Call) -> Reply:
    customer = call.world.customers.register.read(call.keys["key"])
    projects = call.world.projects
    rows = projects.of_customer(customer)
    return page_of(call, _project_paging(call, size=10, most=100), Listing(rows, projects.summary))


def _project_paging(call: Call, *, size: int, most: int) -> Paging:
    view = call.world.projects.summary
    columns = [
        column(0, "Number"),
        column(1, "Name"),
        column(2, "Reference"),
        Column(3, "Customer", lambda row: view(row)["CustomerName"]),
        column(4, "Status"),
        Column(5, "Margin", lambda row: view(row)["Margin"]),
        column(6, "Id"),
    ]
    return Paging(columns, size, most, order=("sort", "order"))


def archive_projects(call: Call) -> Reply:
    status = "Archived" if path_flag(call, "archived") else "Active"
    call.world.projects.set_status(body_list(call), status)
    return NO_CONTENT


ROUTES = [
    Rest("GET", "/quotes", list_quotes),
    Rest("DELETE", "/quotelist", lambda call: delete_all(call.world.quotes, body_list(call))),
    Rest("GET", "/nextavailablequotenumber", lambda call: Reply(call.world.quotes.next_number())),
    Rest("GET", "/quotecategories", lambda call: array_of(call, call.world.quotes.categories)),
    Rest("GET", "/quotecategories/{key}", lambda call: Reply(call.world.quotes.category(call.keys["key"]))),
    *record_calls("/quotes", lambda world: world.quotes),
    Rest("GET", "/projects", list_projects),
    Rest("PUT", "/projects/archive-status/{archived}", archive_projects),
    Rest("DELETE", "/projectlist", lambda call: delete_all(call.world.projects, body_list(call))),
    Rest("GET", "/nextavailableprojectnumber", lambda call: Reply(call.world.projects.next_number())),
    Rest("GET", "/customers/{key}/projects", projects_of_customer),
    *record_calls("/projects", lambda world: world.projects),
]
