"""Products, nominals, quotes, projects, settings lists and counters (reference kashflow.md sections 3.5 to 3.15)."""

from __future__ import annotations

from tests.support.kashflow_books import Books


def test_a_product_is_named_by_nominal_and_code_and_either_may_change(kashflow: Books) -> None:
    made = kashflow.post(
        "products", {"nominalcode": 4000, "code": "CONS-DAY", "name": "Day", "price": 500, "vatrate": 20}
    )
    where = "products/4000/cons-day"
    assert kashflow.get(where) == made

    assert kashflow.put(where, made | {"Price": 510})["Price"] == 510
    moved = kashflow.put(where, made | {"NominalCode": 4002, "Code": "DAY-2"}, 201)

    assert moved["Id"] == made["Id"]
    assert kashflow.refused("GET", where)[0] == 404
    assert kashflow.get("products/4002/DAY-2") == moved
    assert kashflow.get("products/4001/CONS-DAY")["Price"] == 500


def test_the_products_of_one_nominal_are_listed_alone(kashflow: Books) -> None:
    assert [row["Code"] for row in kashflow.get("nominals/4001/products")] == ["CONS-DAY", "CONS-HR"]
    assert kashflow.refused("GET", "nominals/1/products")[0] == 404


def test_a_product_without_a_rate_takes_the_accounts_and_is_in_use(kashflow: Books) -> None:
    made = kashflow.post("products", {"NominalCode": 4000, "Name": "Hinge"})

    assert (made["VATRate"], made["InUse"], made["Code"]) == (20, True, "HING01")


def test_nominals_are_read_by_code_and_by_id_and_found_by_text(kashflow: Books) -> None:
    sales = kashflow.get("nominals/4000")

    assert kashflow.get(f"nominals/Id/{sales['Id']}") == sales
    assert [row["Code"] for row in kashflow.get("nominals?searchText=turnover&type=Turnover")] == []
    assert [row["Code"] for row in kashflow.get("nominals?type=turnover")] == [4000, 4001, 4002, 4905]
    again = kashflow.post("nominals", {"Code": 4000, "Name": "Other", "CreateWhenNotPresent": True})
    assert again["Name"] == sales["Name"]
    assert kashflow.put(f"nominals/Id/{sales['Id']}", sales | {"Name": "Sales"})["Name"] == "Sales"
    assert kashflow.refused("GET", "nominals/Id/1")[0] == 404


def test_the_default_product_is_nested_in_the_list_of_nominals(kashflow: Books) -> None:
    kashflow.world.products.edit((4001, "CONS-HR"), IsDefault=True)

    rows = {row["Code"]: row["DefaultProduct"] for row in kashflow.get("nominals")}

    assert rows[4001]["Code"] == "CONS-HR"
    assert rows[4000] is None


def test_a_quote_has_sums_a_category_and_no_status(kashflow: Books) -> None:
    body = {"CustomerCode": "BRIG01", "Category": {"Number": 2}, "LineItems": [{"Rate": 100, "VATLevel": 20}]}

    made = kashflow.post("quotes", body)

    assert (made["Number"], made["GrossAmount"], made["Category"]["Name"]) == (2, 120, "Accepted")
    assert "Status" not in made
    assert kashflow.get("nextavailablequotenumber") == 3
    row = kashflow.get("quotes?customercode=BRIG01&categorynumber=2")["Data"][0]
    assert row["CustomerName"] == "Bright & Sons"
    assert "LineItems" not in row
    assert kashflow.put("quotes/2", made | {"Number": 9}, 201)["Id"] == made["Id"]
    assert kashflow.client.request("DELETE", "quotelist", json=[9]).status_code == 204
    assert kashflow.get("quotecategories/1")["Name"] == "Open"
    assert kashflow.refused("GET", "quotecategories/7")[0] == 404


def test_a_project_takes_old_and_new_status_words_and_counts_its_documents(kashflow: Books) -> None:
    made = kashflow.post("projects", {"Name": "Barn", "Status": 0, "CustomerCode": "BRIG01"})
    assert made["Status"] == "Completed"

    number = made["Number"]
    line = {"Rate": 100, "VATLevel": 20}
    kashflow.post("invoices", {"CustomerCode": "BRIG01", "ProjectNumber": number, "LineItems": [line]})
    purchase = {
        "SupplierCode": "TIMB01",
        "ProjectNumber": number,
        "LineItems": [{"Rate": 40, "VATLevel": 20}],
    }
    kashflow.post("purchases", purchase)

    (row,) = kashflow.get("projects?status=Completed&status=Archived")["Data"]
    assert (row["ActualIncome"], row["ActualExpenditure"], row["Margin"]) == (100, 40, 60)
    assert kashflow.get("customers/BRIG01/projects")["MetaData"]["TotalRecords"] == 1
    assert kashflow.client.put("projects/archive-status/true", json=[number]).status_code == 204
    assert kashflow.get(f"projects/{number}")["Status"] == "Archived"
    assert kashflow.get("nextavailableprojectnumber") == number + 1


def test_vat_rates_are_added_and_removed(kashflow: Books) -> None:
    added = kashflow.client.post("vat/settings/vatrates/17.5")

    assert added.status_code == 201
    assert added.json() == {"VATId": 4, "VATRate": 17.5, "VATText": "17.50%"}
    assert kashflow.client.delete("vat/settings/vatrates/4").status_code == 204
    assert [row["VATRate"] for row in kashflow.get("vat/settings/vatrates")] == [20, 5, 0]
    assert kashflow.refused("DELETE", "vat/settings/vatrates/4")[0] == 404


def test_the_accounts_lists_and_settings_answer(kashflow: Books) -> None:
    assert {row["Name"] for row in kashflow.get("paymentmethods/Invoice")} >= {"BACS", "Cheque", "Card"}
    assert kashflow.refused("GET", "paymentmethods/barter")[0] == 404
    assert kashflow.get("paymentstatuses")[0] == {"Id": 1, "Name": "Unpaid"}
    assert kashflow.get("currencies/1")["Code"] == "GBP"
    assert kashflow.refused("GET", "currencies/99")[0] == 404
    assert {"Id": 3, "Code": "EL", "Name": "Greece", "IsEU": True} in kashflow.get("countries")
    assert kashflow.get("countries/vatrates?date=20260310") == {}
    assert kashflow.get("settings/companydetails")["HomeCurrency"]["Code"] == "GBP"
    assert kashflow.get("settings/advanced")["DefaultVATRate"] == 20
    assert kashflow.get("vat/settings") == kashflow.get("settings/vat")
    assert kashflow.put("settings/api", {"RESTAPIEnabled": True})["APIEnabled"] is False
    assert kashflow.get("settings/api")["RESTAPIEnabled"] is True


def test_counters_move_with_creation_and_deletion_not_with_edits(kashflow: Books) -> None:
    before = kashflow.get("metadata")
    kashflow.world.customers.edit("BRIG01", Note="called")
    assert kashflow.get("metadata") == before

    kashflow.post("customers", {"Name": "One More"})
    kashflow.client.delete("invoices/1010")

    after = kashflow.get("metadata")
    assert after["TotalCustomerCount"] == before["TotalCustomerCount"] + 1
    assert after["TotalInvoiceCount"] == before["TotalInvoiceCount"] - 1
    assert after["TotalBankBalance"] == before["TotalBankBalance"]
