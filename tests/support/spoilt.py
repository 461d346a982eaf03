"""Spoils good JSON the way servers, proxies and bad days do; as repeatable as its seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any


class Raw(str):
    """Text that stands in the JSON as it is, whether it is JSON or not."""


#: What may stand where something else was expected.
ODD: Sequence[Any] = (
    None, True, False, 0, -1, 1, 7.5, 2**31, 2**63, -(2**70), "", " ", "0", "x", "null", "NaN", "2026-02-31", "Opportunity",
    [], {}, [None], [[]], [{}], {"": None}, {"records": None}, {"Error": 7},
    "a" * 300, "\0", "a\0b", "\ud800", "a\udfffb", "\u202e☃é", "'; DROP TABLE deliveries; --", "<html>", "/meta/connect", "*", "001*",
    Raw("NaN"), Raw("-Infinity"), Raw("1e400"), Raw("-0.0"), Raw("1e999999999"), Raw("9" * 400), Raw("9" * 4000), Raw("9" * 5000),
    Raw("1." + "3" * 400), Raw('"\\ud83d"'), Raw("[" * 3000 + "]" * 3000), Raw('{"a":' * 3000 + "1" + "}" * 3000), Raw("undefined"),
)  # fmt: skip
PAGES = (
    b"", b" ", b"null", b"[]", b"{}", b"0", b'"ok"', b"<html><body>Service unavailable</body></html>", b"\xff\xfe", b"{", b"[" * 5000,
    b"\x1f\x8b\x08broken", b"\xef\xbb\xbf{}", b"OK", b"\0", b"[[]]", b"[null]", b"{}{}", b'{"Error":"x","Message":null}',
)  # fmt: skip


class Spoiler:
    """Makes bad answers of good ones."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def value(self, good: Any) -> Any:
        """Much like `good`, with something wrong in one to three places."""
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            good = self._with_one_spoilt(good)
        return good

    def body(self, good: Any) -> bytes:
        """The same as text: often only the values are wrong, at times it is no JSON any more."""
        chance = self.rng.random()
        if chance < 0.1:
            return self.rng.choice(PAGES)
        text = rendered(self.value(good), self.rng)
        return self._damaged(text) if chance < 0.25 else text

    def text(self, good: bytes) -> bytes:
        """What is no JSON: cut, damaged or replaced."""
        if self.rng.random() < 0.3:
            return self.rng.choice(PAGES)
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            good = self._damaged(good)
        return good

    def _with_one_spoilt(self, value: Any) -> Any:
        if isinstance(value, Mapping) and value and self.rng.random() < 0.85:
            return self._spoilt_object(dict(value))
        if isinstance(value, list) and value and self.rng.random() < 0.85:
            at = self.rng.randrange(len(value))
            head, part, tail = value[:at], value[at], value[at + 1 :]
            match self.rng.choice(("part", "part", "part", "lost", "twice")):
                case "part":
                    return [*head, self._with_one_spoilt(part), *tail]
                case "lost":
                    return [*head, *tail]
                case _:
                    return [*head, part, part, *tail]
        if isinstance(value, str) and value and self.rng.random() < 0.3:
            at = self.rng.randrange(len(value))
            return (
                value[:at] + self.rng.choice(("", "\ud800", "\0", "é", " " * 50, "9" * 200)) + value[at + 1 :]
            )
        return self.rng.choice(ODD)

    def _spoilt_object(self, value: dict[str, Any]) -> dict[str, Any]:
        name = self.rng.choice(list(value))
        match self.rng.choice(("part", "part", "part", "part", "lost", "renamed", "added")):
            case "part":
                value[name] = self._with_one_spoilt(value[name])
            case "lost":
                del value[name]
            case "renamed":
                value[self.rng.choice((name.upper(), name[:-1], name + "\ud800", ""))] = value.pop(name)
            case _:
                value[self.rng.choice(("channel", "successful", "id", "Id", "Extra__c"))] = self.rng.choice(
                    ODD
                )
        return value

    def _damaged(self, text: bytes) -> bytes:
        at = self.rng.randrange(len(text) + 1)
        match self.rng.choice(("cut", "byte", "twice", "bom")):
            case "cut":
                return text[:at]
            case "byte":
                return text[:at] + bytes([self.rng.randrange(256)]) + text[at + 1 :]
            case "twice":
                return text + text
            case _:
                return b"\xef\xbb\xbf" + text


def rendered(value: Any, rng: random.Random) -> bytes:
    """JSON text; once in a while a key comes twice, with another value before the good one."""
    return _text(value, rng).encode()


def _text(value: Any, rng: random.Random) -> str:
    match value:
        case Raw():
            return str(value)
        case Mapping():
            members = []
            for name, part in value.items():
                if rng.random() < 0.005:
                    members.append(f"{json.dumps(name)}:{_text(rng.choice(ODD), rng)}")
                members.append(f"{json.dumps(name)}:{_text(part, rng)}")
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(_text(part, rng) for part in value) + "]"
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value)
