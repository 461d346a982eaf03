"""The calls that no road from a won stage to an invoice number can do without, each made by a plain client and timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import httpx

from bench.office import FIRST_CUSTOMER, Office
from tests.support.sandbox_clients import kashflow_client
from tests.support.streaming import BayeuxPeer, events_in

_VERSION = "66.0"
_DEAL = (
    "SELECT Id, Name, Amount, CloseDate, IsWon, AccountId, Account.Name, Account.BillingCity, Account.BillingCountry, "
    "(SELECT Description, Quantity, UnitPrice, Product2.Name FROM OpportunityLineItems) "
    "FROM Opportunity WHERE Id = '{}'"
)
_SHOWN = {"KashFlow_Invoice_Number__c": "1"}
_LINE = {"NominalCode": 4000, "Description": "Refit", "Quantity": 1, "Rate": 1200, "VATLevel": 20}
_INVOICE = {"CustomerCode": FIRST_CUSTOMER, "CustomerReference": "bench", "LineItems": [_LINE]}


def hearing(office: Office, deal: str, rate: int, count: int) -> float:
    """Seconds from a commit to its event in a client's hands, where so many come in a second: the median.

    Between two polls nobody can hear (Bayeux allows one at a time), so this grows with the rate.
    """
    committed: list[float] = []
    heard: list[float] = []

    def change(number: int) -> None:
        office.commit(deal, Description=str(number))
        committed.append(time.perf_counter())

    with BayeuxPeer(office.sandbox.salesforce_url, _token(office)) as peer:
        peer.begin()
        office.again_and_again(change, rate, count)
        while len(heard) < count:
            events = events_in(peer.connect())
            heard += [time.perf_counter()] * len(events)
        peer.post(peer.message("/meta/disconnect"))
    return median(at - since for at, since in zip(heard, committed, strict=True))


def calling(office: Office, deal: str, tries: int) -> float:
    """Seconds for the read of a deal, the making of its invoice and the writing of its number, one after the other."""
    data = f"{office.sandbox.salesforce_url}/services/data/v{_VERSION}"
    with (
        httpx.Client(headers={"Authorization": f"Bearer {_token(office)}"}) as salesforce,
        kashflow_client(office.sandbox) as kashflow,
    ):
        calls: tuple[Callable[[], httpx.Response], ...] = (
            lambda: salesforce.get(f"{data}/query", params={"q": _DEAL.format(deal)}),
            lambda: kashflow.post("invoices", json=_INVOICE),
            lambda: salesforce.patch(f"{data}/sobjects/Opportunity/{deal}", json=_SHOWN),
        )
        return sum(median(_timed(call) for _ in range(tries)) for call in calls)


def creating(office: Office, tries: int) -> float:
    """Seconds for the making of an invoice."""
    with kashflow_client(office.sandbox) as kashflow:
        return median(_timed(lambda: kashflow.post("invoices", json=_INVOICE)) for _ in range(tries))


def _token(office: Office) -> str:
    return str(office.sandbox.announcement()["salesforce"]["access_token"])


def _timed(call: Callable[[], httpx.Response]) -> float:
    began = time.perf_counter()
    answer = call()
    seconds = time.perf_counter() - began
    answer.raise_for_status()
    return seconds
