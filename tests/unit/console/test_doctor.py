"""The doctor against both worlds of the sandbox, a real Valkey and a real ledger, well and ill."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.bootstrap import House
from console.commands.doctor import run_doctor, show
from console.commands.screen import screen
from console.operations.checks.change_events import change_event_of
from console.operations.checks.field_types import FIELD_TYPES
from console.operations.doctor import examine
from console.operations.findings import Finding, Level
from console.operations.plain import as_plain
from ledger import schema
from mappings.book import load
from mappings.fit import RecordFit, WholeRowsFit
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.support.console import environment_of, logging_restored, logins_of, settings_in

Examine = Callable[..., dict[str, Finding]]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(seed=3) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    """Both worlds fresh."""
    running.run(running.worlds.reset)
    return running


@pytest.fixture
def findings(sandbox: Sandbox, tmp_path: Path, valkey_url: str) -> Examine:
    """What the doctor finds, by name, in a complete installation but for the settings that are given."""

    def look(*, upgraded: bool = True, **chosen: Any) -> dict[str, Finding]:
        settings = settings_in(tmp_path, **{"redis_url": valkey_url, **logins_of(sandbox), **chosen})
        if upgraded:
            schema.upgrade(settings.ledger)
        with House(settings) as house:
            return {finding.name: finding for finding in examine(house)}

    return look


def logins_tried(sandbox: Sandbox, world: str, path: str) -> int:
    return sum(1 for entry in sandbox.requests[world].entries if path in entry.path)


def level_of(found: dict[str, Finding], name: str) -> Level:
    return found[name].level


def test_in_a_complete_installation_nothing_has_to_be_mended(findings: Examine) -> None:
    found = findings()

    assert [one for one in found.values() if one.level is Level.FAILED] == []
    for name in (
        "mappings",
        "ledger",
        "Redis",
        "Salesforce login",
        "Salesforce API version",
        "Salesforce API calls",
        "fields read by opportunity_to_invoice",
        "fields written by invoice_to_opportunity",
        "change events of Opportunity",
        "channel /data/ChangeEvents",
        "KashFlow login",
        "KashFlow VAT rates",
        "KashFlow nominal codes of opportunity_to_invoice",
        "KashFlow payment methods",
    ):
        assert level_of(found, name) is Level.OK, found[name]
    assert found["KashFlow VAT rates"].found == "0 %, 5 %, 20 %"
    assert (
        found["KashFlow nominal codes of opportunity_to_invoice"].found
        == "4000 (salesforce/opportunity.yaml)"
    )


def test_one_login_to_each_system_is_enough_for_all_checks(sandbox: Sandbox, findings: Examine) -> None:
    findings()

    assert logins_tried(sandbox, "salesforce", "/services/oauth2/token") == 1
    assert logins_tried(sandbox, "kashflow", "/sessiontoken") == 2  # the two steps of one


def test_the_round_leaves_no_session_behind_at_the_streaming_api(sandbox: Sandbox, findings: Examine) -> None:
    findings()

    assert sandbox.run(lambda: list(sandbox.salesforce.events.clients.living())) == []


def test_optional_fields_that_are_not_there_are_told_without_alarm(findings: Examine) -> None:
    read = findings()["fields read by opportunity_to_invoice"]

    assert read.level is Level.OK
    assert "Account.Payment_Terms_Days__c" in read.found


def test_a_field_that_is_hidden_from_us_is_named_with_its_object(sandbox: Sandbox, findings: Examine) -> None:
    hide(sandbox, "Product2", "ProductCode")

    read = findings()["fields read by opportunity_to_invoice"]

    assert read.level is Level.FAILED
    assert read.found == "not visible to us: Product2.ProductCode"
    assert "permission set Read" in read.remedy


def test_missing_write_back_fields_come_with_the_type_to_create_them_with(
    sandbox: Sandbox, findings: Examine
) -> None:
    hide(sandbox, "Opportunity", "KashFlow_Net__c")
    hide(sandbox, "Opportunity", "KashFlow_Invoice_Number__c")

    written = findings()["fields written by invoice_to_opportunity"]

    assert written.level is Level.FAILED
    assert (
        "Object Manager, Opportunity: KashFlow_Invoice_Number__c Text(20), KashFlow_Net__c Currency(16, 2);"
        in written.remedy
    )


def _names(fit: RecordFit) -> set[str]:
    """The fields of a record and of the rows below it."""
    rows = [one.row for one in fit.fields.values() if isinstance(one, WholeRowsFit)]
    return set(fit.fields).union(*(_names(row) for row in rows))


def test_an_org_without_objects_of_our_own_has_nothing_to_mend(sandbox: Sandbox, findings: Examine) -> None:
    for name in ("Bank_Account__c", "Payment__c"):
        sandbox.run(partial(sandbox.salesforce.schema.remove, name))

    found = findings()

    assert found["fields written by bank_account_to_object"].level is Level.OK
    assert found["fields written by bank_account_to_object"].found == (
        "the org has no Bank_Account__c: nothing is written. docs/salesforce-objects.md says what to create if you want it"
    )
    assert found["fields read by payment_to_kashflow"].found == "the org has no Payment__c: nothing is read"


def test_a_key_that_is_not_unique_is_told(sandbox: Sandbox, findings: Examine) -> None:
    supplier = sandbox.salesforce.schema.entity("Supplier__c")
    key = replace(supplier.fields["KashFlow_Id__c"], unique=False)
    sandbox.run(lambda: supplier.fields.update({"KashFlow_Id__c": key}))

    written = findings()["fields written by supplier_to_object"]

    assert written.level is Level.FAILED
    assert written.found == "Supplier__c.KashFlow_Id__c is no unique external ID"


def test_every_custom_field_that_the_packaged_mappings_write_has_a_type() -> None:
    book = load()
    sections = [book.mapping(flow.writes).writing for flow in book.flows if flow.target == "salesforce"]

    names = {name for section in sections if section for name in _names(section.fit)}
    # A relationship stands for the lookup behind it, and rows name their parent.
    lookups = {
        name.replace("__r", "__c") for name in names if name.endswith("__r") and not name.endswith("s__r")
    }
    parents = {
        one.parent for flow in book.flows for one in book.mapping(flow.writes).written.values() if one.many
    }
    custom = {name for name in names if name.endswith("__c")} | lookups | parents
    assert {"ExternalID__c", "KashFlow_Archived__c", "KashFlow_Stock__c"} < custom

    assert custom == set(FIELD_TYPES)


def test_an_object_that_is_not_selected_for_change_events_is_a_failure(
    sandbox: Sandbox, findings: Examine
) -> None:
    deselect(sandbox, "Opportunity")

    events = findings()["change events of Opportunity"]

    assert events.level is Level.FAILED
    assert "Setup, Change Data Capture" in events.remedy


def test_a_channel_of_our_own_carries_what_was_selected_for_it(sandbox: Sandbox, findings: Examine) -> None:
    make_channel(sandbox, "Books", "Opportunity")

    found = findings(salesforce_channels="/data/Books__chn")

    assert found["change events of Opportunity"].found == "selected for /data/Books__chn"
    assert level_of(found, "channel /data/Books__chn") is Level.OK


def test_a_channel_of_one_object_carries_it_as_soon_as_it_is_selected_anywhere(findings: Examine) -> None:
    found = findings(salesforce_channels="/data/OpportunityChangeEvent")

    assert level_of(found, "change events of Opportunity") is Level.OK


def test_without_the_permission_to_look_the_person_is_told_what_to_look_at(
    sandbox: Sandbox, findings: Examine
) -> None:
    hide(sandbox, "PlatformEventChannelMember", "SelectedEntity")

    found = findings()

    assert found["change events"].level is Level.WARNING
    assert (
        "Opportunity, Order, Payment__c, PricebookEntry, Product2, Purchase__c must be selected for /data/ChangeEvents"
        in found["change events"].remedy
    )
    assert level_of(found, "channel /data/ChangeEvents") is Level.OK


def test_a_channel_that_does_not_exist_is_told_beside_one_that_works(findings: Examine) -> None:
    found = findings(salesforce_channels="/data/ChangeEvents,/data/Nowhere__chn")

    assert level_of(found, "channel /data/ChangeEvents") is Level.OK
    assert level_of(found, "channel /data/Nowhere__chn") is Level.FAILED
    assert "KASHFORCE_SALESFORCE_CHANNELS" in found["channel /data/Nowhere__chn"].remedy


def test_an_api_version_that_the_org_does_not_serve_is_answered_with_one_that_it_does(
    findings: Examine,
) -> None:
    version = findings(salesforce_api_version="99.0")["Salesforce API version"]

    assert version.level is Level.FAILED
    assert "KASHFORCE_SALESFORCE_API_VERSION to 68.0" in version.remedy


@pytest.mark.parametrize(("remaining", "level"), [(0, Level.FAILED), (50, Level.WARNING), (900, Level.OK)])
def test_a_daily_limit_is_told_before_it_is_used_up(
    sandbox: Sandbox, findings: Examine, remaining: int, level: Level
) -> None:
    figures = {"DailyApiRequests": {"Max": 1000, "Remaining": remaining}}
    sandbox.run(lambda: sandbox.salesforce.faults.declare(Fault("limits", times=None, params=figures)))

    assert level_of(findings(), "Salesforce API calls") is level


def test_a_wrong_client_secret_leaves_salesforce_unchecked_and_kashflow_checked(findings: Examine) -> None:
    found = findings(salesforce_client_secret="hush-wrong")

    assert level_of(found, "Salesforce login") is Level.FAILED
    assert found["fields read"].found == "not checked: mend 'Salesforce login' first"
    assert level_of(found, "KashFlow login") is Level.OK


def test_an_access_token_will_do_but_is_not_for_long(sandbox: Sandbox, findings: Examine) -> None:
    token = sandbox.announcement()["salesforce"]["access_token"]

    found = findings(salesforce_client_id="", salesforce_client_secret="", salesforce_access_token=token)

    assert level_of(found, "Salesforce settings") is Level.WARNING
    assert level_of(found, "channel /data/ChangeEvents") is Level.OK
    assert token not in json.dumps(as_plain(list(found.values())))


@pytest.mark.parametrize("with_redis", [True, False])
def test_a_wrong_kashflow_password_is_tried_once_however_often_the_doctor_is_asked(
    sandbox: Sandbox, findings: Examine, with_redis: bool
) -> None:
    wrong = {"kashflow_password": "hush-wrong"} | ({} if with_redis else {"redis_url": ""})

    first = findings(**wrong)["KashFlow login"]
    second = findings(**wrong)["KashFlow login"]

    assert (first.level, second.level) == (Level.FAILED, Level.FAILED)
    assert logins_tried(sandbox, "kashflow", "/sessiontoken") == 1
    assert "no login to KashFlow is tried" in second.found
    assert second.remedy


def test_a_nominal_code_that_kashflow_lacks_names_the_file_to_change(
    findings: Examine, tmp_path: Path
) -> None:
    folder = tmp_path / "mappings" / "salesforce"
    folder.mkdir(parents=True)
    packaged = Path(load.__code__.co_filename).parent / "salesforce" / "opportunity.yaml"
    changed = packaged.read_text().replace("nominal_code: '4000'", "nominal_code: '4999'")
    (folder / "opportunity.yaml").write_text(changed)

    codes = findings(mappings_dir=folder.parent)["KashFlow nominal codes of opportunity_to_invoice"]

    assert codes.level is Level.FAILED
    assert "4999" in codes.found
    assert "salesforce/opportunity.yaml" in codes.remedy


def test_a_mapping_that_cannot_be_read_is_told_with_file_and_line(findings: Examine, tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    folder.mkdir()
    (folder / "flows.yaml").write_text("opportunity_to_invoice:\n  source: elsewhere\n")

    found = findings(mappings_dir=folder)

    assert f"{folder / 'flows.yaml'}:" in found["mappings"].found
    assert found["fields read"].found == "not checked: mend 'mappings' first"
    assert level_of(found, "channel /data/ChangeEvents") is Level.OK


def test_a_ledger_that_is_not_there_is_not_made_by_looking(findings: Examine, tmp_path: Path) -> None:
    ledger = findings(upgraded=False)["ledger"]

    assert "kashforce ledger upgrade" in ledger.remedy
    assert not (tmp_path / "ledger.db").exists()


def test_a_first_installation_has_nothing_to_mend_before_it_is_started(findings: Examine) -> None:
    found = findings(upgraded=False, redis_url="")

    assert [one for one in found.values() if one.level is Level.FAILED] == []
    told = {name: one.remedy for name, one in found.items() if one.level is Level.WARNING}
    assert set(told) == {"ledger", "Redis"}
    assert all("'kashforce up'" in remedy for remedy in told.values())


def test_a_ledger_without_our_tables_is_answered_with_the_command(findings: Examine, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()

    ledger = findings(upgraded=False)["ledger"]

    assert ledger.level is Level.FAILED
    assert "kashforce ledger upgrade" in ledger.remedy


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("", Level.WARNING),
        ("redis://:hush-redis@127.0.0.1:1/0", Level.FAILED),
        ("redis://:hush/redis@127.0.0.1:none/0", Level.FAILED),
    ],
)
def test_without_a_redis_all_else_is_checked(findings: Examine, url: str, level: Level) -> None:
    found = findings(redis_url=url)

    assert level_of(found, "Redis") is level
    assert level_of(found, "Salesforce login") is Level.OK
    assert level_of(found, "KashFlow login") is Level.OK
    assert "hush" not in json.dumps(as_plain(list(found.values())))


def test_nothing_set_at_all_says_what_to_set(tmp_path: Path) -> None:
    with House(settings_in(tmp_path)) as house:
        found = {finding.name: finding for finding in examine(house)}

    assert "KASHFORCE_SALESFORCE_URL" in found["Salesforce settings"].remedy
    assert "KASHFORCE_KASHFLOW_PASSWORD" in found["KashFlow settings"].remedy
    assert level_of(found, "mappings") is Level.OK


@pytest.mark.parametrize(
    ("setting", "finding"),
    [
        ({"salesforce_url": "http://acme.example"}, "Salesforce settings"),
        ({"salesforce_api_version": "66"}, "Salesforce settings"),
        ({"kashflow_url": "ftp://nowhere"}, "KashFlow settings"),
    ],
)
def test_an_address_that_cannot_be_is_found_before_anything_is_sent_there(
    findings: Examine, setting: dict[str, str], finding: str
) -> None:
    assert level_of(findings(**setting), finding) is Level.FAILED


def test_the_table_can_be_read_without_colours(findings: Examine, capsys: pytest.CaptureFixture[str]) -> None:
    show(list(findings(kashflow_password="hush-wrong").values()), screen())

    printed = capsys.readouterr().out
    assert "✓   mappings" in printed
    assert "✗   KashFlow login" in printed
    assert "→ correct the credentials" in printed
    assert "1 to mend" in printed
    assert max(len(line) for line in printed.splitlines()) <= 100


def test_the_command_ends_with_1_when_something_failed_and_prints_no_secret(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logins = {**logins_of(sandbox), "salesforce_client_secret": "hush-client", "kashflow_password": "hush-pw"}
    memorable_word = logins["kashflow_memorable_word"]
    chosen = {**logins, "redis_url": "redis://:hush-redis@127.0.0.1:1/0", "state_dir": str(tmp_path)}
    monkeypatch.chdir(tmp_path)
    for name, value in environment_of(chosen).items():
        monkeypatch.setenv(name, value)

    with logging_restored():
        code = run_doctor(as_json=True)

    out, err = capsys.readouterr()
    levels = {one["name"]: one["level"] for one in json.loads(out)["findings"]}
    assert code == 1
    assert (levels["Salesforce login"], levels["KashFlow login"]) == ("failed", "failed")
    assert "hush" not in out + err
    assert memorable_word not in out + err


def hide(sandbox: Sandbox, entity: str, field: str) -> None:
    """Field-level security takes it from our user."""
    fault = Fault("field_hidden", times=None, params={"entity": entity, "field": field})
    sandbox.run(lambda: sandbox.salesforce.faults.declare(fault))


def make_channel(sandbox: Sandbox, name: str, entity: str) -> None:
    event = change_event_of(entity)
    with tooling(sandbox) as org:
        for kind, body in (
            ("PlatformEventChannel", {"FullName": f"{name}__chn", "Metadata": {"channelType": "data"}}),
            (
                "PlatformEventChannelMember",
                {
                    "FullName": f"{name}_chn_{event}",
                    "Metadata": {"eventChannel": f"{name}__chn", "selectedEntity": event},
                },
            ),
        ):
            org.post(f"sobjects/{kind}", json=body).raise_for_status()


def deselect(sandbox: Sandbox, entity: str) -> None:
    """As an administrator does in Setup."""
    soql = "SELECT Id, SelectedEntity FROM PlatformEventChannelMember"
    with tooling(sandbox) as org:
        members = org.get("query", params={"q": soql}).json()["records"]
        (member,) = (row for row in members if row["SelectedEntity"] == change_event_of(entity))
        org.delete(f"sobjects/PlatformEventChannelMember/{member['Id']}").raise_for_status()


def tooling(sandbox: Sandbox) -> httpx.Client:
    told = sandbox.announcement()["salesforce"]
    return httpx.Client(
        base_url=f"{told['url']}/services/data/v66.0/tooling",
        headers={"Authorization": f"Bearer {told['access_token']}"},
    )
