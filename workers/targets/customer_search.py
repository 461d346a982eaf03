"""Which KashFlow customer an Account is that is linked with none: by our own earlier attempt, its code, its name and more."""

from __future__ import annotations

from dataclasses import replace

from canonical.customer import Customer
from connectors.kashflow.reading import Row
from workers.desk import Desk
from workers.pairs.choosing import in_doubt, models_of
from workers.pairs.kashflow import Listing
from workers.pairs.likeness import Candidates
from workers.pairs.things import thing_of
from workers.targets import namesakes
from workers.targets.kashflow_customers import customer_with_code, is_ours
from workers.work import Progress, Work, as_noun


def search_customer(desk: Desk, work: Work, _listing: Listing) -> Progress:
    """The work with the customer that is meant, None where there is none; its end in doubt. May raise any ConnectorError."""
    if work.doubt is not None:
        made = customer_with_code(desk, work, work.doubt.key)
        return replace(work, far=made) if made is not None and is_ours(made, work) else work
    ours = as_noun(work.model, Customer)
    if ours.code:
        row = customer_with_code(desk, work, ours.code)
        if row is not None:
            return _unless_taken(desk, work, ours, row)
    found = namesakes.find(desk, work.flow, ours.name)
    rows = {one.code: one.row for one in found}
    noted = [one for one in found if one.accounts == {ours.external_ids["salesforce"]}]
    if len(noted) == 1:
        return replace(work, far=noted[0].row)
    taken = {one.code for one in found if one.accounts}
    judged = thing_of(work.flow).candidates(ours, models_of(desk, work, rows), taken)
    if len(judged.same) == 1 and not taken & set(judged.same):
        return replace(work, far=rows[next(iter(judged.same))])
    if not judged.all:
        return work
    shown = {code: rows[code] for code in judged.all}
    return in_doubt(work, judged, namesakes.candidates_shown(desk, shown, work.delivery.record_id))


def _unless_taken(desk: Desk, work: Work, ours: Customer, row: Row) -> Progress:
    """The Account shows this customer's code: that is the customer, unless it is another Account's."""
    if not desk.ledger.links_by_kashflow_id("customer", [str(row["Id"])]):
        return replace(work, far=row)
    code = str(row["Code"])
    shown = namesakes.candidates_shown(desk, {code: row}, work.delivery.record_id)
    return in_doubt(work, Candidates({code: ours}, {}), shown)
