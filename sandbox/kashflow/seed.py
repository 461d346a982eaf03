"""What the account holds when the sandbox starts: the books of a small invented British firm; data, no rules."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sandbox.kashflow.documents import DocumentLedger
from sandbox.kashflow.office import Office
from sandbox.kashflow.values import Row, money

if TYPE_CHECKING:
    from sandbox.kashflow.world import KashFlowWorld

COMPANY = "Sandbox Trading Ltd"

_CURRENCIES = (
    ("GBP", "British Pound", "£", "1"),
    ("EUR", "Euro", "€", "1.1700"),
    ("USD", "US Dollar", "$", "1.2700"),
)
_COUNTRIES = (
    ("GB", "United Kingdom", False),
    ("DE", "Germany", True),
    ("EL", "Greece", True),
    ("ES", "Spain", True),
    ("FR", "France", True),
    ("IE", "Ireland", True),
    ("IT", "Italy", True),
    ("NL", "Netherlands", True),
    ("AU", "Australia", False),
    ("CA", "Canada", False),
    ("CH", "Switzerland", False),
    ("US", "United States", False),
)
_METHODS = {
    "invoice": {409844: "BACS", 409845: "Cheque", 409846: "Card", 409847: "Cash", 409848: "Direct Debit"},
    "purchase": {409944: "BACS", 409945: "Cheque", 409946: "Card", 409947: "Cash"},
}
_NOMINALS = (
    (1100, "Debtors Control", "CurrentAsset", 0),
    (1200, "Current Account", "CurrentAsset", 0),
    (1210, "Reserve Account", "CurrentAsset", 0),
    (2100, "Creditors Control", "CurrentLiability", 0),
    (2200, "VAT Control", "CurrentLiability", 0),
    (4000, "Sale of Goods and Services", "Turnover", 1),
    (4001, "Consulting", "Turnover", 1),
    (4002, "Support Contracts", "Turnover", 1),
    (4905, "Carriage Charged", "Turnover", 1),
    (5000, "Cost of Goods", "Purchases", 0),
    (5100, "Carriage", "Purchases", 0),
    (7100, "Rent", "Overheads", 0),
    (7200, "Electricity", "Overheads", 0),
    (7502, "Telephone and Internet", "Overheads", 0),
    (7504, "Stationery", "Overheads", 0),
    (7901, "Bank Charges", "Overheads", 0),
)
_PRODUCTS = (
    (4000, "BRKT-S", "Steel bracket, small", "4.50", 20),
    (4000, "BRKT-L", "Steel bracket, large", "7.95", 20),
    (4000, "HEAT-1", "Wood pellet heater", "640.00", 5),
    (4000, "BOOK-1", "Fitter's handbook", "18.00", 0),
    (4001, "CONS-DAY", "Consulting day", "500.00", 20),
    (4001, "CONS-HR", "Consulting hour", "75.00", 20),
    (4002, "SUP-GOLD", "Gold support, one year", "1200.00", 20),
    (4905, "CARR", "Carriage", "9.50", 20),
)
_CUSTOMERS = (
    ("ASHF01", "Ashfield Joinery Ltd", "Priya", "Shah", "12 Mill Lane", "Leeds", "LS1 4AB", "GB", 30),
    ("BRIG01", "Bright & Sons", "Jo", "Bright", "1 High Street", "Bradford", "BD1 1AA", "GB", 30),
    (
        "CALD01",
        "Calder Valley Foods Ltd",
        "Tom",
        "Ackroyd",
        "Unit 4, Wharf Road",
        "Halifax",
        "HX1 2QD",
        "GB",
        14,
    ),
    ("DUNM01", "Dunmore Hotels plc", "Aoife", "Byrne", "80 Queen Street", "Glasgow", "G1 3DN", "GB", 60),
    ("ELMS01", "Elms Primary School", "Grace", "Okafor", "Elm Grove", "York", "YO10 5DD", "GB", 30),
    ("FERN01", "Fernhill Dental Practice", "Samir", "Patel", "9 Park Row", "Bristol", "BS1 5LJ", "GB", 30),
    ("GALW01", "Galway Marine Supplies", "Niamh", "Kelly", "3 Dock Road", "Galway", "H91 X4P2", "IE", 30),
    ("HART01", "Hartley Motors", "Dave", "Hartley", "Station Yard", "Derby", "DE1 2RU", "GB", 7),
    ("INVE01", "Inverkip Boatyard", "Morag", "Reid", "The Harbour", "Inverkip", "PA16 0AS", "GB", 30),
    (
        "JUNI01",
        "Juniper Interiors Ltd",
        "Ella",
        "Brooks",
        "22 Castle Gate",
        "Nottingham",
        "NG1 7AR",
        "GB",
        30,
    ),
    ("KIRK01", "Kirkby Parish Council", "Alan", "Moss", "Village Hall", "Kirkby", "L32 8US", "GB", 30),
    ("LUMI01", "Lumière Éclairage SARL", "Chloé", "Martin", "14 rue du Port", "Lyon", "69002", "FR", 30),
)
_SUPPLIERS = (
    ("TIMB01", "Timber Co", 5000, "Quay Street", "Hull", "HU1 1UU"),
    ("STEE01", "Steelworks Direct Ltd", 5000, "Furnace Road", "Sheffield", "S3 8AB"),
    ("NORT01", "Northern Power", 7200, "PO Box 12", "Newcastle upon Tyne", "NE1 4ST"),
    ("OFFI01", "Office Basket", 7504, "5 Market Place", "Leeds", "LS1 6DG"),
)
#: Customer, days ago, lines of (nominal, product, description, quantity, rate, VAT level), paid share.
_INVOICES: tuple[tuple[str, int, tuple[tuple[int, str, str, str, str, int], ...], str], ...] = (
    ("ASHF01", 95, ((4000, "BRKT-S", "Steel bracket, small", "40", "4.50", 20),), "1"),
    ("BRIG01", 80, ((4001, "CONS-DAY", "Consulting day", "2", "500.00", 20),), "1"),
    (
        "CALD01",
        62,
        (
            (4000, "HEAT-1", "Wood pellet heater", "1", "640.00", 5),
            (4905, "CARR", "Carriage", "1", "9.50", 20),
        ),
        "0.5",
    ),
    ("DUNM01", 50, ((4002, "SUP-GOLD", "Gold support, one year", "1", "1200.00", 20),), "0"),
    ("ELMS01", 41, ((4000, "BOOK-1", "Fitter's handbook", "12", "18.00", 0),), "0"),
    ("FERN01", 33, ((4001, "CONS-HR", "Consulting hour", "3", "75.00", 20),), "1"),
    ("HART01", 20, ((4000, "BRKT-L", "Steel bracket, large", "25", "7.95", 20),), "0"),
    ("BRIG01", 12, ((4001, "CONS-DAY", "Consulting day, credited", "-1", "500.00", 20),), "0"),
    (
        "JUNI01",
        9,
        (
            (4001, "CONS-DAY", "Consulting day", "1", "500.00", 20),
            (4000, "BRKT-S", "Steel bracket, small", "10", "4.50", 20),
        ),
        "0",
    ),
    ("LUMI01", 4, ((4000, "HEAT-1", "Wood pellet heater", "2", "640.00", 0),), "0"),
)
#: Supplier, days ago, nominal, description, net, VAT level, paid in full.
_PURCHASES = (
    ("TIMB01", 75, 5000, "Oak boards", "420.00", 20, True),
    ("STEE01", 48, 5000, "Sheet steel", "890.00", 20, True),
    ("NORT01", 30, 7200, "Electricity", "212.40", 5, False),
    ("OFFI01", 11, 7504, "Paper and toner", "64.20", 20, False),
    ("TIMB01", 5, 5000, "Pine battens", "150.00", 20, False),
)


def office() -> Office:
    currencies = [
        {
            "Id": number,
            "Code": code,
            "Name": name,
            "Symbol": symbol,
            "DisplaySymbolOnRight": False,
            "ExchangeRate": money(rate),
        }
        for number, (code, name, symbol, rate) in enumerate(_CURRENCIES, 1)
    ]
    countries = [
        {"Id": number, "Code": code, "Name": name, "IsEU": in_eu}
        for number, (code, name, in_eu) in enumerate(_COUNTRIES, 1)
    ]
    return Office(
        company=COMPANY,
        vat_rates=["20", "5", "0"],
        currencies=currencies,
        countries=countries,
        methods=_METHODS,
    )


def plant_lists(world: KashFlowWorld) -> None:
    """Nominals and bank accounts, without which no document can be written."""
    for code, name, kind, is_product in _NOMINALS:
        world.nominals.create(
            {"Code": code, "Name": name, "Type": kind, "Classification": kind, "IsProduct": is_product}
        )
    for code, name, start in ((1200, "Current Account", "12500.00"), (1210, "Reserve Account", "40000.00")):
        world.bank_accounts.create(
            {
                "AccountName": name,
                "Code": code,
                "IsDefaultAccount": code == 1200,
                "StartingAmount": start,
                "StartingDate": world.around.today() - timedelta(days=365),
                "DefaultInvoicePaymentType": {"Id": 409844},
                "DefaultPurchasePaymentType": {"Id": 409944},
            }
        )


def plant_business(world: KashFlowWorld) -> None:
    """Customers, suppliers, products and some months of trade before today."""
    for nominal, code, name, price, rate in _PRODUCTS:
        world.products.create(
            {"NominalCode": nominal, "Code": code, "Name": name, "Price": price, "VATRate": rate}
        )
    for customer in _CUSTOMERS:
        world.customers.create(_customer(*customer))
    for code, name, nominal, street, town, postcode in _SUPPLIERS:
        address = _address(street, town, postcode, "GB")
        world.suppliers.create(
            {"Code": code, "Name": name, "DefaultNominalCode": nominal, "Address": address}
        )
    _trade(world)


def _customer(
    code: str,
    name: str,
    first: str,
    last: str,
    street: str,
    town: str,
    postcode: str,
    country: str,
    days: int,
) -> Row:
    email = f"{first}@{code}.example".lower().encode("ascii", "ignore").decode()
    person = {
        "IsPrimary": True,
        "Firstname": first,
        "LastName": last,
        "Email": email,
        "Telephone": "01632 960100",
    }
    return {
        "Code": code,
        "Name": name,
        "Contacts": [person],
        "Addresses": [_address(street, town, postcode, country)],
        "Currency": {"Code": "EUR" if country in {"FR", "IE"} else "GBP"},
        "PaymentTerms": {"Type": "AfterIssuedDate", "Days": days},
        "TradeBorderType": "Domestic" if country == "GB" else "EU",
    }


def _address(street: str, town: str, postcode: str, country: str) -> Row:
    return {"Line1": street, "Line2": town, "PostCode": postcode, "CountryCode": country}


def _trade(world: KashFlowWorld) -> None:
    today = world.around.today()
    account = world.bank_accounts.register.rows()[0]["Id"]
    reserve = world.bank_accounts.register.rows()[1]["Id"]
    for code, days_ago, lines, paid_share in _INVOICES:
        issued = today - timedelta(days=days_ago)
        invoice = world.invoices.create(
            {"CustomerCode": code, "IssuedDate": issued, "LineItems": [_line(*line) for line in lines]}
        )
        _pay(world.invoices, invoice, Decimal(paid_share), account, 409844)
    for code, days_ago, nominal, text, net, rate, paid in _PURCHASES:
        line = _line(nominal, "", text, "1", net, rate)
        issued = today - timedelta(days=days_ago)
        purchase = world.purchases.create({"SupplierCode": code, "IssuedDate": issued, "LineItems": [line]})
        _pay(world.purchases, purchase, Decimal(int(paid)), account, 409944)
    world.bank_accounts.transfer(account, reserve, money("1000"), today - timedelta(days=15), "To reserve")
    charge = {"Date": today - timedelta(days=7), "MoneyType": 2, "PaidOut": "6.50", "Comment": "Bank charges"}
    world.transactions.create(account, charge)
    quote = {
        "CustomerCode": "INVE01",
        "LineItems": [_line(4001, "CONS-DAY", "Consulting day", "3", "500.00", 20)],
    }
    world.quotes.create(quote | {"Category": {"Number": 1}})
    world.projects.create({"Name": "Harbour refit", "CustomerCode": "INVE01", "Status": "Active"})


def _line(nominal: int, product: str, text: str, quantity: str, rate: str, vat_level: int) -> Row:
    return {
        "NominalCode": nominal,
        "ProductCode": product,
        "Description": text,
        "Quantity": quantity,
        "Rate": rate,
        "VATLevel": vat_level,
    }


def _pay(ledger: DocumentLedger, document: Row, share: Decimal, account: int, method: int) -> None:
    amount = money(document["GrossAmount"] * share)
    if amount:
        day = document["IssuedDate"] + timedelta(days=14)
        ledger.pay(document["Number"], amount, account_id=account, method=method, day=day)
