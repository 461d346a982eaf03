"""How checks that lean on each other are run: nobody drags down a check that does not need it."""

from __future__ import annotations

from collections.abc import Iterator

from console.operations.findings import Check, Finding, Level, failed, ok, run_checks


def fine(name: str) -> Check[list[str]]:
    def look(log: list[str]) -> Iterator[Finding]:
        log.append(name)
        yield ok(name, "is well")

    return Check(name, look)


def explain(name: str, error: Exception) -> Finding:
    return failed(name, str(error), "mend it")


def breaking(name: str) -> Check[list[str]]:
    def look(log: list[str]) -> Iterator[Finding]:
        log.append(name)
        yield ok(f"{name}, first half", "is well")
        raise ArithmeticError("the second half broke")

    return Check(name, look)


def needing(check: Check[list[str]], *needs: str) -> Check[list[str]]:
    return Check(check.name, check.look, needs)


def test_a_check_that_breaks_keeps_what_it_found_and_stops_no_other() -> None:
    log: list[str] = []

    findings = run_checks([breaking("one"), fine("two")], log, explain)

    assert [(finding.name, finding.level) for finding in findings] == [
        ("one, first half", Level.OK),
        ("one", Level.FAILED),
        ("two", Level.OK),
    ]
    assert findings[1].found == "the second half broke"


def test_what_needs_a_failed_check_is_left_out_and_names_the_first_cause() -> None:
    log: list[str] = []
    checks = [
        breaking("settings"),
        needing(fine("login"), "settings"),
        needing(fine("fields"), "login"),
        fine("ledger"),
    ]

    findings = run_checks(checks, log, explain)

    assert log == ["settings", "ledger"]
    assert [(one.name, one.level) for one in findings if "not checked" in one.found] == [
        ("login", Level.WARNING),
        ("fields", Level.WARNING),
    ]
    assert findings[3].found == "not checked: mend 'settings' first"


def test_what_needs_a_check_that_only_warned_is_looked_at() -> None:
    def look(_log: list[str]) -> Iterator[Finding]:
        yield Finding("disk", Level.WARNING, "is slow", "buy another")

    log: list[str] = []
    run_checks([Check("disk", look), needing(fine("ledger"), "disk")], log, explain)

    assert log == ["ledger"]
