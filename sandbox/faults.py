"""Declared misbehaviour: which fault strikes where and how often; what it then does is the business of each world."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    """One declared fault.

    It strikes where `name` is asked for and every entry of `match` equals the fact told there, with
    `probability` (0 to 1), at most `times` times (None: until removed). `params` say how (seconds, text, ...).
    """

    name: str
    times: int | None = 1
    probability: float = 1.0
    match: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    struck: int = 0


class Faults:
    """The faults of one world. `known` maps each fault name to the sentence that documents it."""

    def __init__(self, known: Mapping[str, str], rng: random.Random) -> None:
        self.known = dict(known)
        self._rng = rng
        self._declared: list[Fault] = []

    def declare(self, fault: Fault) -> None:
        if fault.name not in self.known:
            raise ValueError(f"there is no fault {fault.name!r}; there are: {', '.join(sorted(self.known))}")
        self._declared.append(fault)

    def clear(self, name: str | None = None) -> None:
        """Remove the faults of this name, or all."""
        self._declared = [fault for fault in self._declared if name is not None and fault.name != name]

    def declared(self) -> list[Fault]:
        return list(self._declared)

    def take(self, name: str, **facts: Any) -> Mapping[str, Any] | None:
        """The params of the fault that strikes here and now, or None. Counts it as struck."""
        if name not in self.known:
            raise ValueError(f"the world asks for an undeclared fault {name!r}")
        for fault in self._declared:
            if fault.name != name or (fault.times is not None and fault.struck >= fault.times):
                continue
            if any(facts.get(key) != value for key, value in fault.match.items()):
                continue
            if self._rng.random() >= fault.probability:
                continue
            fault.struck += 1
            return fault.params
        return None
