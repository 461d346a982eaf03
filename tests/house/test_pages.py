"""The pages keep up with the code: links lead somewhere, and what is stored and logged is written down."""

from __future__ import annotations

import re

import pytest

from ledger.tables import Base
from tests.support.house import PRODUCT, ROOT, modules, pages, read
from workers.rules import Rules

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SHAPES = read("docs/architecture.md")
#: structlog's event names are words with underscores; a sentence is a library's log line.
EVENT = re.compile(r"""\blog\.(?:debug|info|warning|error|exception)\(\s*"(\w+)"(?: if \w+ else "(\w+)")?""")
REDIS_KEY = re.compile(r'"(kashforce:[\w:]+)"')
BUDGET_KEY = re.compile(r"^-- KEYS\[\d\] (\S+)", re.MULTILINE)


def _anchors(page: str) -> set[str]:
    """How headings are called in links."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(read(page))
    }


def _leads_somewhere(page: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    return target.exists() and (not anchor or anchor in _anchors(target.relative_to(ROOT).as_posix()))


@pytest.mark.parametrize("page", pages())
def test_every_link_of_a_page_leads_to_something_of_ours(page: str) -> None:
    links = [link for link in LINK.findall(read(page)) if not link.startswith("https://")]
    lost = [link for link in links if not _leads_somewhere(page, link)]

    assert lost == []


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_each_table_of_the_ledger_is_on_the_architecture_page(table: str) -> None:
    assert f"| `{table}` |" in SHAPES


def test_each_log_event_is_on_the_architecture_page() -> None:
    told = {event for module in modules(*PRODUCT) for pair in EVENT.findall(module.text) for event in pair}
    section = SHAPES.partition("## Log events")[2].partition("\n## ")[0]
    written = {
        name
        for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }

    assert told - {""} == written


def test_each_redis_key_is_on_the_architecture_page() -> None:
    keys = {key for module in modules(*PRODUCT) for key in REDIS_KEY.findall(module.text)}
    keys |= set(BUDGET_KEY.findall(read("connectors/budget/budget.lua")))

    assert keys
    assert {key for key in keys if f"| `{key}` |" not in SHAPES} == set()


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (r"\*Lease\* is (\d+) s", Rules.lease_seconds),
        (r"\*resend\* is (\d+) s", Rules.resend_seconds),
        (r"due after (\d+) s", Rules.doubt_seconds),
        (r"waits (\d+) s before", Rules.doubt_seconds),
    ],
)
def test_the_guarantees_name_the_times_that_workers_keep(words: str, seconds: float) -> None:
    assert re.findall(words, read("docs/delivery-guarantees.md")) == [f"{seconds:.0f}"]
