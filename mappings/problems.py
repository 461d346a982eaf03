"""What can be wrong: a record that does not fit its mapping, or a mapping file that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class MappingProblem(Exception):
    """A record cannot be translated. The text is for the finance person who can mend the record or a setting.

    `field` is the other system's name of the field; `value` what was in it. Neither ever holds a secret, because
    mappings see business data only.
    """

    def __init__(self, field: str, message: str, value: object = None) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.value = value


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong in one mapping file, and what was expected instead."""

    file: str
    #: 1 is the first line; 0 is the file itself.
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class BookRefused(Exception):
    """The mapping files cannot be used; every fault found is listed, one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def shown(value: object, longest: int = 60) -> str:
    """`value` as a message may quote it: in quotes if it is text, and not too long."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
