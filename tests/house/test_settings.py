"""`.env.example` and the settings say the same: nothing that is not read, nothing that is not told."""

from __future__ import annotations

import re

from console.settings import PREFIX, Settings
from tests.support.house import read

LINES = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
EXAMPLE = dict(LINES.findall(read(".env.example")))
#: Read by docker-compose.yml itself.
OF_COMPOSE = {"REDIS_PASSWORD", "POSTGRES_PASSWORD"}
SETTINGS = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_variable_of_the_example_is_a_setting() -> None:
    assert set(EXAMPLE) - OF_COMPOSE - SETTINGS == set()


def test_every_setting_is_in_the_example() -> None:
    assert SETTINGS - set(EXAMPLE) == set()


def test_the_variables_of_compose_are_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", read("docker-compose.yml")))

    assert asked <= set(EXAMPLE)


def test_the_example_holds_no_secret() -> None:
    secrets = [name for name in EXAMPLE if re.search("SECRET|PASSWORD|TOKEN|WORD$", name)]

    assert secrets
    assert all(EXAMPLE[name] == "" for name in secrets)
