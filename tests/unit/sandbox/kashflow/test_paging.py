"""The paging envelope, page sizes, sorting and filters (reference kashflow.md sections 2.3 to 2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.kashflow_books import Books, books


def walked(kashflow: Books, path: str) -> list[dict[str, Any]]:
    """All rows, by following NextPageUrl."""
    rows: list[dict[str, Any]] = []
    following: str | None = path
    while following:
        page = kashflow.get(following)
        rows += page["Data"]
        following = page["MetaData"]["NextPageUrl"]
    return rows


def test_following_the_next_page_brings_every_row_once_and_keeps_the_filters(kashflow: Books) -> None:
    rows = walked(kashflow, "invoices?PerPage=3&SortBy=Number&Order=Desc&issuedatefrom=2026-01-01")

    numbers = [row["Number"] for row in rows]
    assert numbers == [1010, 1009, 1008, 1007, 1006, 1005, 1004, 1003]


def test_the_envelope_tells_pages_totals_and_the_sum_of_the_whole_set(kashflow: Books) -> None:
    meta = kashflow.get("invoices?page=2&perpage=4")["MetaData"]

    assert meta["TotalRecords"] == 10
    assert meta["FirstPageUrl"].endswith("page=1&perpage=4")
    assert meta["PreviousPageUrl"].endswith("page=1&perpage=4")
    assert meta["NextPageUrl"].endswith("page=3&perpage=4")
    assert meta["LastPageUrl"].endswith("page=3&perpage=4")
    assert meta["TotalAmount"] == sum(row["GrossAmount"] for row in walked(kashflow, "invoices"))
    assert meta["InvoiceLimitReached"] is False


def test_a_list_without_rows_and_a_page_beyond_the_end_are_empty_pages() -> None:
    with books(seeded=False) as kashflow:
        for path in ("customers", "invoices", "customers?page=9"):
            page = kashflow.get(path)

            assert page["Data"] == []
            assert page["MetaData"]["TotalRecords"] == 0
            assert page["MetaData"]["NextPageUrl"] is None


@pytest.mark.parametrize(
    ("path", "default", "most"),
    [
        ("customers", 50, 250),
        ("suppliers", 50, 250),
        ("invoices", 50, 250),
        ("purchases", 50, 250),
        ("quotes", 50, 250),
        ("products/list", 10, 100),
        ("bankaccounts/list", 1000, 1000),
        ("bankaccounts/55160/transactions", 10, 250),
        ("customers/BRIG01/projects", 10, 100),
        ("customers/BRIG01/advancepayments", 10, 250),
    ],
)
def test_pages_have_their_default_size_and_are_cut_at_the_most(
    kashflow: Books, path: str, default: int, most: int
) -> None:
    assert f"perpage={default}" in kashflow.get(path)["MetaData"]["FirstPageUrl"]
    assert f"perpage={most}" in kashflow.get(path, perpage=5000)["MetaData"]["FirstPageUrl"]


def test_the_cap_can_be_waived(kashflow: Books) -> None:
    meta = kashflow.get("customers?perpage=5000&skipPerPageValidation=true")["MetaData"]

    assert "perpage=5000" in meta["FirstPageUrl"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "perpage=-1", "sortby=Colour", "order=sideways"])
def test_a_parameter_that_cannot_be_meant_is_named(kashflow: Books, query: str) -> None:
    status, _, message = kashflow.refused("GET", f"customers?{query}")

    assert status == 400
    assert query.partition("=")[0] in message


@pytest.mark.parametrize(
    ("path", "by", "number", "field"),
    [
        ("customers", "Name", 0, "Name"),
        ("customers", "Code", 1, "Code"),
        ("customers", "TotalPaidAmount", 3, "TotalPaidAmount"),
        ("customers", "OutstandingBalance", 4, "OutstandingBalance"),
        ("suppliers", "TotalPaidAmount", 2, "TotalPaidAmount"),
        ("suppliers", "OutstandingBalance", 3, "OutstandingBalance"),
        ("invoices", "CustomerName", 2, "CustomerName"),
        ("invoices", "InvoiceDate", 3, "IssuedDate"),
        ("invoices", "PaymentDueDate", 4, "DueDate"),
        ("invoices", "GrossAmount", 5, "GrossAmount"),
        ("invoices", "Status", 7, "Status"),
        ("invoices", "DueAmount", 9, "DueAmount"),
        ("purchases", "SupplierName", 2, "SupplierName"),
        ("purchases", "PurchaseDate", 3, "IssuedDate"),
        ("purchases", "Gross", 5, "GrossAmount"),
        ("purchases", "VAT", 12, "VATAmount"),
    ],
)
def test_sort_values_work_by_name_and_by_number_both_ways(
    kashflow: Books, path: str, by: str, number: int, field: str
) -> None:
    for asked in (by, by.lower(), number):
        up = [row[field] for row in kashflow.get(path, sortby=asked)["Data"]]
        down = [row[field] for row in kashflow.get(path, sortby=asked, order=1)["Data"]]

        assert up == sorted(up, key=lambda value: value.lower() if isinstance(value, str) else value)
        assert down == sorted(
            up, key=lambda value: value.lower() if isinstance(value, str) else value, reverse=True
        )


def names(kashflow: Books, path: str) -> list[str]:
    return [row["Code"] for row in kashflow.get(path)["Data"]]


def test_customers_are_filtered_by_beginning_text_archive_and_creation(kashflow: Books) -> None:
    kashflow.world.customers.edit("KIRK01", IsArchived=True)
    kashflow.days_pass(1)
    kashflow.post("customers", {"Code": "LATE01", "Name": "Late Ltd"})

    assert names(kashflow, "customers?namestartswith=b") == ["BRIG01"]
    assert names(kashflow, "customers?searchtext=morag@") == ["INVE01"]
    assert names(kashflow, "customers?filterarchived=true") == ["KIRK01"]
    assert "KIRK01" not in names(kashflow, "customers?filterarchived=false")
    assert names(kashflow, "customers?startcreationdate=2026-03-11") == ["LATE01"]
    assert "LATE01" not in names(kashflow, "customers?endcreationdate=2026-03-10 12:00:00")


def numbers(kashflow: Books, path: str) -> list[int]:
    return [row["Number"] for row in kashflow.get(path)["Data"]]


def test_invoices_are_filtered_by_customer_status_text_dates_and_archive(kashflow: Books) -> None:
    kashflow.world.invoices.edit(1004, CustomerReference="SF-0061")
    kashflow.world.invoices.set_archived([1001], True)

    assert numbers(kashflow, "invoices?customercode=brig01") == [1002, 1008]
    assert numbers(kashflow, "invoices?statusfilter=Overdue") == [1003, 1005, 1007]
    assert numbers(kashflow, "invoices?statusfilter=2") == [1001, 1002, 1006]
    assert numbers(kashflow, "invoices?statusfilter=All&archived=true") == [1001]
    assert numbers(kashflow, "invoices?searchtext=sf-0061") == [1004]
    assert numbers(kashflow, "invoices?searchtext=joinery") == [1001]
    assert numbers(kashflow, "invoices?issuedatefrom=2026-03-01&issuedateto=2026-03-01") == [1009]
    assert numbers(kashflow, "invoices?issuedatefrom=2026-03-01T00:00:00.0000000Z") == [1009, 1010]
    assert numbers(kashflow, "invoices?searchtext=341.70&dosearchwithdueamount=true") == [1003]


def test_purchases_are_filtered_by_supplier_status_and_type(kashflow: Books) -> None:
    kashflow.world.purchases.edit(4, Type="Expense")

    assert numbers(kashflow, "purchases?suppliercode=TIMB01") == [1, 5]
    assert numbers(kashflow, "purchases?filterby=Paid") == [1, 2]
    assert numbers(kashflow, "purchases?type=Expense") == [4]


def test_products_not_in_use_are_listed_on_demand_only(kashflow: Books) -> None:
    kashflow.world.products.edit((4000, "BOOK-1"), InUse=False)

    assert "BOOK-1" not in names(kashflow, "products/list")
    assert "BOOK-1" in names(kashflow, "products/list?filterbyinuseonly=false")
    assert names(kashflow, "products/list?filterbycharacter=pel") == ["HEAT-1"]
