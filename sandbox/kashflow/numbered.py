"""Records that go by a number: which one a record gets, and that no two have the same; not what else they hold."""

from __future__ import annotations

from sandbox.kashflow.ledger import Ledger
from sandbox.kashflow.problems import Problem, invalid
from sandbox.kashflow.register import Key
from sandbox.kashflow.values import Row


class NumberedLedger(Ledger):
    """The number may be chosen while it is free (reference kashflow.md section 3.2); else it is counted on."""

    first_number = 1

    def key(self, row: Row) -> Key:
        return int(row["Number"])

    def next_number(self) -> int:
        """Advisory only: whoever posts first has it."""
        return int(max((row["Number"] for row in self.register.rows()), default=self.first_number - 1)) + 1

    def number_for(self, asked: int, old: Row | None = None) -> int:
        """The number of a new record, or of one in place of `old`; 0 asks for none. Raises Problem 400."""
        if asked < 0:
            raise invalid("Number: a number is not negative.")
        if asked == 0:
            return self.next_number() if old is None else int(old["Number"])
        if (old is None or asked != old["Number"]) and self.register.find(asked) is not None:
            raise Problem(400, "DuplicateNumber", f"Number: there is {self.register.noun} {asked} already.")
        return asked
