"""`kashforce demo` as a newcomer runs it, and whether its verdict would notice if something were wrong."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from console.demo import actors, verdict
from console.demo.actors import Played
from console.demo.story import story
from sandbox.server import Sandbox
from tests.support.firm import Row
from tests.support.installation import STARTED_WITHIN, Installation, eventually
from tests.support.road import Road, road

#: Settings of an installation in earnest, which a demonstration has no business with.
IN_EARNEST = {
    "salesforce_url": "https://acme.my.salesforce.com",
    "salesforce_private_key_file": "/etc/kashforce/salesforce.pem",
    "salesforce_username": "integration@acme.example",
    "salesforce_channels": "/data/AccountChangeEvent",
    "kashflow_password": "a password in earnest",
    "redis_url": "redis://127.0.0.1:1/0",
    "ledger_url": "postgresql://kashforce@127.0.0.1:1/kashforce",
    "mappings_dir": "/etc/kashforce/mappings",
}


def test_the_demonstration_is_right_takes_nothing_from_real_settings_and_leaves_nothing_behind(
    installation: Installation,
) -> None:
    in_file = "".join(f"KASHFORCE_{name.upper()}={value}\n" for name, value in IN_EARNEST.items())
    (installation.folder / ".env").write_text(in_file)
    before = set(installation.folder.iterdir())

    ended = installation.run("demo", "--json", **IN_EARNEST)

    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["right"] is True
    assert told["stray_invoices"] == []
    deals = told["opportunities"]
    assert len(deals) >= 20
    assert [deal["name"] for deal in deals if deal["faults"]] == []
    numbers = [deal["invoice"] for deal in deals if deal["invoice"]]
    assert len(set(numbers)) == len(numbers) >= 15
    assert all(
        Decimal(deal["gross"]) == Decimal(deal["net"]) + Decimal(deal["vat"])
        for deal in deals
        if deal["invoice"]
    )
    assert [scene["scene"] for scene in told["sequel"] if scene["right"] and scene["compared"]] == [
        "products loaded",
        "customer edited on both sides",
        "custom field filled",
        "price raised in Salesforce",
        "Order activated",
        "part paid in KashFlow",
        "rest paid in Salesforce",
    ]
    assert installation.processes() == {}
    assert set(installation.folder.iterdir()) == before


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT])
def test_a_demonstration_that_is_told_to_end_leaves_nothing_behind(
    installation: Installation, told_by: signal.Signals
) -> None:
    before = set(installation.folder.iterdir())
    demo = installation.start("demo")
    eventually(lambda: "-m console worker" in str(installation.processes()), STARTED_WITHIN, "it has begun")

    # Ended by Ctrl-C or as if by it; a shell shows 130 for either.
    assert demo.end(told_by) in {128 + signal.SIGINT, -signal.SIGINT}
    assert installation.processes() == {}
    assert set(installation.folder.iterdir()) == before


@dataclass(frozen=True)
class PlayedOut:
    """The story, played to its end within this process, and both worlds to tamper with."""

    road: Road
    played: list[Played]
    #: How many customers of each name there were before.
    known: Counter[str]

    def faults(self) -> dict[str, str]:
        """What the verdict finds wrong, by the name of the deal."""
        findings = verdict.examine(
            self.played,
            salesforce=self.road.salesforce,
            kashflow=self.road.kashflow,
            ledger=self.road.ledger,
            known_customers=self.known,
        )
        return {one.played.deal.name: "; ".join(one.faults) for one in findings if one.faults}

    def invoice_of(self, deal: str) -> Row:
        (opportunity,) = [one.opportunity_id for one in self.played if one.deal.name == deal]
        (invoice,) = self.road.invoices(opportunity)
        return invoice

    def control(self, method: str, path: str, body: object = None) -> None:
        """Act as a person would, over the sandbox's control path."""
        answer = httpx.request(method, f"{self.road.sandbox.control_url}{path}", json=body, trust_env=False)
        assert answer.is_success, answer.text


@pytest.fixture
def story_end(tmp_path: Path) -> Iterator[PlayedOut]:
    with Sandbox(seed=1) as sandbox, road(sandbox, f"sqlite:///{tmp_path}/ledger.db") as on_the_road:
        rows = on_the_road.kashflow.customers.list().rows
        known = Counter(str(row["Name"]) for row in rows)
        told = story(actors.known_to(rows))
        played = actors.prepare(on_the_road.salesforce, told, on_the_road.now().date().isoformat())
        actors.close(on_the_road.salesforce, played)
        on_the_road.catch_up()
        yield PlayedOut(on_the_road, played, known)


def test_the_verdict_names_what_was_tampered_with_and_nothing_else(story_end: PlayedOut) -> None:
    assert story_end.faults() == {}
    assert verdict.stray_invoices(story_end.road.kashflow, story_end.played) == []
    edited, gone, copied = map(story_end.invoice_of, ("Studio desks", "Tap room seating", "Loom room"))
    copy = {"CustomerCode": copied["CustomerCode"], "CustomerReference": copied["CustomerReference"]}
    line = {"Description": "Studio desk", "Quantity": 1, "Rate": 1288, "VATLevel": 20, "NominalCode": 4000}

    story_end.control("PATCH", f"/kashflow/invoices/{edited['Number']}", {"LineItems": [line]})
    story_end.control("DELETE", f"/kashflow/invoices/{gone['Number']}")
    story_end.control("POST", "/kashflow/invoices", copy | {"LineItems": [line]})
    story_end.control(
        "POST", "/kashflow/invoices", copy | {"LineItems": [line], "CustomerReference": "SF-nobody"}
    )
    story_end.control("POST", "/kashflow/customers", {"Code": "SECOND", "Name": "Wrekin Cycle Hire"})

    faults = story_end.faults()
    assert "NetAmount is 1288.0000 instead of 1287.00" in faults.pop("Studio desks")
    assert "0 invoices instead of 1" in faults.pop("Tap room seating")
    assert "2 invoices instead of 1" in faults.pop("Loom room")
    wrekin = {one.deal.name for one in story_end.played if one.deal.buyer.name == "Wrekin Cycle Hire"}
    assert faults == dict.fromkeys(wrekin, "2 customers called Wrekin Cycle Hire instead of 1")
    assert verdict.stray_invoices(story_end.road.kashflow, story_end.played) == ["SF-nobody"]
