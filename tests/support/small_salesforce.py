"""A Salesforce of a few deals in memory, in the place of the client: what the spine asks of it, and the news it tells.

Quick enough for thousands of steps. The whole of Salesforce is in `sandbox/salesforce`, and its client's tests are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.errors import AnswerLost, Busy, NotAllowed, Refused, Unreachable
from connectors.salesforce.collections import Fields, RowResult
from connectors.salesforce.oauth import fixed_token
from connectors.salesforce.org import Record
from connectors.salesforce.rest import SalesforceClient
from connectors.salesforce.streaming.source import StreamEvent
from tests.support.moments import BEFORE_WRITE, READ, WRITTEN, Moments

CHANNEL = "/data/ChangeEvents"
WRITTEN_BACK = frozenset(
    f"KashFlow_{name}__c"
    for name in (
        "Invoice_Number",
        "Invoice_Id",
        "Invoice_Status",
        "Net",
        "VAT",
        "Gross",
        "Due",
        "Invoice_Url",
    )
)

UNREACHABLE = "unreachable"
CUT_BEFORE = "cut off, nothing done"
CUT_AFTER = "cut off, all done"
BUSY_ROW = "a row is locked"
REFUSED_ROW = "a row is refused"
TROUBLES = (UNREACHABLE, CUT_BEFORE, CUT_AFTER, BUSY_ROW, REFUSED_ROW)


@dataclass(frozen=True)
class Told:
    """One committed change of a deal, as the event bus keeps it."""

    deal: str
    kind: str
    fields: tuple[str, ...]
    at: datetime
    serial: int

    @property
    def version(self) -> str:
        return f"transaction-{self.serial}:1"

    def event(self) -> StreamEvent:
        header = {
            "entityName": "Opportunity",
            "recordIds": [self.deal],
            "changeType": self.kind,
            "changedFields": list(self.fields),
            "changeOrigin": "",
            "transactionKey": f"transaction-{self.serial}",
            "sequenceNumber": 1,
            "commitTimestamp": int(self.at.timestamp() * 1000),
            "commitNumber": self.serial,
            "commitUser": "005000000000001AAA",
        }
        payload = {"ChangeEventHeader": header}
        return StreamEvent(CHANNEL, str(self.serial), payload, {"payload": payload})


class SmallSalesforce(SalesforceClient):
    """The org. `troubles` happen to the next requests, one each."""

    def __init__(self, clock: Callable[[], datetime], moments: Moments) -> None:
        super().__init__(fixed_token("https://org.test", "a token"))
        self._clock = clock
        self._moments = moments
        self.accounts: dict[str, str] = {}
        self.deals: dict[str, Record] = {}
        self.log: list[Told] = []
        self.troubles: list[str] = []
        #: Deals with a field that our user may not write.
        self.read_only: set[str] = set()

    # -- its people ---------------------------------------------------------------------------------

    def new_account(self, name: str) -> str:
        account = f"001{len(self.accounts):012d}AAA"
        self.accounts[account] = name
        return account

    def new_deal(self, account: str, amount: int) -> str:
        deal = f"006{len(self.deals):012d}AAA"
        self.deals[deal] = {
            "Id": deal,
            "Name": f"Deal {len(self.deals)}",
            "AccountId": account,
            "Amount": Decimal(amount),
            "IsWon": False,
            "CloseDate": "2026-03-02",
            **dict.fromkeys(WRITTEN_BACK),
        }
        self._tell(deal, "CREATE")
        return deal

    def change(self, deal: str, **fields: Any) -> None:
        self.deals[deal] |= fields
        self._tell(deal, "UPDATE", *fields)

    def _tell(self, deal: str, kind: str, *fields: str) -> None:
        said = tuple("StageName" if name == "IsWon" else name for name in fields)
        self.log.append(Told(deal, kind, said, self._clock(), len(self.log) + 1))

    # -- what the spine asks ------------------------------------------------------------------------

    def query(self, soql: str) -> list[Record]:
        self._trouble_before()
        wanted = re.findall(r"'(006\w{15})'", soql)
        rows = [self._shown(self.deals[deal]) for deal in wanted if deal in self.deals]
        self._moments.passed(READ)
        return rows

    def query_all(self, soql: str) -> list[Record]:
        """Nothing of this world is ever deleted."""
        return []

    def collections_retrieve(
        self, entity: str, ids: Sequence[str], fields: Sequence[str]
    ) -> list[Record | None]:
        self._trouble_before()
        return [
            {name: self.deals[one][name] for name in fields} if one in self.deals else None for one in ids
        ]

    def collections_update(
        self, entity: str, records: Sequence[Fields], all_or_none: bool = False
    ) -> list[RowResult]:
        trouble = self._trouble_before()
        self._moments.passed(BEFORE_WRITE)
        results = [self._written(record, trouble if at == 0 else "") for at, record in enumerate(records)]
        self._moments.passed(WRITTEN)
        if trouble == CUT_AFTER:
            raise AnswerLost("cut", system="salesforce")
        return results

    def _written(self, record: Fields, trouble: str) -> RowResult:
        if trouble == BUSY_ROW:
            busy = Busy("locked", system="salesforce", code="UNABLE_TO_LOCK_ROW")
            return RowResult(None, success=False, error=busy)
        if record["Id"] in self.read_only:
            message = "Unable to create/update fields: KashFlow_Due__c. Please check the security settings."
            not_allowed = NotAllowed(message, system="salesforce", code="INVALID_FIELD_FOR_INSERT_UPDATE")
            return RowResult(None, success=False, error=not_allowed)
        if trouble == REFUSED_ROW:
            refused = Refused("no", system="salesforce", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
            return RowResult(None, success=False, error=refused)
        fields = {name: value for name, value in record.items() if name != "Id"}
        self.deals[record["Id"]] |= fields
        self._tell(record["Id"], "UPDATE", *fields)
        return RowResult(record["Id"], success=True)

    def _trouble_before(self) -> str:
        trouble = self.troubles.pop(0) if self.troubles else ""
        if trouble == UNREACHABLE:
            raise Unreachable("refused", system="salesforce")
        if trouble == CUT_BEFORE:
            raise AnswerLost("cut", system="salesforce")
        return trouble

    def _shown(self, deal: Record) -> Record:
        account = deal["AccountId"]
        told = {"Id": account, "Name": self.accounts[account], "BillingCountry": "United Kingdom"}
        return {**deal, "Account": told, "OpportunityLineItems": None, "OpportunityContactRoles": None}
