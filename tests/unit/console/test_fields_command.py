"""Custom fields on the command line: what the org has, what maps it, and the lines that would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.commands.fields import run_fields
from console.exits import Exit
from mappings.book import load
from sandbox.salesforce.fields import Field
from sandbox.server import Sandbox
from tests.support.console import environment_of, logging_restored, logins_of


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    with logging_restored():
        yield


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An org whose administrator made a field, and an installation that knows how to get in."""
    with Sandbox(seed=1) as sandbox:

        def add() -> None:
            schema, now = sandbox.salesforce.schema, sandbox.worlds.clock.now()
            made = Field(
                "Credit_Limit__c", "Credit limit (£)", "currency", precision=16, scale=2, custom=True
            )
            schema.add_field(schema.entity("Account"), made, now)

        sandbox.run(add)
        for name, value in environment_of(logins_of(sandbox)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("KASHFORCE_STATE_DIR", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        yield sandbox


@pytest.mark.usefixtures("sandbox")
def test_a_field_that_nothing_maps_is_shown_with_the_lines_that_would(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_fields("Account", write=False, as_json=False) == Exit.OK

    shown = capsys.readouterr().out
    assert "To map Credit_Limit__c:\n" in shown
    assert (
        "  # salesforce/account.yaml, read\n"
        "  custom.credit_limit: {from: Credit_Limit__c, then: [number], optional: true}\n"
    ) in shown
    assert (
        "  # kashflow/customer.yaml, write\n"
        "  CustomTextBoxes[Name=Credit limit].Value: {from: custom.credit_limit, then: [text]}\n"
    ) in shown
    assert "To map ExternalID__c" not in shown


@pytest.mark.usefixtures("sandbox")
def test_as_json_each_field_says_which_files_map_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fields("Account", write=False, as_json=True) == Exit.OK

    fields = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert fields["ExternalID__c"]["mapped_in"] == ["salesforce/account.yaml"]
    assert (fields["Credit_Limit__c"]["type"], fields["Credit_Limit__c"]["mapped_in"]) == ("currency", [])


@pytest.mark.usefixtures("sandbox")
def test_an_object_that_the_org_lacks_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fields("Accounts", write=False, as_json=False) == Exit.USAGE
    assert "no object 'Accounts'" in capsys.readouterr().err


@pytest.mark.usefixtures("sandbox")
def test_the_lines_are_put_into_the_users_own_files_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    monkeypatch.setenv("KASHFORCE_MAPPINGS_DIR", str(own))

    assert run_fields("Account", write=True, as_json=False) == Exit.OK
    book = load(own)
    assert run_fields("Account", write=True, as_json=False) == Exit.OK

    assert "Credit_Limit__c" in book.mapping("salesforce/account").plan.fields
    assert (own / "kashflow/customer.yaml").read_text(encoding="utf-8").count("custom.credit_limit") == 2
    assert capsys.readouterr().err.count("wrote ") == 2


@pytest.mark.usefixtures("sandbox")
def test_our_own_files_are_not_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_fields("Account", write=True, as_json=False) == Exit.USAGE
    assert "KASHFORCE_MAPPINGS_DIR" in capsys.readouterr().err
