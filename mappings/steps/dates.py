"""Steps on dates: both systems mean a calendar date, each writes it in its own way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from yaml.nodes import Node

from mappings.bench import Bench, Step
from mappings.context import Scope
from mappings.problems import MappingProblem, shown
from mappings.rules import argument
from mappings.values import date_of, is_blank, number_of


def as_date(bench: Bench) -> Step:
    """`date`: the calendar date of any date text, also a British one, 02/03/2026; KashFlow's 1900-01-01 and 1970-01-01 mean none."""
    label = bench.label
    return lambda value, _scope: _date(value, label)


def noon_date(bench: Bench) -> Step:
    """`noon_date`: a date as KashFlow writes it, `2026-03-02 12:00:00` (reference kashflow.md section 2.2)."""
    return _written(bench, lambda day: f"{day.isoformat()} 12:00:00")


def iso_date(bench: Bench) -> Step:
    """`iso_date`: a date as Salesforce writes it, `2026-03-02`."""
    return _written(bench, date.isoformat)


def uk_date(bench: Bench) -> Step:
    """`uk_date`: a date as people write it in Britain, `02/03/2026`, for text that they read."""
    return _written(bench, lambda day: f"{day:%d/%m/%Y}")


def add_days(node: Node, bench: Bench) -> Step:
    """`add_days: 30`: the date so many days later; no date stays none, and so does an unknown number of days."""
    label, days = bench.label, argument(node, bench)

    def later(value: object, scope: Scope) -> object:
        day, count = _date(value, label), days(scope)
        if day is None or is_blank(count):
            return None
        try:
            return day + timedelta(days=int(number_of(count)))
        except (ValueError, OverflowError):
            raise MappingProblem(label, f"{label} cannot be moved by {shown(count)} days", count) from None

    return later


def _written(bench: Bench, write: Callable[[date], str]) -> Step:
    label = bench.label

    def written(value: object, _scope: Scope) -> object:
        day = _date(value, label)
        return None if day is None else write(day)

    return written


def _date(value: object, label: str) -> date | None:
    try:
        return None if is_blank(value) else date_of(value)
    except ValueError:
        raise MappingProblem(label, f"{label} should be a date, but is {shown(value)}", value) from None
