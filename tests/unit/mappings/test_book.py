"""The book takes the user's files in place of ours, and refuses at start what could not work."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from canonical.customer import Customer
from canonical.invoice import Invoice
from mappings.book import load
from mappings.problems import BookRefused
from mappings.recordmapping import Direction
from tests.support.mappings import CONTEXT, opportunity, packaged, written_to

PACKAGED = Path(__file__).parents[3] / "mappings"


def _refused(folder: Path) -> list[str]:
    with pytest.raises(BookRefused) as refused:
        load(folder)
    return str(refused.value).splitlines()


def test_the_packaged_files_are_in_order() -> None:
    assert set(packaged().mappings) >= {
        "salesforce/opportunity",
        "salesforce/opportunity_customer",
        "salesforce/opportunity_invoice",
        "salesforce/account",
        "kashflow/invoice",
        "kashflow/customer",
    }


def test_a_file_of_the_user_takes_the_place_of_ours_and_no_other(tmp_path: Path) -> None:
    ours = (PACKAGED / "salesforce/opportunity.yaml").read_text(encoding="utf-8")
    folder = written_to(
        tmp_path, {"salesforce/opportunity.yaml": ours.replace("from: CloseDate", "from: Invoice_Date__c")}
    )

    book = load(folder)

    invoice = book.mapping("salesforce/opportunity").read(opportunity(Invoice_Date__c="2026-05-01"), CONTEXT)
    assert isinstance(invoice, Invoice)
    assert invoice.issued_on.month == 5
    assert "Invoice_Date__c" in book.flow("opportunity_to_invoice").plan.fields
    assert book.mapping("kashflow/invoice").fields() == packaged().mapping("kashflow/invoice").fields()


def test_custom_fields_are_mapped_by_yaml_alone(tmp_path: Path) -> None:
    account = (PACKAGED / "salesforce/account.yaml").read_text(encoding="utf-8")
    customer = (PACKAGED / "kashflow/customer.yaml").read_text(encoding="utf-8")
    folder = written_to(
        tmp_path,
        {
            "salesforce/account.yaml": account.replace(
                "\nwrite:",
                "\n  custom.region: Region__c\n  custom.vip: {from: VIP__c, then: [flag]}\nwrite:\n  Region__c: custom.region",
            ),
            "kashflow/customer.yaml": customer.replace(
                "\nwrite:",
                "\n  custom.region: CustomTextBoxes[Name=Region].Value\n"
                "\nwrite:\n"
                "  CustomTextBoxes[Name=Region].Value: custom.region\n"
                "  CustomCheckBoxes[Name=VIP].Value: custom.vip",
            ),
        },
    )
    book = load(folder)
    record = opportunity()["Account"] | {"Region__c": "North", "VIP__c": True}

    found = book.mapping("salesforce/account").read(record, CONTEXT)
    body = book.mapping("kashflow/customer").write(found, CONTEXT)
    whole = book.mapping("kashflow/customer").overlay(
        body, {"CustomTextBoxes": [{"Name": "Tier", "Value": "Gold"}]}
    )

    assert body["CustomTextBoxes"] == [{"Name": "Region", "Value": "North"}]
    assert body["CustomCheckBoxes"] == [{"Name": "VIP", "Value": True}]
    assert whole["CustomTextBoxes"] == [
        {"Name": "Tier", "Value": "Gold"},
        {"Name": "Region", "Value": "North"},
    ]
    read_back = book.mapping("kashflow/customer").read(body, CONTEXT)
    assert isinstance(read_back, Customer)
    assert read_back.custom == {"region": "North"}
    assert "Region__c" in book.mapping("salesforce/account").fields().fields


def test_a_mapping_of_the_users_own_is_loaded_too(tmp_path: Path) -> None:
    folder = written_to(
        tmp_path, {"kashflow/goods.yaml": "object: Product\nmodel: Product\nread: {code: Code, name: Name}"}
    )

    product = load(folder).mapping("kashflow/goods").read({"Code": "A", "Name": "B"}, CONTEXT)

    assert product.model_dump()["code"] == "A"


def test_every_fault_of_every_file_is_listed_with_its_line(tmp_path: Path) -> None:
    folder = written_to(
        tmp_path,
        {
            "salesforce/account.yaml": "object: Account\nmodel: Customer\nread:\n  nme: Name\n  name: {from: Name, then: [up]}\n",
            "kashflow/invoice.yaml": "object: Invoice\nmodel: Journal\nread: {}\n",
        },
    )

    lines = _refused(folder)

    assert any(
        line.startswith(f"{folder}/salesforce/account.yaml:4: 'nme': Customer has no field 'nme'")
        for line in lines
    )
    assert any(
        line.startswith(f"{folder}/salesforce/account.yaml:5: 'up' is not known here") for line in lines
    )
    assert any(
        line.startswith(f"{folder}/kashflow/invoice.yaml:2: 'Journal' is not known here") for line in lines
    )


START = "object: Account\nmodel: Customer\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "is empty; expected a mapping"),
        ("- a", 1, "expected a mapping (key: value), found a list"),
        ("object: [", 1, "not YAML"),
        ("object: Account\nread: {}", 1, "lacks model"),
        (START, 1, "says nothing; expected a read or a write section"),
        (START + "reed: {}", 3, "unknown key 'reed'; expected one of key, model, object, read"),
        ("object: Bobby'; DROP\nmodel: Customer\nread: {}", 1, "expected the name of an object"),
        (START + "read: {name: Owner.Name}", 3, "'Owner' is not declared under relations; declared: none"),
        (
            START + "relations: {Contacts: {object: Contact}}\nread: {name: Contacts.0.Name}",
            4,
            "is not declared as many",
        ),
        (
            START + "relations: {A.B: {object: C}}\nread: {}",
            3,
            "is reached through 'A'; expected that to be declared",
        ),
        (START + "relations: {A: {object: C, limit: 1}}\nread: {}", 3, "limit needs many: true"),
        (
            START + "relations: {A: {object: C, many: true, order: ['Id; x']}}\nread: {}",
            3,
            "expected a field, or a field",
        ),
        (START + "read: {name.first: Name}", 3, "nothing is inside"),
        (START + "read: {address.lines: Name}", 3, "Address has no field 'lines'"),
        (START + "read: {contacts: {each: Contacts}}", 3, "lacks fields"),
        (START + "read: {contacts: {each: Name, fields: {nick: Name}}}", 3, "Contact has no field 'nick'"),
        (START + "write: {Name: nme}", 3, "'nme': Customer has no field 'nme'"),
        (START + "write: {Name: {from: name, create: true}}", 3, "unknown key 'create'"),
        (START + "read: {name: {from: Name, create_only: true}}", 3, "unknown key 'create_only'"),
        (START + "write: {'A.0': name}", 3, "expected a path that ends in a name"),
        (START + "write: {A: name, A.B: name}", 3, "filled in two ways"),
        (START + "write: {A.B: name, 'A[K=V].B': name}", 3, "filled in two ways"),
        (START + "write: {A.B: name, A: name}", 3, "'A' is filled twice"),
        (START + "tables: {t: missing}\nread: {}", 3, "'missing' is not known here; expected one of given"),
    ],
)
def test_a_file_that_cannot_work_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    folder = written_to(tmp_path, {"salesforce/mine.yaml": text})

    (fault,) = _refused(folder)

    assert fault.startswith(f"{folder}/salesforce/mine.yaml:{line}: ")
    assert said in fault


def test_a_file_that_would_never_be_read_is_refused(tmp_path: Path) -> None:
    folder = written_to(
        tmp_path, {"salesforce/account.yml": "", "sales/account.yaml": "", "notes.txt": "not ours"}
    )

    faults = _refused(folder)

    assert len(faults) == 2
    assert all("would never be read; expected flows.yaml or countries.yaml or" in fault for fault in faults)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert _refused(tmp_path / "nowhere") == [
        f"{tmp_path}/nowhere:0: is not a folder; expected the folder of your mapping files"
    ]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flows.yaml").write_bytes(b"\xff\xfe")

    assert _refused(tmp_path)[0].startswith(f"{tmp_path}/flows.yaml:0: cannot be read")


def test_countries_may_be_added(tmp_path: Path) -> None:
    ours = (PACKAGED / "countries.yaml").read_text(encoding="utf-8")
    book = load(written_to(tmp_path, {"countries.yaml": f"{ours}\n  Narnia: GB\n"}))
    account = opportunity()["Account"] | {"BillingCountry": "NARNIA"}

    invoice = book.mapping("salesforce/opportunity").read(opportunity(Account=account), CONTEXT)

    assert isinstance(invoice, Invoice)
    assert invoice.lines[0].vat_rate == Decimal(20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("eu: []", "lacks names"),
        ("eu: [france]\nnames: {}", "two capital letters, found 'france'"),
        ("names: 1\neu: []", "a mapping"),
    ],
)
def test_a_countries_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in _refused(written_to(tmp_path, {"countries.yaml": text}))[0]


def test_a_mapping_is_only_used_for_what_it_says() -> None:
    book = packaged()
    invoice = book.mapping("salesforce/opportunity").read(opportunity(), CONTEXT)

    with pytest.raises(TypeError, match="salesforce/opportunity has no write section"):
        book.mapping("salesforce/opportunity").write(invoice, CONTEXT)
    with pytest.raises(TypeError, match="kashflow/customer writes Customer, not Invoice"):
        book.mapping("kashflow/customer").write(invoice, CONTEXT)


@pytest.mark.parametrize(
    ("mapping", "ours", "direction", "theirs"),
    [
        ("salesforce/invoice", "net", "write", "Net__c"),
        ("salesforce/invoice", "gross", "write", "Gross__c"),
        ("salesforce/invoice", "issued_on", "write", "Invoice_Date__c"),
        ("salesforce/opportunity_invoice", "id", "write", "KashFlow_Invoice_Id__c"),
        ("salesforce/opportunity", "issued_on", "read", "CloseDate"),
        ("kashflow/invoice", "issued_on", "read", "IssuedDate"),
        ("kashflow/bank_transaction", "booked_on", "read", "Date"),
        ("salesforce/bank_transaction", "amount.amount", "write", "Amount__c"),
        ("salesforce/supplier", "net", "write", ""),
    ],
)
def test_a_mapping_tells_which_field_shows_one_of_ours(
    mapping: str, ours: str, direction: Direction, theirs: str
) -> None:
    """`Type__c` depends on the gross amount too, and does not show it."""
    assert packaged().mapping(mapping).field_for(ours, direction) == theirs
