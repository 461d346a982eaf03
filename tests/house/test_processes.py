"""The Procfile and docker-compose.yml start what there is, and publish nothing beyond this machine."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from console.settings import PREFIX, Settings
from tests.support.commands import understand
from tests.support.house import read

COMPOSE: dict[str, Any] = yaml.safe_load(read("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: What a container runs that is not ours.
SERVERS = {"redis", "postgres"}
OURS = sorted(set(SERVICES) - SERVERS)
PROCFILE = dict(line.split(": ", 1) for line in read("Procfile").splitlines() if line)


def test_compose_has_the_services_of_an_installation() -> None:
    assert set(SERVICES) == {*SERVERS, "migrate", "stream", "poll", "worker", "beat", "flower", "web"}


def test_the_procfile_has_every_process_that_runs_on() -> None:
    assert set(PROCFILE) == set(OURS) - {"migrate"}


@pytest.mark.parametrize("service", OURS)
def test_each_service_of_ours_is_a_command_of_ours(service: str) -> None:
    assert understand(SERVICES[service]["command"])


@pytest.mark.parametrize("process", sorted(PROCFILE))
def test_each_process_of_the_procfile_is_a_command_of_ours(process: str) -> None:
    program, *arguments = PROCFILE[process].split()

    assert program == "kashforce"
    assert understand(arguments)
    assert arguments == SERVICES[process]["command"]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_ports_are_published_on_loopback_only(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service].get("ports", ()))


@pytest.mark.parametrize("service", OURS)
def test_every_variable_that_compose_sets_is_a_setting(service: str) -> None:
    for name in SERVICES[service]["environment"]:
        assert name.removeprefix(PREFIX).lower() in Settings.model_fields


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_service_waits_for_services_that_there_are(service: str) -> None:
    assert set(SERVICES[service].get("depends_on", ())) <= set(SERVICES)


def test_no_password_is_written_into_compose() -> None:
    secrets = [
        value
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name
    ]

    assert secrets
    assert all(value.startswith("${") for value in secrets)
