"""Products and the chart of accounts over REST (reference kashflow.md sections 3.5, 3.6); no `/products/{id}`."""

from __future__ import annotations

from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.paging import Listing, Paging, array_of, column, page_of
from sandbox.kashflow.problems import not_found
from sandbox.kashflow.query import mentions
from sandbox.kashflow.register import Key
from sandbox.kashflow.routes.table import Rest, created, record_calls, replaced
from sandbox.kashflow.values import Row, whole_number

_PRODUCTS = Paging(
    [column(0, "Code"), column(1, "Name"), column(2, "Price"), column(3, "NominalCode")],
    size=10,
    most=100,
    by=("sortcolumn", "sortby"),
)


def all_products(call: Call) -> Reply:
    products = call.world.products
    return array_of(call, map(products.view, products.register.readable()))


def list_products(call: Call) -> Reply:
    """A page of products, without those not in use unless `filterbyinuseonly=false`."""
    products, query = call.world.products, call.query
    letter = query.text("filterbycharacter").lower()
    in_use_only = query.flag("filterbyinuseonly") is not False
    rows = [
        row
        for row in products.register.readable()
        if row["Name"].lower().startswith(letter) and (row["InUse"] or not in_use_only)
    ]
    return page_of(call, _PRODUCTS, Listing(rows, products.view))


def products_of_nominal(call: Call) -> Reply:
    products = call.world.products
    return Reply([products.view(row) for row in products.under(call.keys["code"])])


def read_product(call: Call) -> Reply:
    return Reply(call.world.products.detail(_pair(call)))


def create_product(call: Call) -> Reply:
    products = call.world.products
    return created(call, "/products", products, products.create(call.body()))


def replace_product(call: Call) -> Reply:
    return replaced(call, "/products", call.world.products, _pair(call))


def delete_product(call: Call) -> Reply:
    call.world.products.delete(_pair(call))
    return NO_CONTENT


def _pair(call: Call) -> Key:
    return call.keys["nominal"], call.keys["code"]


def list_nominals(call: Call) -> Reply:
    nominals, query = call.world.nominals, call.query
    kind = query.text("type").lower()
    rows = (
        row
        for row in nominals.register.readable()
        if kind in {"", "all", row["Type"].lower()}
        and mentions(query.text("searchtext"), row["Code"], row["Name"])
    )
    return array_of(
        call, (nominals.view(row) | {"DefaultProduct": _default_product(call, row)} for row in rows)
    )


def _default_product(call: Call, nominal: Row) -> Row | None:
    products = call.world.products
    return next((products.view(row) for row in products.under(nominal["Code"]) if row["IsDefault"]), None)


def read_nominal_by_id(call: Call) -> Reply:
    return Reply(call.world.nominals.view(_nominal_by_id(call)))


def replace_nominal_by_id(call: Call) -> Reply:
    return replaced(call, "/nominals", call.world.nominals, _nominal_by_id(call)["Code"])


def _nominal_by_id(call: Call) -> Row:
    row = call.world.nominals.register.by_id(whole_number(call.keys["id"]) or 0)
    if row is None:
        raise not_found("nominal with Id", call.keys["id"])
    return row


ROUTES = [
    Rest("GET", "/products", all_products),
    Rest("POST", "/products", create_product),
    Rest("GET", "/products/list", list_products),
    Rest("GET", "/products/{nominal}/{code}", read_product),
    Rest("PUT", "/products/{nominal}/{code}", replace_product),
    Rest("DELETE", "/products/{nominal}/{code}", delete_product),
    Rest("GET", "/nominals", list_nominals),
    Rest("GET", "/nominals/{code}/products", products_of_nominal),
    Rest("GET", "/nominals/Id/{id}", read_nominal_by_id),
    Rest("PUT", "/nominals/Id/{id}", replace_nominal_by_id),
    *record_calls("/nominals", lambda world: world.nominals),
]
