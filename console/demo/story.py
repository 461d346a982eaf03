"""The deals of the demonstration and what has to become of each, worked out by hand. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Outcome(Enum):
    """What has to become of a deal."""

    INVOICED = "invoice"
    NO_INVOICE = "no invoice"
    DEAD_LETTER = "dead letter"


class Customer(Enum):
    """Who buys, as far as KashFlow knows."""

    NEW = "new"
    KNOWN = "known to KashFlow"


@dataclass(frozen=True)
class Buyer:
    """An account of the story; `country` by its English name. The contact is the deal's primary one."""

    name: str
    customer: Customer = Customer.NEW
    country: str = "United Kingdom"
    postcode: str = "SY1 1AA"
    contact: tuple[str, str] = ("Alex", "Reeve")


@dataclass(frozen=True)
class Line:
    """So many of a product of the price book, at `price` each, with `discount` percent off."""

    product: str
    quantity: int
    price: str
    discount: str = "0"


@dataclass(frozen=True)
class Deal:
    """One Opportunity: what is sold, how it ends, and what the invoice must say."""

    name: str
    buyer: Buyer
    what: str
    lines: tuple[Line, ...] = ()
    #: For a deal without products.
    amount: str = "0"
    net: str = "0"
    vat: str = "0"
    outcome: Outcome = Outcome.INVOICED
    won: bool = True
    #: Deals with the same number close in one transaction.
    closes_with: int = 0
    #: Reopened and won again.
    won_twice: bool = False
    #: What the dead letter has to say.
    says: str = ""

    @property
    def gross(self) -> Decimal:
        return Decimal(self.net) + Decimal(self.vat)


@dataclass(frozen=True)
class Product:
    """A product that the story adds to the price book."""

    name: str
    code: str
    price: str
    vat_rate: str


@dataclass(frozen=True)
class Story:
    """All deals, and the products they need."""

    deals: tuple[Deal, ...]
    products: tuple[Product, ...] = field(default=())

    @property
    def buyers(self) -> tuple[Buyer, ...]:
        return tuple(dict.fromkeys(deal.buyer for deal in self.deals))


LARKFIELD = Buyer("Larkfield Ceramics Ltd", contact=("Nadia", "Farrow"), postcode="ST1 5PJ")
TERN = Buyer("Tern Valley Brewery Ltd", contact=("Owen", "Pugh"), postcode="TF6 6RQ")
OTTERY = Buyer("Ottery Yarn Works", contact=("Grace", "Holloway"), postcode="EX11 1LA")
MORFE = Buyer("Morfe Valley Farm Shop", contact=("Ian", "Tranter"), postcode="WV15 5LP")
KAYAKS = Buyer("Severn Bore Kayaks Ltd", contact=("Bea", "Lockley"), postcode="GL2 7EL")
QUILLMARK = Buyer("Quillmark Print LLP", contact=("Rhys", "Adeyemi"), postcode="CF10 1EP")
WREKIN = Buyer("Wrekin Cycle Hire", contact=("Holly", "Yates"), postcode="TF1 2DJ")
CLEE = Buyer("Clee Hill Radio CIC", contact=("Sam", "Ojo"), postcode="SY8 3PR")
FJORD = Buyer("Fjordglas GmbH", country="Germany", contact=("Lena", "Vogt"), postcode="24103")
PUGET = Buyer("Puget Boat Yards Inc", country="United States", contact=("Dana", "Cole"), postcode="98101")


def story(known: Mapping[str, str]) -> Story:
    """The deals, with four customers that KashFlow has already under these names, each at its postcode."""
    ash, birch, cedar, damson = (
        Buyer(name, Customer.KNOWN, postcode=postcode, contact=contact)
        for (name, postcode), contact in zip(
            known.items(),
            (("Priya", "Shah"), ("Tom", "Beck"), ("Una", "Marsh"), ("Kit", "Doyle")),
            strict=True,
        )
    )
    return Story(
        deals=(
            Deal(
                "Studio desks",
                LARKFIELD,
                "new customer",
                (Line("DSK-160", 3, "429.00"),),
                net="1287.00",
                vat="257.40",
            ),
            Deal(
                "Tap room seating",
                TERN,
                "new customer, two lines",
                (Line("CHR-SEV", 8, "189.50"), Line("PAP-A4", 10, "21.95")),
                net="1735.50",
                vat="347.10",
            ),
            Deal(
                "Fitting service",
                OTTERY,
                "new customer, no products",
                amount="950.00",
                net="950.00",
                vat="190.00",
            ),
            Deal(
                "Handbooks and delivery",
                MORFE,
                "zero-rated and standard-rated lines",
                (Line("BOK-HB", 40, "12.40"), Line("SVC-DEL", 3, "38.00")),
                net="610.00",
                vat="22.80",
            ),
            Deal(
                "Archive cabinets",
                ash,
                "existing customer",
                (Line("CAB-004", 2, "164.00"),),
                net="328.00",
                vat="65.60",
            ),
            Deal(
                "Reception desk",
                birch,
                "existing customer",
                (Line("DSK-160", 1, "429.00"),),
                net="429.00",
                vat="85.80",
            ),
            Deal(
                "Paper for the year",
                cedar,
                "existing customer",
                (Line("PAP-A4", 24, "21.95"),),
                net="526.80",
                vat="105.36",
            ),
            Deal(
                "Site survey",
                damson,
                "existing customer, no products",
                amount="75.50",
                net="75.50",
                vat="15.10",
            ),
            Deal(
                "Boathouse chairs",
                KAYAKS,
                "same new account, same second",
                (Line("CHR-SEV", 2, "189.50"),),
                net="379.00",
                vat="75.80",
                closes_with=1,
            ),
            Deal(
                "Boathouse desk",
                KAYAKS,
                "same new account, same second",
                (Line("DSK-160", 1, "429.00"),),
                net="429.00",
                vat="85.80",
                closes_with=1,
            ),
            Deal("Free trial", LARKFIELD, "zero amount", amount="0", outcome=Outcome.NO_INVOICE),
            Deal("Second showroom", TERN, "lost", amount="4800.00", outcome=Outcome.NO_INVOICE, won=False),
            Deal(
                "Print room chairs",
                QUILLMARK,
                "every event twice",
                (Line("CHR-SEV", 4, "189.50"),),
                net="758.00",
                vat="151.60",
            ),
            Deal(
                "Rebranding kit",
                QUILLMARK,
                "every event twice, odd pence",
                amount="1234.56",
                net="1234.56",
                vat="246.91",
            ),
            Deal(
                "Workshop cabinets",
                WREKIN,
                "reopened and won again",
                (Line("CAB-004", 3, "164.00"),),
                net="492.00",
                vat="98.40",
                won_twice=True,
            ),
            Deal(
                "Transmitter lease",
                CLEE,
                "unknown VAT rate",
                (Line("OLD-175", 1, "300.00"),),
                outcome=Outcome.DEAD_LETTER,
                says="VAT rate 17.5 %",
            ),
            Deal(
                "Studio desks for Kiel",
                FJORD,
                "export to the EU",
                (Line("DSK-160", 2, "429.00"),),
                net="858.00",
                vat="0.00",
            ),
            Deal(
                "Chart room",
                PUGET,
                "export overseas",
                (Line("CAB-004", 5, "164.00"),),
                net="820.00",
                vat="0.00",
            ),
            Deal(
                "Show stock",
                LARKFIELD,
                "discounted lines",
                (Line("CHR-SEV", 3, "189.50", discount="10"),),
                net="511.65",
                vat="102.33",
            ),
            Deal(
                "Bar stools",
                TERN,
                "a third off",
                (Line("CHR-SEV", 7, "189.50", discount="33.33"),),
                net="884.38",
                vat="176.88",
            ),
            Deal(
                "Loom room",
                OTTERY,
                "second deal of a new customer",
                (Line("PAP-A4", 1, "21.95"),),
                net="21.95",
                vat="4.39",
            ),
            Deal("Cold store shelving", MORFE, "one penny", amount="0.01", net="0.01", vat="0.00"),
            Deal(
                "Winter paper",
                ash,
                "existing customer again",
                (Line("PAP-A4", 5, "21.95"),),
                net="109.75",
                vat="21.95",
            ),
            Deal(
                "Handbook reprint",
                birch,
                "zero-rated only",
                (Line("BOK-HB", 100, "12.40"),),
                net="1240.00",
                vat="0.00",
            ),
        ),
        products=(Product("Transmitter lease", "OLD-175", "300.00", "17.5"),),
    )
