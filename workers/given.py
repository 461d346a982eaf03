"""The tables that mapping files declare as `given`: what is linked with what, and how this KashFlow account calls things."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.reading import Row
from connectors.meter import Meter
from ledger.ledger import Ledger

#: What is set up anew in KashFlow counts here at the latest after this.
KEPT = timedelta(minutes=5)
#: The entry that stands for whatever KashFlow itself would take.
USUAL = "(usual)"


class Asked(Mapping[str, str]):
    """A table whose entries are asked for one by one; it cannot be listed, and shows as empty where it is."""

    def __init__(self, ask: Callable[[str], str | None]) -> None:
        self._ask = ask

    def __getitem__(self, key: str) -> str:
        found = self._ask(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class GivenTables:
    """Makes the tables once; safe to share between threads. Asking one may raise any ConnectorError."""

    def __init__(
        self, ledger: Ledger, client: KashFlowClient, meter: Meter, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._meter = meter
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[datetime, dict[str, str]]] = {}

    def tables(self) -> Mapping[str, Mapping[str, str]]:
        """By the names that mapping files use; docs/mappings.md lists them."""
        return {
            "accounts": Asked(self._account),
            "opportunities": Asked(lambda kashflow_id: self._deal(kashflow_id, "Opportunity")),
            "orders": Asked(lambda kashflow_id: self._deal(kashflow_id, "Order")),
            "payment_methods": self._read("payment_methods", self._methods, by_name=False),
            "payment_method_ids": self._read("payment_method_ids", self._methods, by_name=True),
            "bank_account_ids": self._read("bank_account_ids", self._accounts, by_name=True),
        }

    def _account(self, code: str) -> str | None:
        link = self._ledger.links_by_kashflow_key("customer", [code]).get(code)
        return link.salesforce_id if link and link.salesforce_entity == "Account" else None

    def _deal(self, kashflow_id: str, entity: str) -> str | None:
        link = self._ledger.links_by_kashflow_id("invoice", [kashflow_id]).get(kashflow_id)
        return link.salesforce_id if link and link.salesforce_entity == entity else None

    def _read(self, name: str, read: Callable[[], list[tuple[str, str]]], *, by_name: bool) -> Asked:
        """A table of (id, name) pairs of the account; names are found in whatever case they are written."""

        def ask(key: str) -> str | None:
            table = self._kept_for_a_while(
                name,
                lambda: {
                    said.strip().casefold() if by_name else id_: id_ if by_name else said
                    for id_, said in read()
                    if by_name or said != USUAL
                },
            )
            return table.get(key.strip().casefold() if by_name else key)

        return Asked(ask)

    def _kept_for_a_while(self, name: str, read: Callable[[], dict[str, str]]) -> dict[str, str]:
        now = self._clock()
        with self._lock:
            read_at, table = self._kept.get(name, (None, {}))
            if read_at is None or now - read_at >= KEPT:
                table = read()
                self._kept[name] = (now, table)
        return table

    def _methods(self) -> list[tuple[str, str]]:
        rows = self._meter.call(lambda: self._client.payment_methods("invoice"), priority=0)
        pairs = [(str(row["Id"]), str(row["Name"])) for row in rows if row.get("Id") and row.get("Name")]
        usual = (self._usual_account().get("DefaultInvoicePaymentType") or {}).get("Id")
        first = pairs[:1]
        return [*pairs, *([(str(usual), USUAL)] if usual else [(id_, USUAL) for id_, _ in first])]

    def _accounts(self) -> list[tuple[str, str]]:
        rows = self._meter.call(self._client.bank_accounts.list, priority=0).rows
        pairs = [(str(row["Id"]), str(row.get("AccountName") or "")) for row in rows]
        usual = self._usual_account().get("Id")
        return [*pairs, *([(str(usual), USUAL)] if usual else [])]

    def _usual_account(self) -> Row:
        rows = self._meter.call(self._client.bank_accounts.list, priority=0).rows
        return next((row for row in rows if row.get("IsDefaultAccount")), rows[0] if rows else {})
