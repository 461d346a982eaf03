"""What a source record is worth, so that a failure can say how much money is at risk. Knows nothing of invoices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yaml.nodes import Node, ScalarNode

from canonical.money import pence
from mappings.document import Wrong, entries, text
from mappings.plan import FieldPlan
from mappings.values import is_blank, number_of

#: 16 digits before the point, which is more than either system takes, and still fits a 64 bit integer.
MOST_HUNDREDTHS = 10**18


@dataclass(frozen=True)
class Worth:
    """Where a record says it: the field of the amount, and that of its currency where there is one."""

    amount: str
    currency: str

    def of(self, record: Mapping[str, Any]) -> tuple[int, str] | None:
        """Whole hundredths and their currency, which is blank where the record names none; None where it names no
        amount that can be read."""
        try:
            hundredths = int(pence(number_of(record.get(self.amount))) * 100)
        except (ValueError, ArithmeticError):  # the second for a number beyond all measure
            return None
        if abs(hundredths) > MOST_HUNDREDTHS:
            return None
        named = record.get(self.currency) if self.currency else None
        return hundredths, "" if is_blank(named) else str(named)[:3]


def worth(node: Node, reads: FieldPlan) -> Worth:
    """The row's `worth`: a field, or `{amount: field, currency: field}`. The record has to bring them anyway."""
    parts = {"amount": node}
    if not isinstance(node, ScalarNode):
        parts = entries(node, ("amount", "currency"), needed=("amount",))
    named = {key: text(part) for key, part in parts.items()}
    for key, part in parts.items():
        if named[key] not in reads.fields:
            raise Wrong(
                part, f"{named[key]!r} is not among the fields that this flow reads of {reads.entity}"
            )
    return Worth(named["amount"], named.get("currency", ""))
