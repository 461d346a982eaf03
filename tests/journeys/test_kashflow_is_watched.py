"""KashFlow tells nobody what changed: its lists are compared, its details walked, and no absence is believed at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from connectors.errors import Busy, NotFound
from connectors.kashflow.reading import Row
from ledger.endings import State
from mappings.book import Book
from producers.kashflow_poll import PollRules
from producers.kashflow_reading import KashFlowReader, Listed
from producers.kashflow_resources import Resource
from tests.support.road import Road

HOUR = 3600.0
ONLY_LISTS = PollRules(details_seconds=0)


@pytest.fixture
def invoiced(on_the_road: Road) -> tuple[Road, str]:
    """A deal with its invoice, and a poll that has seen it."""
    road = on_the_road
    deal = road.deal(road.account("Watched Ltd"))
    road.win(deal)
    road.catch_up()
    road.look()
    road.rest()
    return road, deal


def _invoice(road: Road, deal: str) -> Mapping[str, Any]:
    (invoice,) = road.invoices(deal)
    return invoice


def _changes(road: Road, deal_or_id: str) -> list[str]:
    """What the Opportunity was told of."""
    told = [one for one in road.deliveries(deal_or_id) if one.queue != "salesforce.invoice"]
    return [delivery.kind for delivery in told]


def _wants_deletions(road: Road) -> None:
    """As a flow does whose row in flows.yaml names `deleted` among its kinds."""
    flows = tuple(replace(flow, kinds=flow.kinds | {"deleted"}) for flow in road.book.flows)
    road.book = Book(road.book.mappings, flows)


class _Blindfold(KashFlowReader):
    """Reads what KashFlow has, but for one record."""

    shows_details = False

    def __init__(self, road: Road, record_id: str) -> None:
        super().__init__(road.kashflow, road.desk.kashflow_meter, lambda _: True)
        self._hidden = record_id

    def listed(self, resource: Resource, since: date) -> Listed:
        rows = dict(super().listed(resource, since).rows)
        rows.pop(self._hidden, None)
        return Listed(rows, complete=True)

    def detail_by_key(self, resource: Resource, key: str) -> Row:
        if not self.shows_details:
            raise NotFound("it is hidden", system="kashflow")
        return super().detail_by_key(resource, key)


def test_a_payment_that_the_bookkeeper_records_reaches_the_opportunity(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    road.pay(_invoice(road, deal)["Number"], str(_invoice(road, deal)["GrossAmount"]))

    road.look()
    road.rest()

    assert road.record(deal)["KashFlow_Invoice_Status__c"] == "Paid"


def test_a_list_that_shows_nothing_new_causes_no_change(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    known = _changes(road, str(_invoice(road, deal)["Id"]))

    for _ in range(3):
        road.wait(300)
        assert road.poller(ONLY_LISTS).look() == 0

    assert _changes(road, str(_invoice(road, deal)["Id"])) == known


@pytest.mark.parametrize("absent", [False, True])
def test_a_list_page_with_null_lines_never_blanks_an_invoice(
    invoiced: tuple[Road, str], absent: bool
) -> None:
    road, deal = invoiced
    invoice, opportunity = dict(_invoice(road, deal)), dict(road.record(deal))
    road.fault("kashflow", "null_collections", times=None, absent=absent)

    for _ in range(2):
        road.look()
        road.rest()

    assert dict(_invoice(road, deal)) == invoice
    assert dict(road.record(deal)) == opportunity
    assert road.unfinished() == 0


@pytest.mark.parametrize("field", ["Status", "GrossAmount", "CustomerReference"])
def test_a_list_that_leaves_out_a_field_costs_a_read_and_changes_nothing(
    invoiced: tuple[Road, str], field: str
) -> None:
    road, deal = invoiced
    opportunity = dict(road.record(deal))
    road.fault("kashflow", "missing_fields", times=1, match={"path": "/v2/invoices"}, fields=[field])

    road.look()
    road.rest()

    assert dict(road.record(deal)) == opportunity


def test_a_row_that_is_left_out_of_a_page_is_not_taken_for_deleted(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    _wants_deletions(road)
    road.fault("kashflow", "row_missing_from_page", times=None, match={"resource": "invoices"})

    for _ in range(4):
        road.poller(ONLY_LISTS).turn()
        road.wait(2 * HOUR)

    assert "deleted" not in _changes(road, str(_invoice(road, deal)["Id"]))


def test_a_deleted_invoice_is_believed_after_two_absences_two_hours_apart(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    _wants_deletions(road)
    record_id = str(_invoice(road, deal)["Id"])
    road.void(_invoice(road, deal)["Number"])

    road.look()
    road.wait(2 * HOUR - 1)
    road.look()
    assert "deleted" not in _changes(road, record_id)
    road.wait(1)
    road.look()
    road.wait(2 * HOUR)
    road.look()

    assert _changes(road, record_id)[-1] == "deleted"
    assert _changes(road, record_id).count("deleted") == 1


def test_an_invoice_that_lists_leave_out_but_kashflow_still_has_is_not_deleted(
    invoiced: tuple[Road, str],
) -> None:
    road, deal = invoiced
    _wants_deletions(road)
    record_id = str(_invoice(road, deal)["Id"])
    reader = _Blindfold(road, record_id)
    reader.shows_details = True

    for _ in range(3):
        road.poller(reader=reader).look()
        road.wait(2 * HOUR)

    assert "deleted" not in _changes(road, record_id)


def test_a_record_that_comes_back_under_its_id_is_news_again(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    _wants_deletions(road)
    record_id = str(_invoice(road, deal)["Id"])
    reader = _Blindfold(road, record_id)
    for _ in range(2):
        road.poller(reader=reader).look()
        road.wait(2 * HOUR)

    road.look()

    assert _changes(road, record_id)[-2:] == ["deleted", "undeleted"]


def test_what_no_list_shows_is_found_by_the_walk_through_the_details(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    invoice = _invoice(road, deal)
    known = len(_changes(road, str(invoice["Id"])))
    road.reword(invoice["Number"], "Another description, the same price")

    assert road.poller(ONLY_LISTS).look() == 0
    road.poller().turn()
    assert len(_changes(road, str(invoice["Id"]))) == known + 1
    road.rest()
    road.wait(24 * HOUR)
    road.poller().turn()

    assert len(_changes(road, str(invoice["Id"]))) == known + 1, "what a worker has read since is no news"


def test_the_walk_goes_on_where_it_was_and_begins_anew_the_next_day(on_the_road: Road) -> None:
    road = on_the_road
    deals = [road.deal(road.account(f"Walked {number}")) for number in range(5)]
    road.win(*deals)
    road.catch_up()
    rules = PollRules(details_per_turn=2)
    reads = []

    for _ in range(4):
        before = road.detail_reads()
        road.poller(rules).turn()
        reads.append(road.detail_reads() - before)
    road.wait(24 * HOUR)
    before = road.detail_reads()
    road.poller(rules).turn()
    reads.append(road.detail_reads() - before)

    assert reads == [2, 2, 1, 0, 2]


def test_an_audit_report_without_news_spares_the_lists_until_they_are_due(invoiced: tuple[Road, str]) -> None:
    road, deal = invoiced
    rules = PollRules(details_seconds=0, uses_audit=True, unaudited_seconds=HOUR)
    looks = []

    def turn() -> None:
        before = road.calls("GET", "/v2/invoices")
        road.poller(rules).turn()
        looks.append(road.calls("GET", "/v2/invoices") > before)

    turn()
    turn()
    road.pay(_invoice(road, deal)["Number"], "10.00")
    turn()
    turn()
    road.wait(HOUR)
    turn()

    assert looks == [True, False, True, False, True]


def test_without_the_permission_for_the_audit_report_every_list_is_read(invoiced: tuple[Road, str]) -> None:
    road, _ = invoiced
    rules = PollRules(details_seconds=0, uses_audit=True)
    road.fault("kashflow", "permission_denied", times=None, match={"resource": "reports"})
    before = road.calls("GET", "/v2/invoices")

    for _ in range(3):
        road.poller(rules).turn()

    assert road.calls("GET", "/v2/invoices") - before >= 3


def test_a_look_that_kashflow_cuts_short_registers_nothing_and_the_next_one_all(
    invoiced: tuple[Road, str],
) -> None:
    road, deal = invoiced
    road.pay(_invoice(road, deal)["Number"], "10.00")
    road.fault("kashflow", "sql_timeout", times=2, match={"path": "/v2/invoices"})
    known = _changes(road, str(_invoice(road, deal)["Id"]))

    with pytest.raises(Busy):
        road.look()
    assert _changes(road, str(_invoice(road, deal)["Id"])) == known
    road.wait(60)
    road.look()

    assert len(_changes(road, str(_invoice(road, deal)["Id"]))) == len(known) + 1
    assert road.last(str(_invoice(road, deal)["Id"]), "salesforce.opportunity").state is State.WAITING
