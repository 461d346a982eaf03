"""What customers and suppliers have in common: codes, people, addresses, terms; their own fields are elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count

from sandbox.kashflow.forms import Form, amounts, flags, part, parts, texts, wholes
from sandbox.kashflow.office import Office
from sandbox.kashflow.problems import invalid
from sandbox.kashflow.values import Row

#: Reference kashflow.md section 3.1; mind `Firstname` beside `LastName`.
CONTACT = Form(
    wholes("Id"),
    flags("IsPrimary", "ReceiveEmails"),
    texts("Name", "Title", "Firstname", "LastName", "Telephone", "Fax", "Mobile", "Website", "Email"),
)
ADDRESS = Form(texts("Name", "Line1", "Line2", "Line3", "Line4", "PostCode", "CountryCode"))
TERMS = Form(texts("Type"), wholes("Days"))
NAMED_VALUE = Form(texts("Name", "Value"))
CURRENCY = Form(texts("Code"), amounts("ExchangeRate"))

#: Fields that customers and suppliers take alike.
SHARED_FIELDS = [
    *texts("Code", "Name", "Note", "UniqueEntityNumber", "TradeBorderType"),
    *wholes("DefaultNominalCode"),
    *amounts("WithholdingTaxRate"),
    *flags("ApplyWithholdingTax", "IsCISReverseCharge", "IsArchived"),
    *parts("WithholdingTaxReferences", NAMED_VALUE),
    *parts("Contacts", CONTACT),
    *part("Currency", CURRENCY),
    *part("PaymentTerms", TERMS),
]

_SPECIAL = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_TERMS = 365
_DEFAULT_TERMS = {"Type": "AfterIssuedDate", "Days": 30}


def checked_code(code: str) -> str:
    """The code without outer blanks. Raises Problem 400 for special characters (section 4, quirk 5)."""
    code = code.strip()
    if _SPECIAL.search(code):
        raise invalid(f"Code: {code!r} has special characters; letters, digits, - and _ are allowed.")
    return code


def suggested_code(name: str, taken: Callable[[str], bool]) -> str:
    """A free code from the first letters of a name and a number, like BRIG01."""
    stem = re.sub(r"[^A-Z0-9]", "", name.upper())[:4] or "CODE"
    return next(code for number in count(1) if not taken(code := f"{stem}{number:02}"))


def variant_of(code: str, taken: Callable[[str], bool]) -> str:
    """A free code like the given one: its number counted on, or a number added."""
    stem = code.rstrip("0123456789")
    return next(other for number in count(1) if not taken(other := f"{stem}{number:02}"))


def with_own_ids(contacts: list[Row], next_id: Callable[[], int]) -> list[Row]:
    """The contacts with an Id each; when nobody is primary the first one is."""
    rows = [contact | {"Id": contact["Id"] or next_id()} for contact in contacts]
    if rows and not any(row["IsPrimary"] for row in rows):
        rows[0]["IsPrimary"] = True
    return rows


def person_name(contacts: list[Row]) -> str:
    """What stands for an empty company name: the first contact's name."""
    first = contacts[0] if contacts else {"Name": "", "Firstname": "", "LastName": ""}
    return str(first["Name"] or f"{first['Firstname']} {first['LastName']}".strip())


def address_view(address: Row, office: Office) -> Row:
    return address | {"CountryName": office.country_name(address["CountryCode"])}


def terms_of(given: Row) -> Row:
    """The terms, or the usual ones when no type is given. Raises Problem 400."""
    if not 0 <= given["Days"] <= _LONGEST_TERMS:
        raise invalid(f"PaymentTerms: Days: {given['Days']} is not between 0 and {_LONGEST_TERMS}.")
    return given if given["Type"] else dict(_DEFAULT_TERMS)


def due_date(issued: date, terms: Row) -> date:
    """When a document falls due: days after its date, or after the end of its month."""
    start = issued
    if terms["Type"] == "AfterMonthEnd":
        start = (issued.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return start + timedelta(days=terms["Days"])
