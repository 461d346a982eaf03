"""The VAT rate of what is sold: rules from the most specific to the least, checked against the account's rates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from yaml.nodes import MappingNode, Node

from canonical.money import plain
from mappings.bench import Bench, Step
from mappings.context import Scope
from mappings.document import Scalar, Wrong, entries, items, scalar, text, word
from mappings.problems import MappingProblem, shown
from mappings.tables import Table, at_run_time
from mappings.values import is_blank, number_of, text_of

#: What is known of the thing sold: own_rate, product and country, each may be blank.
Sold = Mapping[str, object]
#: Gives a rate, or None where the next rule has to say.
Says = Callable[[Sold, Scope], object]

_RULES = ("own_rate", "product", "country", "default")


def vat_rate(node: Node, bench: Bench) -> Step:
    """`vat_rate: [own_rate, {product: {...}}, {country: {...}}, {default: 20}]`: the first rule that has an answer.

    The value before it is made with `from: {own_rate: ..., product: ..., country: ...}`.
    """
    rules = [_rule(one, bench) for one in items(node)]
    label = bench.label

    def chosen(value: object, scope: Scope) -> object:
        sold: Sold = value if isinstance(value, dict) else {}
        answers = (says(sold, scope) for says in rules)
        rate = next((answer for answer in answers if not is_blank(answer)), None)
        return _known(rate, sold, scope, label)

    return chosen


def _rule(node: Node, bench: Bench) -> Says:
    if not isinstance(node, MappingNode):
        word(node, ("own_rate",))
        return lambda sold, _scope: sold.get("own_rate")
    parts = entries(node, _RULES[1:])
    if len(parts) != 1:
        raise Wrong(node, f"expected one of {', '.join(_RULES)}")
    name, given = next(iter(parts.items()))
    if name == "default":
        usual = _rate(given)
        return lambda _sold, _scope: usual
    table = _table(given, bench)
    if name == "product":
        return lambda sold, scope: table(scope).get(text_of(sold.get("product") or ""))
    return _by_country(table, bench.countries.eu)


def _by_country(table: Callable[[Scope], Table], eu: frozenset[str]) -> Says:
    """The country's own rate, then that of EU where it belongs to it, then that of `elsewhere`.

    A country that is listed without a rate leaves it to the next rule.
    """

    def says(sold: Sold, scope: Scope) -> object:
        code = text_of(sold.get("country") or "")
        if not code:
            return None
        rates = table(scope)
        keys = (code, "EU", "elsewhere") if code in eu else (code, "elsewhere")
        return next((rates[key] for key in keys if key in rates), None)

    return says


def _table(node: Node, bench: Bench) -> Callable[[Scope], Table]:
    """A table of rates written in place, or the name of one that the file declares."""
    if not isinstance(node, MappingNode):
        name = bench.table(node)
        return at_run_time(bench.tables[name], name, bench.label)
    rates: Table = {
        key: None if is_blank(scalar(value)) else _rate(value) for key, value in entries(node).items()
    }
    return lambda _scope: rates


def _rate(node: Node) -> Scalar:
    try:
        rate = number_of(scalar(node))
    except ValueError:
        rate = Decimal(-1)
    if not 0 <= rate <= 100:
        raise Wrong(node, f"expected a VAT rate in percent, found {text(node)!r}")
    return rate


def _known(rate: object, sold: Sold, scope: Scope, label: str) -> Decimal:
    """`rate` as a number that the KashFlow account has, else MappingProblem."""
    product = sold.get("product")
    of_product = "" if is_blank(product) else f" of product {product}"
    if is_blank(rate):
        raise MappingProblem(label, f"No rule gives the VAT rate{of_product}")
    try:
        percent = number_of(rate)
    except ValueError:
        raise MappingProblem(
            label, f"VAT rate{of_product} should be a number, but is {shown(rate)}", rate
        ) from None
    if percent not in scope.context.vat_rates:
        has = ", ".join(plain(known) for known in sorted(scope.context.vat_rates)) or "none"
        said = f"VAT rate {plain(percent)} %{of_product} is not set up in KashFlow; it has {has}"
        raise MappingProblem(label, said, percent)
    return percent
