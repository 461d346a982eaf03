"""Suppliers in KashFlow: found if KashFlow has them, made once if not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from canonical.supplier import Supplier
from connectors.errors import Busy, ConnectorError, NotFound
from connectors.kashflow.values import read_code, read_id
from ledger.deliveries import Settlement
from ledger.endings import Dead, Delivered, LinkFound, Reason, Unchanged
from mappings.codes import customer_code
from workers.abreast import abreast
from workers.classify import ending_of
from workers.desk import Desk
from workers.once import NotSent, doubtful, may_have_been_made, send_once
from workers.targets.matching import same_name, searches
from workers.work import Progress, Work, as_noun, known

SUPPLIER = "supplier"


class KashFlowSuppliers:
    """The Code is ours to choose and unique, so it makes a repeat harmless, and the Note tells whose supplier has it
    (reference kashflow.md section 3.7)."""

    def resolve(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        entity = works[0].flow.source_entity
        links = desk.ledger.links_by_salesforce_id(SUPPLIER, entity, [w.delivery.record_id for w in works])
        for work in works:
            link = links.get(work.delivery.record_id)
            if link is not None:
                text = f"it is supplier {link.kashflow_key} already"
                yield work.ends(Unchanged(Reason("resolve", "already_linked", text)))
            else:
                yield _with_code(work)

    def compare(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        """Look for the supplier before making one: by our code, then by its name."""
        yield from abreast(desk, _look, works)

    def send(self, desk: Desk, works: list[Work]) -> Iterator[Progress]:
        yield from abreast(desk, _create, works)


def _model(work: Work) -> Supplier:
    return as_noun(work.model, Supplier)


def _with_code(work: Work) -> Work:
    """The code that the supplier has already, or the one that it will have."""
    model = _model(work)
    code = model.code or customer_code(model.name, work.delivery.record_id, 0)
    return replace(work, model=model.model_copy(update={"code": code}))


def _stamp(work: Work) -> str:
    return f"supplier {work.delivery.record_id}"


def _look(desk: Desk, work: Work) -> Progress:
    try:
        row = _with_our_code(desk, work)
        if row is not None:
            if _model(work).salesforce_id in str(row.get("Note") or "") or same_name(
                _model(work).name, [row]
            ):
                return _linked(work, row, f"found supplier {row.get('Code')}")
            text = f"KashFlow's supplier {row.get('Code')} is another one, {row.get('Name')!r}; give this one its own code"
            return work.ends(Dead(Reason("compare", "code_taken", text)))
        found = _namesakes(desk, work)
    except ConnectorError as error:
        return work.ends(ending_of(error, work.delivery, "compare", desk))
    match found:
        case []:
            return work
        case [one]:
            return _linked(work, one, f"found supplier {one.get('Code')} of the same name")
        case rows:
            codes = ", ".join(str(row.get("Code")) for row in rows)
            text = f"KashFlow has several suppliers called {_model(work).name!r} ({codes}); enter the code of the one meant"
            return work.ends(Dead(Reason("compare", "ambiguous", text)))


def _with_our_code(desk: Desk, work: Work) -> Mapping[str, Any] | None:
    code = _model(work).code
    try:
        return desk.kashflow_meter.call(
            lambda: desk.kashflow.suppliers.get(code), priority=work.flow.priority
        )
    except NotFound:
        return None


def _namesakes(desk: Desk, work: Work) -> list[Mapping[str, Any]]:
    """Raises Busy when none was shown and a list was incomplete: whoever would then make one might make it twice."""
    rows: dict[object, Mapping[str, Any]] = {}
    complete = True
    for filters in searches(_model(work).name):
        found = desk.kashflow_meter.call(
            lambda filters=filters: desk.kashflow.suppliers.list(**filters),  # type: ignore[misc]
            priority=work.flow.priority,
        )
        rows |= {row.get("Code"): row for row in same_name(_model(work).name, found.rows)}
        complete = complete and found.complete
    if not rows and not complete:
        raise Busy("KashFlow left rows out while we looked for the supplier", system="kashflow")
    return list(rows.values())


def _create(desk: Desk, work: Work) -> Settlement:
    body, code = known(work.payload, "the payload"), _model(work).code
    try:
        row = send_once(desk, work, _stamp(work), code, lambda: desk.kashflow.suppliers.create(body))
        return _linked(work, row, f"created supplier {row.get('Code')}")
    except NotSent as nothing:
        return work.ends(nothing.ending)
    except ConnectorError as error:
        if may_have_been_made(error):
            return doubtful(desk, work, error)
        return work.ends(ending_of(error, work.delivery, "send", desk), closes=(_stamp(work),))


def _linked(work: Work, row: Mapping[str, Any], note: str) -> Settlement:
    """Raises Unreadable when the answer does not say which supplier it was."""
    kashflow_id, code = read_id(row.get("Id")), read_code(row.get("Code"))
    return work.ends(
        Delivered(note),
        link=LinkFound(SUPPLIER, work.flow.source_entity, work.delivery.record_id, kashflow_id, code),
        closes=(_stamp(work),),
    )
