"""The repository as the house rules see it: its files, its parsed modules, its pages. Decides no rule."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: The rooms of Kashforce itself; the sandbox is no part of the product.
PRODUCT = ("canonical", "mappings", "connectors", "ledger", "producers", "workers", "console")
ROOMS = (*PRODUCT, "sandbox")


IMPORT = re.compile(r"^\s*(?:from|import) (\w+)", re.MULTILINE)
TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Module:
    """One Python file; `name` is its path from the root of the repository."""

    name: str
    text: str

    @property
    def opening(self) -> str:
        """The first paragraph of the docstring that the file begins with; "" where it begins otherwise."""
        return self.text.split('"""')[1].partition("\n\n")[0].strip() if self.text.startswith('"""') else ""

    @property
    def imports(self) -> set[str]:
        """The top-level packages that it imports, anywhere in the file."""
        return set(IMPORT.findall(self.text))

    @property
    def tests(self) -> list[str]:
        """The names of its test functions."""
        return TEST.findall(self.text)

    def public(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
        """What other modules may call: its functions and classes without an underscore."""
        for node in ast.parse(self.text).body:
            kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            if isinstance(node, kinds) and not node.name.startswith("_"):
                yield node


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the repository: what .gitignore names is left out."""
    ignored = [".git", *(line.strip("/") for line in read(".gitignore").split())]
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not _matches(name, ignored)]
        found += [Path(folder, name) for name in names if not _matches(name, ignored)]
    return tuple(sorted(found))


def modules(*rooms: str) -> list[Module]:
    """The Python files of these rooms; `tests` counts as one."""
    names = (path.relative_to(ROOT).as_posix() for path in files() if path.suffix == ".py")
    return [Module(name, read(name)) for name in names if name.partition("/")[0] in rooms]


@cache
def read(name: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def pages() -> tuple[str, ...]:
    """Names of the pages that people read."""
    docs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
    return ("README.md", "CHANGELOG.md", *docs)


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
