"""Rows behind transactions: what is refused, what is undone, what a commit tells."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from sandbox.salesforce.commits import Commit
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.transaction import Transaction
from tests.support.salesforce_org import NOW, TestOrg


@pytest.fixture
def commits(org: TestOrg) -> list[Commit]:
    heard: list[Commit] = []
    org.world.store.on_commit(heard.append)
    return heard


def _refused(org: TestOrg, entity: str, **fields: Any) -> ApiError:
    with pytest.raises(ApiError) as refused:
        org.make(entity, **fields)
    return refused.value


def test_a_new_row_knows_who_made_it_and_when(org: TestOrg) -> None:
    row = org.row(org.make("Account", Name="Acme"))

    assert row["Id"].startswith("001")
    assert row["OwnerId"] == row["CreatedById"] == row["LastModifiedById"] == org.world.org.sales_id
    assert row["CreatedDate"] == row["SystemModstamp"] == NOW
    assert row["IsDeleted"] is False


def test_an_update_moves_the_stamps_and_keeps_the_rest(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme", Phone="1")
    org.clock.advance(60)

    with org.world.store.transaction(org.world.org.integration_id) as tx:
        tx.update(account, {"Phone": None})

    row = org.row(account)
    assert (row["Name"], row["Phone"], row["CreatedDate"]) == ("Acme", None, NOW)
    assert row["LastModifiedById"] == org.world.org.integration_id
    assert (row["SystemModstamp"] - NOW).total_seconds() == 60


@pytest.mark.parametrize(
    ("entity", "fields", "code", "blamed"),
    [
        ("Account", {}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ("Opportunity", {"Name": "x"}, "REQUIRED_FIELD_MISSING", ["StageName", "CloseDate"]),
        ("Account", {"Name": "x", "Nope": 1}, "INVALID_FIELD", None),
        ("Account", {"Name": "x", "Id": "001"}, "INVALID_FIELD", None),
        ("Contact", {"LastName": "x", "Name": "y"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        (
            "Contact",
            {"LastName": "x", "AccountId": "001000000000001"},
            "INVALID_CROSS_REFERENCE_KEY",
            ["AccountId"],
        ),
        ("Contact", {"LastName": "x", "AccountId": "003000000000001"}, "MALFORMED_ID", ["AccountId"]),
        (
            "Contact",
            {"LastName": "x", "Account": {"ExternalID__c": "none"}},
            "INVALID_FIELD",
            ["ExternalID__c"],
        ),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    org: TestOrg, entity: str, fields: dict[str, Any], code: str, blamed: list[str] | None
) -> None:
    refused = _refused(org, entity, **fields)

    assert (refused.code, refused.fields) == (code, blamed)


def test_an_external_id_is_given_once_in_any_case(org: TestOrg) -> None:
    first = org.make("Account", Name="Acme", ExternalID__c="K-1")

    refused = _refused(org, "Account", Name="Other", ExternalID__c="k-1")

    assert refused.code == "DUPLICATE_VALUE"
    assert first in refused.message


def test_the_external_id_of_a_deleted_row_is_free_again_and_blocks_its_return(org: TestOrg) -> None:
    first = org.make("Account", Name="Acme", ExternalID__c="K-1")
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.delete(first)
    org.make("Account", Name="Acme again", ExternalID__c="K-1")

    with pytest.raises(ApiError, match="DUPLICATE_VALUE"), org.world.store.transaction("x") as tx:
        tx.undelete(first)

    assert org.row(first)["IsDeleted"]


def test_a_parent_is_found_by_its_external_id(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme", ExternalID__c="K-1")

    contact = org.make("Contact", LastName="Nair", Account={"ExternalID__c": "K-1"})

    assert org.row(contact)["AccountId"] == account


def test_one_event_per_record_with_the_first_kind_and_the_last_values(
    org: TestOrg, commits: list[Commit]
) -> None:
    with org.world.store.transaction(org.world.org.sales_id, "com/salesforce/api/rest/66.0") as tx:
        account = tx.create("Account", {"Name": "Acme"})
        tx.update(account, {"Name": "Acme Ltd"})

    (commit,) = commits
    (change,) = commit.changes
    assert (change.change_type, change.before, commit.origin) == (
        "CREATE",
        None,
        "com/salesforce/api/rest/66.0",
    )
    assert change.after is not None
    assert change.after["Name"] == "Acme Ltd"


def test_a_record_that_came_and_went_in_one_transaction_is_not_told(
    org: TestOrg, commits: list[Commit]
) -> None:
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.delete(tx.create("Account", {"Name": "Brief"}))

    assert commits == []


def test_an_update_that_ends_in_a_delete_is_told_as_a_delete(org: TestOrg, commits: list[Commit]) -> None:
    account = org.make("Account", Name="Acme")
    commits.clear()

    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.update(account, {"Name": "Gone"})
        tx.delete(account)

    assert [change.change_type for change in commits[0].changes] == ["DELETE"]


def test_a_transaction_that_raises_leaves_nothing_behind(org: TestOrg, commits: list[Commit]) -> None:
    def make_two(tx: Transaction) -> None:
        tx.create("Account", {"Name": "Acme", "ExternalID__c": "K-1"})
        tx.create("Contact", {})

    with pytest.raises(ApiError), org.world.store.transaction(org.world.org.sales_id) as tx:
        make_two(tx)

    assert org.world.store.rows("Account") == []
    assert commits == []
    org.make("Account", Name="Acme", ExternalID__c="K-1")


def test_an_inner_transaction_is_undone_alone_and_told_with_the_outer(
    org: TestOrg, commits: list[Commit]
) -> None:
    store, sales = org.world.store, org.world.org.sales_id

    with store.transaction(sales) as tx:
        tx.create("Account", {"Name": "Kept"})
        with contextlib.suppress(ApiError), store.transaction(sales):
            tx.create("Account", {"Name": "Undone"})
            tx.create("Contact", {})

    assert [row["Name"] for row in store.rows("Account")] == ["Kept"]
    assert len(commits) == 1


def test_a_delete_takes_the_children_along_and_an_undelete_brings_them_back(
    org: TestOrg, commits: list[Commit]
) -> None:
    account = org.make("Account", Name="Acme")
    contact = org.make("Contact", LastName="Nair", AccountId=account)
    deal = org.deal(AccountId=account)
    commits.clear()

    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.delete(account)
    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.undelete(account)

    gone, back = ({change.record_id: change.change_type for change in commit.changes} for commit in commits)
    assert gone == dict.fromkeys((account, contact, deal), "DELETE")
    assert back == dict.fromkeys((account, contact, deal), "UNDELETE")
    assert not org.row(contact)["IsDeleted"]


def test_what_is_deleted_can_neither_be_changed_nor_deleted_again(org: TestOrg) -> None:
    account = org.make("Account", Name="Acme")
    with org.world.store.transaction("x") as tx:
        tx.delete(account)

    with pytest.raises(ApiError, match="ENTITY_IS_DELETED"), org.world.store.transaction("x") as tx:
        tx.update(account, {"Name": "y"})
    with pytest.raises(ApiError, match="ENTITY_IS_DELETED"), org.world.store.transaction("x") as tx:
        tx.delete(account)


def test_a_merge_deletes_the_loser_and_hands_its_children_over(org: TestOrg, commits: list[Commit]) -> None:
    winner, loser = org.make("Account", Name="Acme"), org.make("Account", Name="ACME", ExternalID__c="K-2")
    contact = org.make("Contact", LastName="Nair", AccountId=loser)
    commits.clear()

    with org.world.store.transaction(org.world.org.sales_id) as tx:
        tx.merge(winner, [loser], {"ExternalID__c": "K-2"})

    told = {change.record_id: change.change_type for change in commits[0].changes}
    assert told == {winner: "UPDATE", loser: "DELETE", contact: "UPDATE"}
    assert org.row(loser)["MasterRecordId"] == winner
    assert org.row(contact)["AccountId"] == winner


def test_an_inactive_user_can_own_nothing(org: TestOrg) -> None:
    with org.world.store.transaction("x") as tx:
        tx.update(org.world.org.admin_id, {"IsActive": False})

    assert (
        _refused(org, "Account", Name="Acme", OwnerId=org.world.org.admin_id).code == "INACTIVE_OWNER_OR_USER"
    )
