"""Customers in KashFlow: found if KashFlow has them, created once if not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from canonical.customer import Customer
from canonical.names import normalised
from connectors.errors import ConnectorError, Duplicate, NotFound
from connectors.kashflow.reading import Row
from connectors.kashflow.values import read_code, read_id
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, LinkFound, NotNow, Reason, Unchanged
from ledger.questions import Asked
from ledger.reviews import Review, ReviewState
from mappings.codes import customer_code
from workers.abreast import abreast
from workers.classify import ending_of, in_doubt
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.pairs import departures
from workers.pairs.asking import NEW, NONE, match_question, pair_about, subject_of
from workers.pairs.finishing import begin_in_step, finish
from workers.pairs.likeness import summary
from workers.pairs.sides import kashflow_of
from workers.targets import namesakes
from workers.targets.matching import agrees, differs, same_name
from workers.targets.namesakes import Namesake, candidates_shown
from workers.work import Progress, Work, as_noun, known

#: Codes tried when somebody else's customer has ours; more collisions than this are no coincidence.
CODE_TRIES = 5
#: What a customer is in Salesforce.
ACCOUNT = "Account"


class KashFlowCustomers:
    """The Code is ours to choose and unique, so it is the stamp that makes a repeat harmless: a second POST with the same
    Code is refused, and the Note tells whose customer has it (reference kashflow.md section 3.1, quirk 5).

    Accounts of one name come one after another, in one batch by turns and in two because they want the same Code:
    what becomes of them does not depend on who asked when."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        # Doubts before links: whoever settles in between closes the doubt and leaves the link.
        doubts = desk.ledger.open_intents([stamp(work) for work in works])
        links = desk.ledger.links_by_salesforce_id("customer", ACCOUNT, [_account_id(work) for work in works])
        strangers = [work for work in works if _account_id(work) not in links]
        heirs = departures.waiting_heirs(desk, strangers, _account_id)
        for work in works:
            if work.delivery.id in heirs:
                yield heirs[work.delivery.id]
            elif _account_id(work) in links:
                code = links[_account_id(work)].kashflow_key
                yield work.ends(
                    Unchanged(Reason("resolve", "already_linked", f"it is customer {code} already"))
                )
            else:
                yield replace(work, doubt=doubts.get(stamp(work)))

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """Look for the customer before making one."""
        first: dict[str, Work] = {}
        for work in works:
            name = normalised(_model(work).name) or _account_id(work)
            if first.setdefault(name, work) is not work:
                text = f"another Account called {_model(work).name!r} comes first"
                yield work.ends(NotNow(desk.clock(), Reason("compare", "same_name_first", text)))
        yield from abreast(desk, _look, list(first.values()))

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from abreast(desk, make_customer, works)


def stamp(work: Work) -> str:
    """What identifies the create of this Account's customer."""
    return f"customer {_account_id(work)}"


def _account_id(work: Work) -> str:
    """Whoever needed the customer, it is the Account's."""
    return _model(work).external_ids["salesforce"]


def _model(work: Work) -> Customer:
    return as_noun(work.model, Customer)


def _look(desk: Desk, work: Work) -> Progress:
    try:
        if work.doubt is not None:
            made = customer_with_code(desk, work, work.doubt.key)
            if made is not None and is_ours(made, work):
                return _linked(desk, work, made, "found the customer that an earlier attempt made")
            return work
        found = namesakes.find(desk, work.flow, _model(work).name)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "compare", desk))
    review = desk.ledger.live_review(subject_of(pair_about("customer", _account_id(work)), "match"))
    if review is not None and review.state is ReviewState.DECIDED:
        return _reviewed(desk, work, review)
    match namesakes.choose(_model(work), found):
        case None:
            return work
        case Reason() as doubt:
            return _asked(desk, work, found, doubt)
        case row if review is not None and not _is_certain(_model(work), row):
            text = f"review {review.id} asks whether KashFlow's customer {row.get('Code')} is meant"
            return _asked(desk, work, found, Reason("compare", "in_review", text))
        case row if differs(_model(work), row) and not is_ours(row, work):
            text = (
                f"KashFlow's customer {row.get('Code')} has this name and another postcode or VAT number; "
                "a person has to say whether it is meant: kashforce review list"
            )
            return _asked(desk, work, found, Reason("compare", "doubtful", text))
        case row:
            return _linked(desk, work, row, "found the customer of the same name")


def _asked(desk: Desk, work: Work, found: Sequence[Namesake], doubt: Reason) -> Settlement:
    """Dead, because an invoice waits for it; and a question, whose answer brings it back to life."""
    account_id = _account_id(work)
    question = match_question(
        work,
        pair_about("customer", account_id),
        "the name is the same, and nothing says which is meant",
        summary(_model(work)),
        candidates_shown(desk, {one.code: one.row for one in found}, account_id),
    )
    return work.ends(Dead(doubt), asked=Asked((question,)))


def _is_certain(customer: Customer, row: Mapping[str, Any]) -> bool:
    """While a person is asked, only what needs no guess answers the question: something else agrees, or the whole name."""
    return agrees(customer, row) or customer.name.split() == str(row.get("Name") or "").split()


def _reviewed(desk: Desk, work: Work, review: Review) -> Progress:
    """What a person said about this Account's customer."""
    if review.decision == NONE:
        text = f"{review.who} decided in review {review.id} to leave this Account alone ({review.reason})"
        return work.ends(Dead(Reason("compare", "left_alone", text)))
    work = replace(work, decided=(review.id,))
    if review.decision == NEW:
        return work
    row = customer_with_code(desk, work, str(review.decision))
    if row is None:
        text = f"review {review.id} says that it is customer {review.decision}, and KashFlow has none of that code"
        return work.ends(Dead(Reason("compare", "gone", text)))
    note = f"customer {review.decision}, as {review.who} decided in review {review.id}"
    return _linked(desk, work, row, note)


def make_customer(desk: Desk, work: Work) -> Settlement:
    """Make the customer of the work's Account, once, under the first code that is free."""
    for code in _codes(work):
        settlement = _create_with_code(desk, work, code)
        if settlement is not None:
            return settlement
    text = f"KashFlow has other customers with every code we would give to {_model(work).name!r}"
    return work.ends(Dead(Reason("send", "codes_taken", text)), closes=(stamp(work),))


def _create_with_code(desk: Desk, work: Work, code: str) -> Settlement | None:
    """None when somebody else's customer has this code."""
    body = {**known(work.payload, "the payload"), "Code": code}
    try:
        row = send_once(desk, work, stamp(work), code, lambda: desk.kashflow.customers.create(body))
        return _linked(desk, work, row, f"created customer {row.get('Code')}")
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except Duplicate:
        return _adopt_if_ours(desk, work, code)
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return _refused_or_taken(desk, work, code, error)


def _refused_or_taken(desk: Desk, work: Work, code: str, error: ConnectorError) -> Settlement | None:
    """KashFlow has no error code for a code that is taken (reference kashflow.md section 2.7): see whether it is."""
    try:
        if customer_with_code(desk, work, code) is not None:
            return _adopt_if_ours(desk, work, code)
    except ConnectorError:
        pass  # the refusal itself is the better answer to report
    return work.ends(ending_of(error, work.delivery, "send", desk), closes=(stamp(work),))


def _adopt_if_ours(desk: Desk, work: Work, code: str) -> Settlement | None:
    """None when the customer that has the code is somebody else's; nobody knows that of one that cannot be read yet."""
    try:
        row = customer_with_code(desk, work, code)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "send", desk))
    if row is None:
        text = f"KashFlow says that the code {code} is taken and does not show by whom"
        return work.ends(in_doubt(work.delivery, Reason("send", "not_readable_yet", text), desk))
    if is_ours(row, work):
        return _linked(desk, work, row, f"customer {code} was made by an earlier attempt")
    same = namesakes.claimed(desk, same_name(_model(work).name, [row]))
    match namesakes.choose(_model(work), list(same)):
        case None:
            return None
        case Reason() as doubt:
            return work.ends(Dead(doubt), closes=(stamp(work),))
        case found:
            return _linked(desk, work, found, f"found customer {code} of the same name")


def customer_with_code(desk: Desk, work: Work, code: str) -> Row | None:
    """May raise any ConnectorError but NotFound."""
    try:
        return desk.kashflow_meter.call(
            lambda: desk.kashflow.customers.get(code), priority=work.flow.priority
        )
    except NotFound:
        return None


def is_ours(row: Mapping[str, Any], work: Work) -> bool:
    """Does its note name the Account?"""
    return _account_id(work) in str(row.get("Note") or "")


def _codes(work: Work) -> list[str]:
    """The codes to try. A repeat begins with the one of the first try, even if the Account was renamed since:
    as long as nobody knows what became of it, no other code is safe."""
    name, account_id = _model(work).name, _account_id(work)
    codes = [customer_code(name, account_id, attempt) for attempt in range(CODE_TRIES)]
    if work.doubt is None:
        return codes
    first = work.doubt.key
    return [first, *(codes[codes.index(first) + 1 :] if first in codes else codes)]


def _linked(desk: Desk, work: Work, row: Mapping[str, Any], note: str) -> Settlement:
    """Raises Unreadable when the answer does not say which customer it was."""
    kashflow_id, code = read_id(row.get("Id")), read_code(row.get("Code"))
    if work.meeting is not None:
        after = kashflow_of(desk, work.flow, row, desk.context(), work.meeting.golden)
        return finish(desk, work, Delivered(note), after, sent=True, closes=(stamp(work),))
    return work.ends(
        Delivered(note),
        link=LinkFound("customer", ACCOUNT, _account_id(work), kashflow_id, code),
        follow_ups=begin_in_step(desk, work, _account_id(work)),
        asked=Asked(used=work.decided, looked_at=(pair_about("customer", _account_id(work)),)),
        closes=(stamp(work),),
    )
