"""The sandbox as a process of its own, and the control path by which people act in it and faults are declared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

#: The control path answers at once; the whole state of a world may take a while on a busy machine.
ANSWER_WITHIN_SECONDS = 60.0

Row = Mapping[str, Any]


class WorldFailed(Exception):
    """The sandbox did not start or would not have something; the fault is the storm's, not Kashforce's."""


class World:
    """Both small worlds. No fault touches the control path, so what was committed here is certain."""

    def __init__(self, *, seed: int, log_file: Path) -> None:
        self._seed = seed
        self._log_file = log_file
        self._open = ExitStack()
        self.login: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            log = undo.enter_context(self._log_file.open("wb"))
            process = undo.enter_context(self._start(log.fileno()))
            undo.callback(process.kill)
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise WorldFailed(f"the sandbox did not start: {self._log_file.read_text()}")
            self.login = json.loads(line)
            self._control = undo.enter_context(
                httpx.Client(base_url=self.login["control"], timeout=ANSWER_WITHIN_SECONDS, trust_env=False)
            )
            self._open = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    # -- People -------------------------------------------------------------------------------------

    def commit(self, changes: Iterable[Row]) -> list[str]:
        """One transaction in Salesforce; the ids of its records in their order."""
        ids: list[str] = self._ask("POST", "/salesforce/commit", {"changes": list(changes)})["ids"]
        return ids

    def pay(self, invoice_number: int, amount: str) -> None:
        """A bookkeeper records a payment."""
        self._ask("POST", f"/kashflow/invoices/{invoice_number}/payments", {"amount": float(amount)})

    def edit_deal(self, deal_id: str, name: str) -> None:
        """Somebody gives an Opportunity another name, which is a change that leads to a delivery."""
        self.commit([{"action": "update", "id": deal_id, "fields": {"Name": name}}])

    def write_invoice(self, customer_code: str) -> int:
        """A bookkeeper writes an invoice that has nothing to do with Salesforce; its number."""
        today = date.today().isoformat()  # noqa: DTZ011 - a UK shop's calendar day
        line = {"Description": "By hand", "Quantity": 1, "Rate": 10, "VATLevel": 20}
        made = {"CustomerCode": customer_code, "IssuedDate": today, "DueDate": today, "LineItems": [line]}
        return int(self._ask("POST", "/kashflow/invoices", made)["Number"])

    def delete_invoice(self, invoice_number: int) -> None:
        self._ask("DELETE", f"/kashflow/invoices/{invoice_number}")

    def state(self, world: str) -> dict[str, list[dict[str, Any]]]:
        """Every record by resource or object."""
        state: dict[str, list[dict[str, Any]]] = self._ask("GET", f"/state/{world}")
        return state

    # -- Trouble ------------------------------------------------------------------------------------

    def declare(self, world: str, name: str, **how: Any) -> None:
        """Let this fault strike; `how` as in sandbox/README.md."""
        self._ask("POST", "/faults", {"world": world, "name": name, **how})

    def clear(self, world: str, name: str) -> None:
        self._ask("DELETE", f"/faults/{world}/{name}")

    def clear_all(self) -> None:
        self._ask("DELETE", "/faults")

    def forget_streaming(self) -> None:
        self._ask("POST", "/streaming/forget")

    def struck(self) -> dict[str, int]:
        """How often the faults declared at present struck."""
        told = self._ask("GET", "/faults")
        return {
            f"{world} {fault['name']}": fault["struck"]
            for world, faults in told.items()
            for fault in faults["declared"]
        }

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = self._control.request(method, path, json=body)
        if answer.is_error:
            raise WorldFailed(f"the sandbox refused {method} {path}: {answer.text}")
        return answer.json() if answer.content else None

    def _start(self, log: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", f"--seed={self._seed}", "--until-stdin-closes"],
            # It ends when this process does, however that ends: the pipe closes.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
