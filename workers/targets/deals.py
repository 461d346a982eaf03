"""One deal is invoiced once, whether from its Opportunity or from an Order of it: who else may have, and who waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from canonical.invoice import Invoice
from ledger.deliveries import Settlement
from ledger.endings import Dead, LinkFound, NotNow, Reason, State, Unchanged
from ledger.intents import Intent
from ledger.links import Link
from workers.desk import Desk
from workers.work import Work, as_noun

OPPORTUNITY = "Opportunity"
#: The noun of the links from a deal to the invoice of one of its other records.
DEAL = "deal"


@dataclass(frozen=True)
class Deals:
    """What is known of the deals of a batch. Read after the claim: under a deal's lock nobody else changes it."""

    desk: Desk
    #: By Opportunity: to an Opportunity the invoice of an Order of it, to an Order that of the Opportunity itself.
    invoiced: Mapping[str, Link]
    #: By lock key: invoices that somebody may have made.
    in_doubt: Mapping[str, list[Intent]]

    @classmethod
    def of(cls, desk: Desk, works: Sequence[Work]) -> Deals:
        deals = [_deal(work) for work in works]
        noun = DEAL if works[0].delivery.entity == OPPORTUNITY else "invoice"
        return cls(
            desk,
            desk.ledger.links_by_salesforce_id(noun, OPPORTUNITY, deals),
            desk.ledger.open_intents_under(_lock(work) for work in works),
        )

    def ends(self, work: Work) -> Settlement | None:
        """The end of a record whose deal is invoiced otherwise, or may be, or is not ours to look at yet; None for one
        that may go on."""
        lock, deal = _lock(work), _deal(work)
        if work.delivery.lock_key != lock:
            text = f"it waits its turn with Opportunity {deal}, which it is the Order of"
            reason = Reason("resolve", "takes_the_deals_lock", text)
            return work.ends(NotNow(self.desk.clock(), reason), lock_key=lock)
        is_order = work.delivery.entity != OPPORTUNITY
        other = self.invoiced.get(deal) if deal else None
        if other is not None:
            through = f"its Opportunity {deal} is" if is_order else "by one of its Orders it is"
            text = f"{through} invoice {other.kashflow_key} already; one deal is invoiced once"
            return work.ends(Unchanged(Reason("resolve", "deal_invoiced", text)))
        ours = as_noun(work.model, Invoice).reference
        doubts = [intent for intent in self.in_doubt.get(lock, []) if intent.stamp != ours]
        return self._wait(work, doubts[0]) if doubts else None

    def _wait(self, work: Work, doubt: Intent) -> Settlement | None:
        """Another record of the deal may have been invoiced: only its own delivery can find out."""
        told = self.desk.ledger.delivery(doubt.delivery_id)
        if told is None or (told.entity != OPPORTUNITY and work.delivery.entity != OPPORTUNITY):
            return None  # two Orders of one Opportunity are two invoices
        other = self.desk.ledger.newest_delivery(told.queue, told.source, told.entity, told.record_id)
        if other is not None and other.state in (State.WAITING, State.RUNNING):
            until = self.desk.clock() + timedelta(seconds=self.desk.rules.prerequisite_seconds)
            text = f"{told.entity} {told.record_id} of the same deal is being invoiced"
            return work.ends(NotNow(until, Reason("resolve", "deal_in_doubt", text)))
        text = (
            f"{told.entity} {told.record_id} of the same deal may have been invoiced; look in KashFlow for the reference "
            f"{doubt.stamp}, then replay"
        )
        waits_for = other.id if other is not None and other.state is State.DEAD else None
        return work.ends(Dead(Reason("resolve", "deal_in_doubt", text), waits_for=waits_for))


def invoiced_by(work: Work, kashflow_id: str, number: str) -> tuple[LinkFound, ...]:
    """What to remember when a record that is not the deal itself was invoiced."""
    deal = _deal(work) if work.model is not None else ""
    if not deal or deal == work.delivery.record_id:
        return ()
    return (LinkFound(DEAL, OPPORTUNITY, deal, kashflow_id, number),)


def _deal(work: Work) -> str:
    """The Opportunity; blank for an Order without one."""
    itself = work.delivery.record_id if work.delivery.entity == OPPORTUNITY else ""
    return as_noun(work.model, Invoice).deal or itself


def _lock(work: Work) -> str:
    return work.flow.lock_for(_deal(work) or work.delivery.record_id)
