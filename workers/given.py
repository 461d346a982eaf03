"""The tables that mapping files declare as `given`: what is linked with what, and how this KashFlow account calls things."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from connectors.errors import Never
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
            "payment_methods": self._kept_for_a_while(self._method_names, str),
            "payment_method_ids": self._kept_for_a_while(self._method_ids, _plain),
            "bank_account_ids": self._kept_for_a_while(self._account_ids, _plain),
        }

    def _account(self, code: str) -> str | None:
        link = self._ledger.links_by_kashflow_key("customer", [code]).get(code)
        return link.salesforce_id if link and link.salesforce_entity == "Account" else None

    def _deal(self, kashflow_id: str, entity: str) -> str | None:
        link = self._ledger.links_by_kashflow_id("invoice", [kashflow_id]).get(kashflow_id)
        return link.salesforce_id if link and link.salesforce_entity == entity else None

    def _kept_for_a_while(
        self, read: Callable[[], dict[str, str]], form: Callable[[str], str]
    ) -> Mapping[str, str]:
        """What `read` brings, read again after a while; keys are looked for in this form."""

        def ask(key: str) -> str | None:
            now = self._clock()
            with self._lock:
                read_at, table = self._kept.get(read.__name__, (None, {}))
                if read_at is None or now - read_at >= KEPT:
                    table = read()
                    self._kept[read.__name__] = (now, table)
            return table.get(form(key))

        return Asked(ask)

    def _method_names(self) -> dict[str, str]:
        """For show: where our user may not read the methods, payments show without one."""
        try:
            return {str(row["Id"]): str(row["Name"]) for row in self._methods()}
        except Never:
            return {}

    def _method_ids(self) -> dict[str, str]:
        rows, account = self._methods(), _usual(self._accounts())
        ids = {_plain(str(row["Name"])): str(row["Id"]) for row in rows}
        of_account = (account.get("DefaultInvoicePaymentType") or {}).get("Id")
        usual = of_account or next((row["Id"] for row in rows), None)
        return ids | ({USUAL: str(usual)} if usual else {})

    def _account_ids(self) -> dict[str, str]:
        rows = self._accounts()
        ids = {_plain(str(row.get("AccountName") or "")): str(row["Id"]) for row in rows}
        return ids | ({USUAL: str(_usual(rows)["Id"])} if rows else {})

    def _methods(self) -> list[Row]:
        rows = self._meter.call(lambda: self._client.payment_methods("invoice"), priority=0)
        return [row for row in rows if row.get("Id") and row.get("Name")]

    def _accounts(self) -> list[Row]:
        return list(self._meter.call(self._client.bank_accounts.list, priority=0).rows)


def _usual(accounts: list[Row]) -> Row:
    """The account that KashFlow takes by default; the first where it names none."""
    return next((row for row in accounts if row.get("IsDefaultAccount")), accounts[0] if accounts else {})


def _plain(name: str) -> str:
    """Names are found in whatever case they are written."""
    return name.strip().casefold()
