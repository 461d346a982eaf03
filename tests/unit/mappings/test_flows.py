"""A flow watches what is news for it, and a row that cannot work is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from canonical.change import Change, Kind
from mappings.book import load
from mappings.golden.owners import Owner
from mappings.pairing import WhenGone
from mappings.problems import BookRefused
from tests.support.mappings import opportunity, packaged, written_to

PACKAGED = Path(__file__).parents[3] / "mappings"
DEALS = packaged().flow("opportunity_to_invoice")


def _change(*fields: str, kind: Kind = "updated", entity: str = "Opportunity") -> Change:
    return Change(
        source="salesforce",
        entity=entity,
        record_id="006000000000001AAA",
        version="1",
        kind=kind,
        occurred_at=datetime(2026, 3, 2, tzinfo=UTC),
        changed_fields=fields,
    )


@pytest.mark.parametrize(
    "change",
    [
        _change("StageName", "LastModifiedDate"),
        _change(),
        _change("NextStep", kind="created"),
        _change(kind="undeleted"),
        # Its invoice may need a credit note.
        _change(kind="deleted"),
        _change("NextStep", kind="unknown"),
    ],
)
def test_a_change_that_may_matter_is_news(change: Change) -> None:
    assert DEALS.watches(change)


@pytest.mark.parametrize(
    "change",
    [
        _change("NextStep", "LastModifiedDate"),
        _change("KashFlow_Invoice_Number__c", "KashFlow_Net__c"),
        _change("StageName", entity="Lead"),
        _change("StageName").model_copy(update={"source": "kashflow"}),
    ],
)
def test_a_change_that_cannot_matter_is_none(change: Change) -> None:
    assert not DEALS.watches(change)


def test_a_deletion_is_news_only_where_the_row_says_so() -> None:
    payment = packaged().flow("payment_to_kashflow")

    assert not payment.watches(_change(kind="deleted").model_copy(update={"entity": "Payment__c"}))


def test_only_what_is_found_by_its_own_key_is_deleted_with_its_source(tmp_path: Path) -> None:
    assert packaged().flow("invoice_to_object").deletes
    row = ROW.replace("  lock:", "  when_gone: delete\n  lock:")

    with pytest.raises(BookRefused) as refused:
        load(written_to(tmp_path, {"flows.yaml": row}))
    assert "only records with a key of their own are deleted" in str(refused.value)


def test_a_part_of_a_compound_field_is_the_field(tmp_path: Path) -> None:
    row = ROW.replace("  lock:", "  when_changed: [BillingAddress]\n  lock:")

    (flow,) = load(written_to(tmp_path, {"flows.yaml": row})).flows

    assert flow.watches(_change("BillingAddress.City"))
    assert not flow.watches(_change("ShippingAddress.City"))


def test_a_flow_that_only_another_needs_is_started_by_no_change() -> None:
    customers = packaged().flow(DEALS.needs)

    assert customers.queue == "kashflow.customer"
    assert not any(customers.watches(_change(kind=kind)) for kind in get_args(Kind))


def test_two_flows_that_go_both_ways_have_the_same_owners() -> None:
    there, back = (packaged().flow(name).pairing for name in ("account_to_customer", "customer_to_account"))

    assert there is not None
    assert back is not None
    assert there.owners == back.owners
    assert (there.owners.of("code"), there.owners.of("name")) == (Owner.KASHFLOW, Owner.NEWEST)
    assert (there.when_gone, back.when_gone) == (WhenGone.ARCHIVE, WhenGone.UNLINK)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("  other_way: customer_to_account\n", ""), "does not name this flow as its other_way"),
        (("    code: kashflow\n", "    coed: kashflow\n"), "unknown field 'coed'"),
        (("    payment_terms_days: kashflow\n", "    price: kashflow\n"), "unknown field 'price'"),
        (("    stock: kashflow\n", "    vat_number: kashflow\n"), "unknown field 'vat_number'"),
        (("    code: kashflow\n", "    code: nobody\n"), "'nobody' is not known here; expected one of first"),
        (("  other_way: account_to_customer\n", "  when_changed: [Name]\n"), "does not name this flow"),
        (
            ("  when_gone: archive\n", "  when_gone: burn\n"),
            "'burn' is not known here; expected one of archive",
        ),
        (("  passes_to: account_to_customer\n", "  owners: {name: first}\n"), "only together with other_way"),
        (
            ("  creates: {field: IsArchived", "  owners: {}\n  creates: {field: IsArchived"),
            "exactly one of the two",
        ),
    ],
)
def test_two_flows_that_do_not_fit_together_are_refused(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    flows = (PACKAGED / "flows.yaml").read_text(encoding="utf-8")
    assert change[0] in flows

    with pytest.raises(BookRefused) as refused:
        load(written_to(tmp_path, {"flows.yaml": flows.replace(*change)}))

    assert fault in str(refused.value)


def test_what_a_flow_writes_back_is_no_news_to_it() -> None:
    written = packaged().mapping(packaged().flow(DEALS.write_back).writes).fields().fields[1:]

    assert written
    assert not DEALS.watches(_change(*written))


def test_only_won_deals_with_an_amount_are_delivered() -> None:
    assert DEALS.condition is not None
    assert DEALS.condition.holds(opportunity())
    assert DEALS.condition.unmet(opportunity(Amount=0)) == "Amount is 0, and must be more than 0"
    assert DEALS.condition.unmet(opportunity(IsWon=False)) == "IsWon is false, and must be true"


def test_queues_and_locks_are_named_by_what_they_are_about() -> None:
    book = packaged()

    queues = {flow.queue for flow in book.flows}
    assert {queue for queue in queues if queue.startswith("kashflow.")} == {
        f"kashflow.{name}" for name in ("invoice", "customer", "payment", "product", "purchase", "supplier")
    }
    assert {
        "salesforce.account",
        "salesforce.opportunity",
        "salesforce.order",
        "salesforce.bank_transaction",
    } <= queues
    assert DEALS.lock_for("006") == "invoice:006"
    assert DEALS in book.flows_for("salesforce", "Opportunity")
    assert [flow.priority for flow in book.flows] == sorted(flow.priority for flow in book.flows)
    assert book.flows_for("salesforce", "Lead") == ()
    with pytest.raises(KeyError):
        book.flow("nothing")


ROW = """
deals:
  source: salesforce
  source_entity: Opportunity
  target: kashflow
  target_entity: invoice
  reads: salesforce/opportunity
  writes: kashflow/invoice
  lock: 'invoice:{record_id}'
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "source: salesforce",
            "source: sage",
            3,
            "'sage' is not known here; expected one of kashflow, salesforce",
        ),
        ("  lock: 'invoice:{record_id}'\n", "", 3, "lacks lock"),
        ("{record_id}", "{id}", 9, "expected a template with {record_id} once"),
        ("{record_id}", "all", 9, "expected a template with {record_id} once"),
        ("{record_id}", "{record_id", 9, "expected a template with {record_id} once"),
        (
            "salesforce/opportunity\n",
            "salesforce/oportunity\n",
            7,
            "'salesforce/oportunity' is not known here",
        ),
        (
            "salesforce/opportunity\n",
            "salesforce/account\n",
            8,
            "writes Invoice, but salesforce/account reads Customer",
        ),
        (
            "salesforce/opportunity\n",
            "kashflow/invoice\n",
            7,
            "is about kashflow; expected a mapping of salesforce",
        ),
        ("salesforce/opportunity\n", "salesforce/opportunity_invoice\n", 7, "has no read section"),
        ("source_entity: Opportunity", "source_entity: Order", 7, "reads Opportunity, not Order"),
        (
            "  lock:",
            "  write_back: nothing\n  lock:",
            9,
            "'nothing' is not known here; expected one of deals",
        ),
        ("  lock:", "  batch_size: 0\n  lock:", 9, "expected a whole number from 1, found '0'"),
        ("  lock:", "  priority: high\n  lock:", 9, "expected a whole number from 0, found 'high'"),
        ("  lock:", "  kinds: [changed]\n  lock:", 9, "'changed' is not known here"),
        ("  lock:", "  when: [Amount]\n  lock:", 9, "unknown key 'when'"),
        (
            "  lock:",
            "  condition: {field: Account.Name, blank: false}\n  lock:",
            9,
            "expected a field of the record itself",
        ),
        ("  lock:", "  needs: nothing\n  lock:", 9, "'nothing' is not known here; expected one of deals"),
    ],
)
def test_a_row_that_cannot_work_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    folder = written_to(tmp_path, {"flows.yaml": ROW.replace(old, new, 1)})

    with pytest.raises(BookRefused) as refused:
        load(folder)

    (fault,) = refused.value.faults
    assert (fault.file, fault.line) == (str(folder / "flows.yaml"), line)
    assert said in fault.message


def test_a_row_of_ones_own_needs_little(tmp_path: Path) -> None:
    (flow,) = load(written_to(tmp_path, {"flows.yaml": ROW})).flows

    assert (flow.batch_size, flow.priority, flow.needs, flow.write_back) == (1, 0, "", "")
    assert flow.watches(_change("Anything"))
