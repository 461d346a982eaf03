"""Steps on text: cutting, joining and marking it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

from yaml.nodes import Node

from mappings.bench import Bench, Step
from mappings.context import Scope
from mappings.document import entries, text, whole, word
from mappings.rules import argument
from mappings.values import is_blank, text_of

_PARTS: dict[str, Callable[[list[str]], list[str]]] = {
    "first": lambda parts: parts[:1],
    "last": lambda parts: parts[-1:],
    "rest": lambda parts: parts[1:],
    "all_but_last": lambda parts: parts[:-1],
}


def as_text(_bench: Bench) -> Step:
    """`text`: a number, flag or date as people write it."""
    return lambda value, _scope: None if is_blank(value) else text_of(value)


def join(node: Node, _bench: Bench) -> Step:
    """`join: " "`: the members of a list that are not blank, with the argument between them."""
    between = text(node)

    def joined(value: object, _scope: Scope) -> object:
        members = value if isinstance(value, list) else [value]
        return between.join(text_of(member) for member in members if not is_blank(member))

    return joined


def split(node: Node, _bench: Bench) -> Step:
    """`split: {by: lines, part: rest, join: ", "}`: one part of a text, or several joined again.

    `by` is `lines`, `words` or the text between the parts; `part` is first, last, rest or all_but_last. Blank parts
    do not count.
    """
    given = entries(node, ("by", "part", "join"), needed=("by", "part"))
    by, pick = text(given["by"]), _PARTS[word(given["part"], _PARTS)]
    between = text(given["join"]) if "join" in given else {"lines": ", ", "words": " "}.get(by, by)

    def part(value: object, _scope: Scope) -> object:
        if is_blank(value):
            return None
        said = text_of(value)
        return between.join(pick([piece.strip() for piece in _pieces(said, by) if piece.strip()]))

    return part


def _pieces(said: str, by: str) -> list[str]:
    if by == "lines":
        return said.splitlines()
    return said.split() if by == "words" else said.split(by)


def truncate(node: Node, _bench: Bench) -> Step:
    """`truncate: 40`: at most that many characters; what is too long is cut."""
    longest = whole(node)
    return lambda value, _scope: value[:longest].rstrip() if isinstance(value, str) else value


def prefix(node: Node, bench: Bench) -> Step:
    """`prefix: "SF-"`: the argument put before the value; a blank stays blank."""
    mark = argument(node, bench)
    return lambda value, scope: None if is_blank(value) else f"{mark(scope)}{text_of(value)}"


def after(node: Node, bench: Bench) -> Step:
    """`after: "SF-"`: the word that follows the argument in a text; blank where the argument is not in it."""
    mark = argument(node, bench)

    def following(value: object, scope: Scope) -> object:
        if is_blank(value):
            return None
        _, found, rest = text_of(value).partition(str(mark(scope)))
        return rest.split()[0] if found and rest.split() else None

    return following


def absolute_url(node: Node, bench: Bench) -> Step:
    """`absolute_url: {setting: site}`: a link that may lack its host, with it (reference kashflow.md section 4, quirk 24)."""
    site = argument(node, bench)

    def absolute(value: object, scope: Scope) -> object:
        if is_blank(value):
            return None
        said, base = text_of(value), f"{site(scope)}/"
        if "//" in said:
            return urljoin(base, said)  # it has a host of its own
        return base.rstrip("/") + "/" + said.lstrip("/")

    return absolute
