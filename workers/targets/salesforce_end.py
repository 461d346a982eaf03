"""Salesforce Accounts, each with its primary Contact, as the far end of a pair: read in one query, written in two calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from canonical.customer import Customer
from connectors.errors import ConnectorError
from connectors.salesforce.collections import RowResult
from ledger.deliveries import Settlement
from ledger.endings import Reason, Unchanged
from ledger.questions import Asked
from mappings.golden.alike import alike
from mappings.golden.record import Value
from mappings.problems import MappingProblem
from mappings.soql import quoted
from workers.classify import ending_of
from workers.desk import Desk
from workers.pairs import departures
from workers.pairs.asking import NEW, match_question, near_about, subject_of
from workers.pairs.likeness import Candidates, candidates, summary
from workers.pairs.merging import customer_of
from workers.pairs.salesforce import ACCOUNT, CODE_FIELD, find_accounts, named, read_accounts
from workers.pairs.sides import reading
from workers.targets.account_writing import Change, change_of, write_accounts, write_contacts
from workers.work import Progress, Work, known

_WORD = re.compile(r"\w+")
#: What names an Account in a customer's note.
_ACCOUNT_ID = re.compile(r"^001[0-9A-Za-z]{15}$")


class SalesforceEnd:
    """Records are made by upsert on ExternalID__c where the organisation has that field: a repeat finds the first."""

    def read(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        flow = reading(desk, works[0].flow, "salesforce")
        ids = [known(work.link, "the link").salesforce_id for work in works]
        found = read_accounts(desk, flow, ids, works[0].flow.priority)
        return [
            replace(work, far=found.get(salesforce_id))
            for work, salesforce_id in zip(works, ids, strict=True)
        ]

    def find(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return [_find(desk, work) for work in works]

    def send(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        changes = [change_of(desk, work) for work in works]
        accounts = write_accounts(desk, changes)
        whole = [change for change, result in zip(changes, accounts, strict=True) if result.success]
        ids = {id(change): str(result.id) for change, result in zip(changes, accounts, strict=True)}
        contacts = dict(
            zip(map(id, whole), write_contacts(desk, [(one, ids[id(one)]) for one in whole]), strict=True)
        )
        for change, account in zip(changes, accounts, strict=True):
            yield _ended(desk, change, account, contacts.get(id(change)))


def _ended(desk: Desk, change: Change, account: RowResult, contact: RowResult | None) -> Settlement:
    """A Contact that was refused does not keep the Account from being agreed on: what it lacks is merged again."""
    work = change.work
    if account.error is not None:
        return work.ends(ending_of(account.error, work.delivery, "send", desk))
    if contact is not None and contact.error is not None:
        return work.ends(ending_of(contact.error, work.delivery, "send", desk))
    meeting = known(work.meeting, "both sides")
    if meeting.golden.parted is not None:
        return departures.parted_end(work, meeting.golden, meeting.golden.parted, archived=True)
    return change.agreed(desk, str(account.id), str(contact.id) if contact and contact.id else "")


def _find(desk: Desk, work: Work) -> Progress:
    try:
        return _found(desk, work)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))


def _found(desk: Desk, work: Work) -> Progress:
    """By what a person said, by our stamp in the note, by the code, then by name and what else agrees."""
    flow, priority = reading(desk, work.flow, "salesforce"), work.flow.priority
    subject = subject_of(near_about(work), "match")
    review = desk.ledger.decisions([subject]).get(subject)
    if review is not None:
        work = replace(work, decided=(review.id,))
        if review.decision == NEW:
            return work
        chosen = str(review.decision)
        return replace(work, far=read_accounts(desk, flow, [chosen], priority).get(chosen))
    ours = customer_of(work)
    stamped = ours.external_ids.get("salesforce", "")
    if _ACCOUNT_ID.match(stamped):
        account = read_accounts(desk, flow, [stamped], priority).get(stamped)
        if account is not None and not _linked(desk, [stamped]):
            return replace(work, far=account)
    if CODE_FIELD in desk.fields(ACCOUNT):
        coded = find_accounts(desk, flow, f"{CODE_FIELD} = {quoted(ours.code)}", priority)
        account = next(iter(coded), None)
        if account is not None and not _linked(desk, [account["Id"]]):
            return replace(work, far=account)
    return _by_name(desk, work)


def _by_name(desk: Desk, work: Work) -> Progress:
    ours, flow = customer_of(work), reading(desk, work.flow, "salesforce")
    word = max(_WORD.findall(ours.name), key=len, default="")
    where = f"Name = {quoted(ours.name)}" + (f" OR {named(word)}" if word else "")
    rows = {row["Id"]: row for row in find_accounts(desk, flow, where, work.flow.priority)}
    judged = candidates(ours, _customers(desk, work, rows))
    if not judged.all:
        return work
    taken = _linked(desk, judged.all)
    # An Account that shows another customer's code is that one's, whatever the ledger knows.
    foreign = {key for key, one in judged.all.items() if one.code and not alike("code", one.code, ours.code)}
    if len(judged.same) == 1 and not (taken | foreign) & set(judged.same):
        return replace(work, far=rows[next(iter(judged.same))])
    return _in_doubt(desk, work, judged, taken)


def _in_doubt(desk: Desk, work: Work, judged: Candidates, taken: set[str]) -> Settlement:
    if judged.same:
        why = "several have its name and more, or the one that has is another customer's"
    else:
        why = "the name is alike, and nothing else agrees"
    shown: list[Mapping[str, Value]] = [
        {**summary(one), "key": key, "linked": "another customer" if key in taken else None}
        for key, one in judged.all.items()
    ]
    question = match_question(work, near_about(work), why, summary(customer_of(work)), shown)
    reason = Reason("resolve", "in_review", f"{question.question}; a person decides: kashforce review list")
    return work.ends(Unchanged(reason), asked=Asked((question,)))


def _customers(desk: Desk, work: Work, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Customer]:
    """Those that can be read; one that cannot is judged by its name."""
    mapping, context = desk.book.mapping(reading(desk, work.flow, "salesforce").reads), desk.context()
    found: dict[str, Customer] = {}
    for record_id, row in rows.items():
        try:
            model = mapping.read(row, context)
        except MappingProblem:
            model = Customer(name=str(row["Name"]))
        if isinstance(model, Customer):
            found[record_id] = model
    return found


def _linked(desk: Desk, ids: Iterable[str]) -> set[str]:
    return set(desk.ledger.links_by_salesforce_id("customer", ACCOUNT, ids))
