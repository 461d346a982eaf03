"""Invented nouns for property tests: every value is one that the canonical models accept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from canonical.address import Address
from canonical.customer import Contact, Customer
from canonical.invoice import CustomerKey, Invoice, InvoiceLine, InvoiceStatus
from canonical.money import times, vat_on
from canonical.product import Product
from canonical.raising import totals

#: Text as people type it: one line, nothing to strip at its ends.
words = st.text(st.characters(categories=["L", "N"], max_codepoint=0x17F), min_size=1, max_size=12)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
maybe = st.one_of(st.just(""), phrases)
codes = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=10)

amounts = st.decimals("-999999.99", "999999.99", places=2)
quantities = st.decimals("-9999", "9999", places=3)
vat_rates = st.sampled_from([Decimal(rate) for rate in ("0", "5", "12.5", "20")])
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def _contact(name: tuple[str, str], title: str, email: str, phone: str) -> Contact:
    return Contact(first_name=name[0], last_name=name[1], title=title, email=email, phone=phone)


names = st.tuples(maybe, words)
emails = st.one_of(st.just(""), words.map(lambda name: f"{name}@example.test"))
contacts = st.builds(_contact, names, maybe, emails, maybe)

addresses = st.builds(
    Address,
    line1=phrases,
    line2=maybe,
    town=maybe,
    county=maybe,
    postcode=maybe,
    country=st.sampled_from(["", "GB", "IE", "FR", "GR", "US"]),
)


def _first_is_primary(people: list[Contact]) -> tuple[Contact, ...]:
    return tuple(person.model_copy(update={"is_primary": place == 0}) for place, person in enumerate(people))


customers = st.builds(
    Customer,
    name=phrases,
    code=codes,
    contacts=st.lists(contacts, max_size=3).map(_first_is_primary),
    address=st.none() | addresses,
    delivery_address=st.none() | addresses,
    vat_number=maybe,
    payment_terms_days=st.none() | st.integers(0, 120),
    currency=st.sampled_from(["GBP", "EUR", "USD"]),
    external_ids=st.one_of(st.just({}), codes.map(lambda account: {"salesforce": f"001{account}"})),
)


@st.composite
def invoice_lines(draw: st.DrawFn) -> InvoiceLine:
    """A line with a rate of two decimals, as KashFlow keeps it."""
    quantity, rate, vat_rate = draw(quantities), draw(amounts), draw(vat_rates)
    net = times(quantity, rate)
    return InvoiceLine(
        description=draw(maybe),
        quantity=quantity,
        rate=rate,
        net=net,
        vat_rate=vat_rate,
        vat=vat_on(net, vat_rate),
        nominal_code=str(draw(st.integers(1000, 9999))),
        product_code=draw(st.just("") | codes),
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    """An invoice that has not been raised yet: no number, nothing paid."""
    issued = draw(days)
    lines = draw(st.lists(invoice_lines(), min_size=1, max_size=4))
    return Invoice(
        reference=draw(maybe),
        customer=CustomerKey(code=draw(codes)),
        address=draw(st.none() | addresses),
        issued_on=issued,
        due_on=issued + timedelta(days=draw(st.integers(0, 120))),
        currency=draw(st.sampled_from(["GBP", "EUR"])),
        lines=tuple(lines),
        status=InvoiceStatus.UNKNOWN,
        **totals(lines),
    )


products = st.builds(
    Product,
    name=phrases,
    code=st.one_of(st.just(""), codes),
    description=maybe,
    price=st.one_of(st.none(), amounts),
    vat_rate=st.one_of(st.none(), vat_rates),
    nominal_code=st.sampled_from(["", "4000", "4001"]),
    is_active=st.booleans(),
    stock=st.one_of(st.none(), quantities),
    external_ids=st.sampled_from([{}, {"kashflow": "42"}]),
)
