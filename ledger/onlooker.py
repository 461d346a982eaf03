"""The ledger for somebody who only wants to know what would happen: everything can be read, nothing can be written."""

from __future__ import annotations

from typing import NoReturn

from ledger.ledger import Ledger


class OnlyLooking(AssertionError):
    """Somebody wanted to write through an Onlooker: a bug, and nothing was written."""


class Onlooker(Ledger):
    """Shares the engine of `ledger`, which is the one to close."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger.engine)

    def writing(self) -> NoReturn:
        """Raises OnlyLooking."""
        raise OnlyLooking("an onlooker writes nothing to the ledger")

    def lock(self, delivery_id: int, token: str, lock_key: str) -> bool:
        """True, and nobody is kept away: what is only looked at needs no lock."""
        return True
