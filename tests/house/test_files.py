"""What may stand in a file of the repository: no package index, no machine's paths; every dependency pinned."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.house import ROOT, files, read

# Put together here, so that this file is not the first to break the rule.
INDEXES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npmjs" + ".org",
    "deb.debian" + ".org",
    "rubygems" + ".org",
)
#: Where people's and machines' own files live; a system path such as /etc is not one of them.
MACHINE_PATH = re.compile(r"(?<![\w.:/{}-])/(?:home|root|Users|work|tmp|farm|mnt)/\w")
PINS = dict(
    line.split("==") for line in read("constraints.txt").splitlines() if line and not line.startswith("#")
)
PROJECT = tomllib.loads(read("pyproject.toml"))["project"]
REQUIREMENTS = [
    Requirement(text)
    for text in (
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
        *tomllib.loads(read("pyproject.toml"))["build-system"]["requires"],
    )
]


def _texts() -> dict[str, str]:
    found = {}
    for path in files():
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture
    return found


TEXTS = _texts()


def test_no_file_names_a_package_index() -> None:
    assert [name for name, text in TEXTS.items() for index in INDEXES if index in text] == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    assert {name: found for name, text in TEXTS.items() if (found := MACHINE_PATH.findall(text))} == {}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda one: one.name)
def test_each_dependency_is_pinned_to_a_version_that_we_allow(requirement: Requirement) -> None:
    pinned = PINS[canonicalize_name(requirement.name)]

    assert Version(pinned) in requirement.specifier


def test_the_constraints_are_exact_versions_and_name_no_host() -> None:
    assert all(re.fullmatch(r"[\w.]+", version) for version in PINS.values())
    assert "://" not in read("constraints.txt")
