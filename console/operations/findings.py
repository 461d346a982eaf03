"""What the doctor says: findings, and how checks that lean on each other are run one by one. No check stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Subject = TypeVar("Subject")


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    #: Kashforce works, but somebody should know; or something could not be checked.
    WARNING = "warning"
    #: Has to be mended before Kashforce can do its work.
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it ("" when nothing is to be done). Never holds a secret."""

    name: str
    level: Level
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """One look at something. `look` yields findings and may raise: `explain` then says what that means.

    It is only run when no check named in `needs` failed or was left out.
    """

    name: str
    look: Callable[[Subject], Iterable[Finding]]
    needs: tuple[str, ...] = ()


def ok(name: str, found: str) -> Finding:
    """All is well with `name`."""
    return Finding(name, Level.OK, found)


def warning(name: str, found: str, remedy: str = "") -> Finding:
    """Somebody should know."""
    return Finding(name, Level.WARNING, found, remedy)


def failed(name: str, found: str, remedy: str) -> Finding:
    """Something has to be mended first, and `remedy` says how."""
    return Finding(name, Level.FAILED, found, remedy)


def run_checks(
    checks: Sequence[Check[Subject]], subject: Subject, explain: Callable[[str, Exception], Finding]
) -> list[Finding]:
    """Every check's findings, in order. A check that breaks down takes only those with it that need it."""
    findings: list[Finding] = []
    #: Each check that says nothing about what needs it, and the one that is to blame.
    blamed: dict[str, str] = {}
    for check in checks:
        culprit = next((blamed[need] for need in check.needs if need in blamed), None)
        if culprit is not None:
            blamed[check.name] = culprit
            findings.append(warning(check.name, f"not checked: mend '{culprit}' first"))
            continue
        found = list(_run(check, subject, explain))
        if any(finding.level is Level.FAILED for finding in found):
            blamed[check.name] = check.name
        findings.extend(found)
    return findings


def _run(
    check: Check[Subject], subject: Subject, explain: Callable[[str, Exception], Finding]
) -> Iterator[Finding]:
    try:
        yield from check.look(subject)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are still wanted
        yield explain(check.name, error)
