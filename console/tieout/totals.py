"""Adds up what each side shows, by entity, month and currency; what an entity has no amounts of is only counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from canonical.shape import Noun
from connectors.salesforce.org import Record
from console.tieout.mirrors import mirrored_rows
from console.tieout.sides import Sides, noun_of
from mappings.flows import Flow
from mappings.soql import quoted

#: The amounts of a document, as our nouns call them; a bank transaction has only one.
AMOUNTS = ("net", "vat", "gross", "paid", "due")
_ONE_AMOUNT = "amount.amount"
#: Ids in one query.
_IDS = 200


@dataclass(frozen=True)
class Sums:
    """What one side shows of an entity in a month. `due` is what is outstanding; a movement of money counts as gross."""

    count: int = 0
    net: Decimal = Decimal(0)
    vat: Decimal = Decimal(0)
    gross: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    due: Decimal = Decimal(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def __sub__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, one.name) - getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class Total:
    """One line of the table."""

    entity: str
    #: Where Salesforce shows it, such as `Opportunity` or `Invoice__c`.
    shown_in: str
    #: Such as `2026-10`; blank for what has no date.
    month: str
    currency: str
    kashflow: Sums
    salesforce: Sums

    @property
    def difference(self) -> Sums:
        """Salesforce's less KashFlow's."""
        return self.salesforce - self.kashflow


class Adding:
    """Sums by month and currency, for one flow from KashFlow to Salesforce."""

    def __init__(self, sides: Sides, flow: Flow) -> None:
        self._sides = sides
        self._flow = flow
        self._home = sides.desk.context().currency
        self._currency: dict[str, str] = {}
        self._kashflow: dict[tuple[str, str], Sums] = {}
        self._salesforce: dict[tuple[str, str], Sums] = {}

    def totals(self) -> list[Total]:
        """The lines of the table, by month and currency."""
        if self._flow.pairing is not None:
            self._count_pairs()
        elif self._flow.key:
            self._add_kashflow(self._sides.models(self._flow))
            self._add_rows(mirrored_rows(self._sides, self._flow, self._columns()), self._flow.key)
        else:
            self._add_linked()
        return [
            Total(
                self._entity,
                self._flow.target_object,
                month,
                currency,
                self._kashflow.get((month, currency), Sums()),
                self._salesforce.get((month, currency), Sums()),
            )
            for month, currency in sorted({*self._kashflow, *self._salesforce})
        ]

    @property
    def _entity(self) -> str:
        if self._flow.pairing is not None:
            return self._sides.desk.book.flow(self._flow.pairing.other_way).target_entity
        return noun_of(self._flow.source_entity)

    def _add_kashflow(self, models: Mapping[str, Noun]) -> None:
        for record_id, model in models.items():
            currency = str(getattr(model, "currency", "") or self._home)
            self._currency[record_id] = currency
            self._add(self._kashflow, self._sides.day_of(model), currency, _sums(model))

    def _add_linked(self) -> None:
        """Only what is linked with the object: everybody else's invoices are not meant to show there."""
        models = self._sides.models(self._flow)
        links = self._sides.linked(self._entity).items()
        ours = {
            record_id: link
            for record_id, link in links
            if record_id in models and link.salesforce_entity == self._flow.target_object
        }
        self._add_kashflow({record_id: models[record_id] for record_id in ours})
        names = {link.salesforce_id: record_id for record_id, link in ours.items()}
        self._currency |= {name: self._currency[record_id] for name, record_id in names.items()}
        id_field = self._field("id")
        known = self._sides.desk.fields(self._flow.target_object)
        columns = [name for name in [*self._columns(), id_field] if name in known]
        for chunk in _chunks(sorted(names)):
            where = f"Id IN ({', '.join(map(quoted, chunk))})"
            rows = self._sides.rows(self._flow.target_object, columns, where)
            # One that shows no invoice counts as none.
            self._add_rows([row for row in rows if not id_field or row.get(id_field)], "Id")

    def _add_rows(self, rows: Iterable[Record], key: str) -> None:
        dated = self._sides.date_field(self._flow.writes, "write")
        for row in rows:
            currency = self._currency.get(str(row[key])) or str(row.get("CurrencyIsoCode") or self._home)
            said = row.get(dated) if dated else None
            day = date.fromisoformat(str(said)) if said else None
            self._add(self._salesforce, day, currency, self._row_sums(row))

    def _count_pairs(self) -> None:
        """Whoever is on both sides: what one of them has for itself is a difference, not a sum."""
        rows = self._sides.listed(self._flow.source_entity).rows
        links = [link for link in self._sides.kept(self._entity) if link.kashflow_id in rows]
        self._kashflow["", ""] = Sums(len(links))
        count = 0
        for chunk in _chunks(sorted(link.salesforce_id for link in links)):
            where = f"Id IN ({', '.join(map(quoted, chunk))})"
            count += len(self._sides.rows(self._flow.target_object, [], where))
        self._salesforce["", ""] = Sums(count)

    def _row_sums(self, row: Record) -> Sums:
        one = self._field(_ONE_AMOUNT)
        if one:
            return Sums(1, gross=_amount(row.get(one)))
        return Sums(1, *(_amount(row.get(self._field(name))) for name in AMOUNTS))

    def _columns(self) -> list[str]:
        names = [self._field(name) for name in (*AMOUNTS, _ONE_AMOUNT)]
        return [
            *(name for name in names if name),
            "CurrencyIsoCode",
            self._sides.date_field(self._flow.writes, "write"),
        ]

    def _field(self, ours: str) -> str:
        return self._sides.desk.book.mapping(self._flow.writes).field_for(ours, "write")

    def _add(self, side: dict[tuple[str, str], Sums], day: date | None, currency: str, sums: Sums) -> None:
        is_money = (
            any(getattr(sums, name) for name in AMOUNTS) or self._field("gross") or self._field(_ONE_AMOUNT)
        )
        place = (f"{day:%Y-%m}" if day else "", currency if is_money else "")
        side[place] = side.get(place, Sums()) + sums


def _sums(model: Noun) -> Sums:
    amount = getattr(getattr(model, "amount", None), "amount", None)
    if amount is not None:
        return Sums(1, gross=amount)
    return Sums(1, *(_amount(getattr(model, name, None)) for name in AMOUNTS))


def _amount(value: object) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def _chunks(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _IDS] for start in range(0, len(ids), _IDS))
