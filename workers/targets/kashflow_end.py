"""KashFlow customers as the far end of a pair: one call per record, side by side, and a PUT that replaces the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from canonical.customer import Customer
from connectors.errors import ConnectorError
from connectors.kashflow.reading import Row
from ledger.deliveries import Settlement
from ledger.endings import Delivered, NotNow, Reason, Unchanged
from ledger.questions import Asked
from mappings.digest import kashflow_digest
from mappings.problems import MappingProblem
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.pairs import departures
from workers.pairs.asking import NEW, match_question, near_about, subject_of
from workers.pairs.finishing import finish
from workers.pairs.kashflow import customer_row
from workers.pairs.likeness import Candidates, candidates, summary
from workers.pairs.merging import customer_of
from workers.pairs.sides import kashflow_of, reading
from workers.targets import namesakes
from workers.targets.kashflow_customers import customer_with_code, is_ours, make_customer, stamp
from workers.work import Progress, Work, known


class KashFlowEnd:
    """Nothing is written that was not read a moment before (reference kashflow.md section 4, quirks 7 and 8)."""

    def read(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return abreast(desk, _read, works)

    def find(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        doubts = desk.ledger.open_intents([stamp(work) for work in works])
        return abreast(desk, _find, [replace(work, doubt=doubts.get(stamp(work))) for work in works])

    def send(self, desk: Desk, works: list[Work]) -> Iterable[Progress]:
        return abreast(desk, _write, works)


def _read(desk: Desk, work: Work) -> Progress:
    link = known(work.link, "the link")
    try:
        return replace(work, far=customer_row(desk, work, link.kashflow_key, link.kashflow_id))
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))


def _find(desk: Desk, work: Work) -> Progress:
    try:
        return _found(desk, work)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "resolve", desk))


def _found(desk: Desk, work: Work) -> Progress:
    """By what a person said, by our own earlier attempt, by the code the Account shows, then by name and what else agrees."""
    subject = subject_of(near_about(work), "match")
    review = desk.ledger.decisions([subject]).get(subject)
    if review is not None:
        work = replace(work, decided=(review.id,))
        if review.decision == NEW:
            return work
        return replace(work, far=customer_with_code(desk, work, str(review.decision)))
    if work.doubt is not None:
        made = customer_with_code(desk, work, work.doubt.key)
        return replace(work, far=made) if made is not None and is_ours(made, work) else work
    ours = customer_of(work)
    if ours.code:
        row = customer_with_code(desk, work, ours.code)
        if row is not None:
            return _unless_taken(desk, work, row)
    found = namesakes.find(desk, work.flow, ours.name)
    rows = {one.code: one.row for one in found}
    noted = [one for one in found if one.accounts == {ours.external_ids["salesforce"]}]
    if len(noted) == 1:
        return replace(work, far=noted[0].row)
    judged = candidates(ours, _customers(desk, work, rows))
    taken = {one.code for one in found if one.accounts}
    if len(judged.same) == 1 and not taken & set(judged.same):
        return replace(work, far=rows[next(iter(judged.same))])
    return _in_doubt(desk, work, judged, rows) if judged.all else work


def _unless_taken(desk: Desk, work: Work, row: Row) -> Progress:
    """The Account shows this customer's code: that is the customer, unless it is another Account's."""
    links = desk.ledger.links_by_kashflow_id("customer", [str(row["Id"])])
    if not links:
        return replace(work, far=row)
    code = str(row["Code"])
    return _in_doubt(desk, work, Candidates({code: customer_of(work)}, {}), {code: row})


def _in_doubt(
    desk: Desk, work: Work, judged: Candidates, rows: Mapping[str, Mapping[str, Any]]
) -> Settlement:
    if judged.same:
        why = "several have its name and more, or the one that has is another Account's"
    else:
        why = "the name is alike, and nothing else agrees"
    shown = namesakes.candidates_shown(
        desk, {code: rows[code] for code in judged.all}, work.delivery.record_id
    )
    question = match_question(work, near_about(work), why, summary(customer_of(work)), shown)
    reason = Reason("resolve", "in_review", f"{question.question}; a person decides: kashforce review list")
    return work.ends(Unchanged(reason), asked=Asked((question,)))


def _customers(desk: Desk, work: Work, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Customer]:
    """Those that can be read; one that cannot is judged by its name."""
    mapping, context = desk.book.mapping(reading(desk, work.flow, "kashflow").reads), desk.context()
    found: dict[str, Customer] = {}
    for code, row in rows.items():
        try:
            model = mapping.read(row, context)
        except MappingProblem:
            model = Customer(name=str(row["Name"]), code=code)
        if isinstance(model, Customer):
            found[code] = model
    return found


def _write(desk: Desk, work: Work) -> Settlement:
    meeting = known(work.meeting, "both sides")
    if meeting.far is None:
        return make_customer(desk, work)
    try:
        return _replaced(desk, work, meeting.far.record)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "send", desk))


def _replaced(desk: Desk, work: Work, merged_with: Mapping[str, Any]) -> Settlement:
    """The whole record as it is now, with our fields laid over it; if it is not what we merged with, merge again."""
    code, meter, priority = str(merged_with["Code"]), desk.kashflow_meter, work.flow.priority
    present = meter.call(lambda: desk.kashflow.customers.get(code), priority=priority)
    if kashflow_digest("Customer", present) != kashflow_digest("Customer", merged_with):
        text = "the customer was edited in KashFlow while we looked at both sides; they are merged again"
        return work.ends(NotNow(desk.clock(), Reason("send", "edited_meanwhile", text)))
    mapping, payload = desk.book.mapping(work.flow.writes), known(work.payload, "the payload")
    body = mapping.overlay(payload, present)
    answer = meter.call(lambda: desk.kashflow.customers.update(code, body), priority=priority)
    after = {**body, **answer} if str(answer.get("Id")) == str(present["Id"]) else body
    golden = known(work.meeting, "both sides").golden
    if golden.parted is not None:
        return departures.parted_end(work, golden, golden.parted, archived=True)
    shown = kashflow_of(desk, work.flow, after, desk.context(), golden)
    return finish(desk, work, Delivered(f"wrote {', '.join(sorted(payload))} of {code}"), shown, sent=True)
