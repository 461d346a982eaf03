"""Where a value stands in a record: `Account.Name`, `Contacts.0.Email`, `CustomTextBoxes[Name=Region].Value`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mappings.problems import MappingProblem, shown

_SEGMENT = re.compile(
    r"(?:(?P<place>\d+)|(?P<name>[A-Za-z_]\w*)(?:\[(?P<key>\w+)=(?P<value>[^\]]+)\])?)(?:\.|$)"
)

Getter = Callable[[object], object]


@dataclass(frozen=True)
class Chosen:
    """The member of a list whose `key` holds `value`."""

    key: str
    value: str


#: A name in a record, a place (from 0) in a list, or a member chosen by what it holds.
Token = str | int | Chosen


@dataclass(frozen=True)
class Path:
    """A parsed path. `from_root` is written as a leading slash: from the whole record, even inside a list."""

    text: str
    tokens: tuple[Token, ...]
    from_root: bool = False

    def under(self, base: Path | None) -> Path:
        """This path as seen from the record in which `base` leads to our list."""
        if base is None or self.from_root:
            return Path(self.text.removeprefix("/"), self.tokens)
        return Path(f"{base.text}.{self.text}", base.tokens + self.tokens)

    def names(self) -> tuple[str, ...]:
        """The field names alone: which places of a list are meant does not matter to a query."""
        return tuple(token for token in self.tokens if isinstance(token, str))


def parse(text: str) -> Path:
    """The path that `text` spells, or ValueError."""
    rest = text.removeprefix("/")
    tokens: list[Token] = []
    position = 0
    while position < len(rest) or not tokens:
        segment = _SEGMENT.match(rest, position)
        if segment is None or (segment.end() == len(rest) and rest.endswith(".")):
            raise ValueError(f"{text!r} is not a path; expected names joined by dots, like Account.Name")
        tokens.extend(_tokens(segment))
        position = segment.end()
    if not isinstance(tokens[0], str):
        raise ValueError(f"{text!r} must start with a name")
    return Path(text, tuple(tokens), text.startswith("/"))


def _tokens(segment: re.Match[str]) -> list[Token]:
    if segment["place"]:
        return [int(segment["place"])]
    if segment["key"]:
        return [segment["name"], Chosen(segment["key"], segment["value"])]
    return [segment["name"]]


def getter(path: Path) -> Getter:
    """A function that takes a record and gives what stands at `path`, None where the way there is blank."""
    steps = [_step(token, path.text) for token in path.tokens]

    if len(steps) == 1:
        return steps[0]

    def walk(record: object) -> object:
        for step in steps:
            if record is None:
                return None
            record = step(record)
        return record

    return walk


def rows(value: object, label: str) -> Sequence[object]:
    """The members of a list, or of the child records of a Salesforce answer.

    Raises MappingProblem when Salesforce gave only the first page of them: part of an invoice is worse than none.
    """
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, dict) and isinstance(members := value.get("records"), list):
        if value.get("done") is False:
            raise MappingProblem(label, f"{label} has more rows than one answer holds, and all are needed")
        return members
    raise MappingProblem(label, f"{label} should be a list, but is {shown(value)}", value)


def _step(token: Token, label: str) -> Getter:
    if isinstance(token, int):
        return lambda value: next(iter(rows(value, label)[token : token + 1]), None)
    if isinstance(token, Chosen):
        return lambda value: _chosen(rows(value, label), token)

    def named(value: object) -> object:
        if not isinstance(value, dict):
            raise MappingProblem(label, f"{label} should be inside a record, but finds {shown(value)}", value)
        return value.get(token)

    return named


def _chosen(members: Sequence[object], wanted: Chosen) -> object:
    return next(
        (row for row in members if isinstance(row, dict) and row.get(wanted.key) == wanted.value), None
    )


def put(target: dict[str, Any], tokens: Sequence[Token], value: object) -> None:
    """Set `value` at `tokens` in `target`, making the records and lists on the way.

    The last token is a name. A chosen member is made with the value that chooses it.
    """
    here: Any = target
    for token, following in pairwise(tokens):
        here = _into(here, token, {} if isinstance(following, str) else [])
    here[tokens[-1]] = value


def _into(here: Any, token: Token, empty: object) -> Any:
    if isinstance(token, str):
        return here.setdefault(token, empty)
    if isinstance(token, int):
        here.extend({} for _ in range(token + 1 - len(here)))
        return here[token]
    found = _chosen(here, token)
    if found is None:
        found = {token.key: token.value}
        here.append(found)
    return found
