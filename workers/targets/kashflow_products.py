"""Products in KashFlow: which one a Product2 is that is linked with none, and how one is made once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from canonical.product import Product
from connectors.errors import Busy, ConnectorError, Duplicate
from connectors.kashflow.reading import Row
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, Reason
from workers.classify import ending_of, in_doubt, may_pass
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.pairs import choosing
from workers.pairs.finishing import finish
from workers.pairs.kashflow import Listing, row_at
from workers.pairs.products import PRODUCT, letters
from workers.pairs.sides import kashflow_of
from workers.work import Progress, Work, as_noun, known

_RECORDS = PRODUCT.records


def product_stamp(work: Work) -> str:
    """What identifies the create of this Product2's product."""
    return f"product {work.delivery.record_id}"


def search_product(desk: Desk, work: Work, listing: Listing) -> Progress:
    """By our own earlier attempt, by the Id that the Product2 shows, then by code and name.

    Raises Busy where KashFlow's list is incomplete and shows none: what it left out may be the one. May raise any other
    ConnectorError.
    """
    ours, priority = as_noun(work.model, Product), work.flow.priority
    if work.doubt is not None:
        made = row_at(desk, _RECORDS, work.doubt.key, priority)
        return replace(work, far=made) if made is not None and not _taken(desk, [made]) else work
    listed = listing.read()
    rows = {_RECORDS.key(row): row for row in listed.rows}
    taken = _taken(desk, rows.values())
    shown = [key for key, row in rows.items() if _RECORDS.identity(row) == PRODUCT.key_of(ours)]
    if shown and not taken & set(shown):
        return _in_full(desk, work, shown[0])
    near = {key: row for key, row in rows.items() if _resembles(row, ours)}
    judged = PRODUCT.candidates(ours, choosing.models_of(desk, work, near), taken)
    if len(judged.same) == 1 and not taken & set(judged.same):
        return _in_full(desk, work, next(iter(judged.same)))
    if not judged.all:
        if not listed.complete:
            raise Busy("KashFlow left rows out while we looked for the product", system="kashflow")
        return work
    candidates = [
        {**PRODUCT.summary(one), "key": key, "linked": "another Product2" if key in taken else None}
        for key, one in judged.all.items()
    ]
    return choosing.in_doubt(work, judged, candidates)


def _resembles(row: Row, ours: Product) -> bool:
    """Is it worth a closer look? The list may be long, and a whole batch looks through it."""
    pairs = ((row.get("Code"), ours.code), (row.get("Name"), ours.name))
    return any(letters(str(theirs or "")) == letters(said) for theirs, said in pairs if said)


def make_product(desk: Desk, work: Work) -> Settlement:
    """Nominal and code are unique together and ours to choose (reference kashflow.md section 3.5): a repeat is refused."""
    body = known(work.payload, "the payload")
    if not body.get("Code"):
        text = "it has no product code, and KashFlow would make one up; give it one"
        return work.ends(Dead(Reason("send", "no_code", text)))
    stamp, key = product_stamp(work), _RECORDS.key(body)
    try:
        row = send_once(desk, work, stamp, key, lambda: desk.kashflow.products.create(body))
        return _made(desk, work, row, f"created product {key}")
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except Duplicate:
        return _taken_meanwhile(desk, work, key)
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return _refused_or_taken(desk, work, key, error)


def _refused_or_taken(desk: Desk, work: Work, key: str, error: ConnectorError) -> Settlement:
    """KashFlow has no error code for a code that is taken (reference kashflow.md section 2.7): see whether it is."""
    try:
        if row_at(desk, _RECORDS, key, work.flow.priority) is not None:
            return _taken_meanwhile(desk, work, key)
    except ConnectorError:
        pass  # the refusal itself is the better answer to report
    return work.ends(ending_of(error, work.delivery, "send", desk), closes=(product_stamp(work),))


def _taken_meanwhile(desk: Desk, work: Work, key: str) -> Settlement:
    """Somebody has made it in this moment: our own earlier attempt, another Product2 of this code, or a bookkeeper."""
    if work.decided:
        # Who said that it is another one is not asked again, and looking would find the same.
        text = (
            f"a person decided that it is made new, and KashFlow has a product {key} already; give the Product2 another "
            "code or nominal"
        )
        return work.ends(Dead(Reason("send", "code_taken", text)), closes=(product_stamp(work),))
    if work.doubt is None:
        text = f"KashFlow has had a product {key} for a moment, or does not list it; it is looked for"
        reason = Reason("send", "made_meanwhile", text)
        return work.ends(may_pass(work.delivery, reason, desk), closes=(product_stamp(work),))
    text = f"KashFlow says that there is a product {key}, and does not show it"
    return work.ends(in_doubt(work.delivery, Reason("send", "not_readable_yet", text), desk))


def _made(desk: Desk, work: Work, row: Row, note: str) -> Settlement:
    golden = known(work.meeting, "both sides").golden
    after = kashflow_of(desk, work.flow, row, desk.context(), golden)
    return finish(desk, work, Delivered(note), after, sent=True, closes=(product_stamp(work),))


def _in_full(desk: Desk, work: Work, key: str) -> Work:
    return replace(work, far=row_at(desk, _RECORDS, key, work.flow.priority))


def _taken(desk: Desk, rows: Iterable[Row]) -> set[str]:
    """The keys of those that another Product2 is linked with."""
    keys = {_RECORDS.identity(row): _RECORDS.key(row) for row in rows}
    return {keys[one] for one in desk.ledger.links_by_kashflow_id(PRODUCT.entity, keys)}
