"""Countries: their ISO codes by name and which of them are in the EU, as `countries.yaml` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from yaml.nodes import Node

from mappings.document import Wrong, entries, items, text


@dataclass(frozen=True)
class Countries:
    """What `countries.yaml` holds."""

    #: ISO code by name, names in small letters.
    codes: Mapping[str, str]
    eu: frozenset[str]
    #: The name of each code as people write it: of several, the one that the file lists last.
    names: Mapping[str, str] = field(default_factory=dict)

    def code(self, said: str) -> str | None:
        """The ISO code of a country that is named or coded, None when nobody told us of it."""
        known = self.codes.get(said.strip().casefold())
        if known is not None:
            return known
        code = said.strip().upper()
        return code if _is_code(code) else None


def countries(root: Node) -> Countries:
    """The countries that a `countries.yaml` lists: `names` by name, `eu` as a list of codes."""
    parts = entries(root, ("names", "eu"), needed=("names", "eu"))
    listed = {name: _code(node) for name, node in entries(parts["names"]).items()}
    return Countries(
        {name.casefold(): code for name, code in listed.items()},
        frozenset(_code(node) for node in items(parts["eu"])),
        {code: name for name, code in listed.items()},
    )


def _code(node: Node) -> str:
    code = text(node)
    if not _is_code(code):
        raise Wrong(node, f"expected a country's two capital letters, found {code!r}")
    return code


def _is_code(said: str) -> bool:
    return len(said) == 2 and said.isascii() and said.isalpha() and said.isupper()
