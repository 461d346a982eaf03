"""Checks of the KashFlow account: login, and what the mappings take for granted there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from canonical.invoice import Invoice
from console.operations.bench import Bench
from console.operations.findings import Finding, failed, ok, warning
from mappings.context import Context
from mappings.problems import MappingProblem
from mappings.recordmapping import RecordMapping

#: A deal with nothing special about it: what it is booked to is what the settings say.
PLAIN_DEAL = {
    "Id": "006000000000000AAA",
    "Name": "A deal without products",
    "Amount": Decimal(1),
    "TotalAmount": Decimal(1),
    "CloseDate": "2026-01-01",
    "EffectiveDate": "2026-01-01",
    "Account": {"Id": "001000000000000AAA", "Name": "An account"},
}


def login(bench: Bench) -> Iterator[Finding]:
    """One login at most, and none while the breaker is open."""
    bench.kashflow.metadata()
    yield ok("KashFlow login", f"logged in as {bench.house.settings.kashflow_username}")


def vat_rates(bench: Bench) -> Iterator[Finding]:
    """The account has rates; an invoice with another one would be refused."""
    rates = bench.kashflow.vat_rates()
    if rates:
        yield ok("KashFlow VAT rates", ", ".join(f"{rate.normalize():f} %" for rate in rates))
    else:
        yield failed(
            "KashFlow VAT rates",
            "the account has none, so no invoice could be made",
            "enter them in KashFlow under Settings, VAT Settings",
        )


def nominal_codes(bench: Bench) -> Iterator[Finding]:
    """Every code that an invoice is booked to when nothing else is said exists in the chart of accounts."""
    present = {str(row.get("Code")) for row in bench.kashflow.nominals.list().rows}
    context = Context(vat_rates=frozenset(bench.kashflow.vat_rates()), today=datetime.now(UTC).date())
    for flow in bench.house.book.flows:
        if (flow.target, flow.target_entity) != ("kashflow", "invoice"):
            continue
        title = f"KashFlow nominal codes of {flow.name}"
        try:
            codes = _usual_codes(bench.house.book.mapping(flow.reads), context)
        except MappingProblem as problem:
            yield warning(
                title,
                f"{flow.reads}.yaml does not say where a plain deal is booked to: {problem.field} {problem.message}",
                f"see that the codes in {flow.reads}.yaml are in KashFlow's chart of accounts",
            )
            continue
        unknown = sorted(codes - present)
        if unknown:
            yield failed(
                title,
                f"{flow.reads}.yaml books to {', '.join(unknown)}, which the account does not have",
                f"set nominal_code in {flow.reads}.yaml to a sales code of KashFlow's chart of accounts",
            )
        else:
            yield ok(title, f"{', '.join(sorted(codes)) or 'none set'} ({flow.reads}.yaml)")


def payment_methods(bench: Bench) -> Iterator[Finding]:
    """The names that payments may be booked under."""
    title = "KashFlow payment methods"
    names = [str(row["Name"]) for row in bench.kashflow.payment_methods("invoice") if row.get("Name")]
    if names:
        yield ok(title, ", ".join(names))
    else:
        yield warning(title, "none can be read", "look at KashFlow, Settings, Payment Methods")


def _usual_codes(mapping: RecordMapping, context: Context) -> set[str]:
    noun = mapping.read(PLAIN_DEAL, context)
    lines = noun.lines if isinstance(noun, Invoice) else ()
    return {line.nominal_code for line in lines if line.nominal_code}
