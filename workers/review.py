"""An invoice that says another amount than its deal does now is put to a person, with the credit note that would settle it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ledger.deliveries import Settlement
from ledger.endings import Reason, Unchanged
from ledger.questions import Asked, Question
from ledger.reviews import Review
from workers.desk import Desk
from workers.pairs.asking import again, subject_of
from workers.work import Work

#: Answers: the difference is meant; it was settled in KashFlow, so look again.
KEEP = "keep"
SETTLED = "settled"


@dataclass(frozen=True)
class Credit:
    """What KashFlow has billed for a deal, and what the deal says now: net, `wanted` zero where the deal is off."""

    invoice_number: str
    #: Of a credit note or further invoice that settles it: KashFlow's CustomerReference.
    reference: str
    billed: Decimal
    wanted: Decimal

    @property
    def in_words(self) -> str:
        """Such as `a credit note over 100.00`."""
        amount = abs(self.billed - self.wanted)
        return f"{'a credit note' if self.billed > self.wanted else 'a further invoice'} over {amount:.2f}"


def propose_credit(desk: Desk, work: Work, credit: Credit, text: str) -> Settlement:
    """The end of a delivery whose invoice is issued and whose deal has changed since. `text` says so, for the bookkeeper.

    A person who said that the difference is meant is asked again only about another one.
    """
    decided = _decided(desk, work)
    if decided is not None and decided.decision == KEEP and decided.detail["rows"] == _rows(credit):
        kept = f"{text}; {decided.who} decided in review {decided.id} to leave it so ({decided.reason})"
        return work.ends(Unchanged(Reason("resolve", "difference_accepted", kept)))
    about = _about(work)
    detail = {
        "sides": ["Salesforce", "KashFlow"],
        "rows": _rows(credit),
        "answers": {
            SETTLED: f"{credit.in_words} net with the reference {credit.reference} was made in KashFlow; look again",
            KEEP: "the difference is meant; ask again only if it becomes another",
        },
    }
    question = Question("credit", about, subject_of(about, "credit"), text, detail, again(work.delivery))
    return work.ends(Unchanged(Reason("resolve", "differs_from_invoice", text)), asked=Asked((question,)))


def agrees(desk: Desk, work: Work, reason: Reason) -> Settlement:
    """The end of a delivery whose deal says what its invoice says: what was asked about it has answered itself."""
    decided = _decided(desk, work)
    used = (decided.id,) if decided is not None else ()
    return work.ends(Unchanged(reason), asked=Asked(used=used, looked_at=(_about(work),)))


def _decided(desk: Desk, work: Work) -> Review | None:
    subject = subject_of(_about(work), "credit")
    return desk.ledger.decisions([subject]).get(subject)


def _about(work: Work) -> str:
    return f"deal {work.delivery.entity} {work.delivery.record_id}"


def _rows(credit: Credit) -> list[dict[str, str]]:
    """Side by side, as JSON keeps them."""
    return [
        {"field": "invoice", "Salesforce": "", "KashFlow": credit.invoice_number},
        {"field": "net", "Salesforce": f"{credit.wanted:.2f}", "KashFlow": f"{credit.billed:.2f}"},
    ]
