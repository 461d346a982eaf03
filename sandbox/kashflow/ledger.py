"""What every ledger of the small KashFlow can do, for the REST routes and for a person in the web app alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sandbox.kashflow.register import Key, Register
from sandbox.kashflow.values import Row


class Ledger(ABC):
    """Records of one kind under their rules. Every method raises Problem and then has changed nothing."""

    #: First path segment of its REST resource, and the `resource` that faults match.
    resource: ClassVar[str]
    register: Register

    @abstractmethod
    def view(self, row: Row) -> Row:
        """The record in full, as a GET of one shows it."""

    @abstractmethod
    def key(self, row: Row) -> Key:
        """What names the record in a URL."""

    @abstractmethod
    def create(self, body: Any) -> Row:
        """A new record of what a client wrote; the stored row."""

    @abstractmethod
    def replace(self, key: Key, body: Any) -> Row:
        """Put what a client wrote in place of the record: what is left out is emptied. The stored row."""

    @abstractmethod
    def delete(self, key: Key) -> None:
        """Remove the record for good."""

    def detail(self, key: Key) -> Row:
        return self.view(self.register.read(key))

    def edit(self, key: Key, /, **changes: Any) -> Row:
        """Change some fields as a person in the web app does, the rest staying as it is."""
        return self.replace(key, self.view(self.register.get(key)) | changes)

    def state(self) -> list[Row]:
        return [self.view(row) for row in self.register.rows()]
