"""The closed list of steps that a rule's value may go through, by the name a mapping file uses."""

from __future__ import annotations

from typing import Final

from mappings.bench import Steps
from mappings.steps import choices, dates, numbers, text, vat

STEPS: Final = Steps(
    bare={
        "country": choices.country,
        "country_name": choices.country_name,
        "date": dates.as_date,
        "flag": numbers.flag,
        "integer": numbers.integer,
        "iso_date": dates.iso_date,
        "multiply": numbers.multiply,
        "noon_date": dates.noon_date,
        "number": numbers.number,
        "text": text.as_text,
        "uk_date": dates.uk_date,
    },
    argued={
        "absolute_url": text.absolute_url,
        "add_days": dates.add_days,
        "after": text.after,
        "default": choices.default,
        "join": text.join,
        "lookup": choices.lookup,
        "prefix": text.prefix,
        "round": numbers.rounded,
        "split": text.split,
        "truncate": text.truncate,
        "vat_rate": vat.vat_rate,
    },
)
