"""Installs the published npm packages that a test needs into an ignored folder; it runs nothing of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parents[2]


def installed_beside(source: Path) -> Path:
    """A copy of the folder `source` under `var/npm/` with its package.json's dependencies installed.

    Installed once and again whenever package.json changes. Without npm the test is skipped, but never in CI.
    """
    npm = shutil.which("npm")
    if npm is None:
        if os.environ.get("CI"):
            pytest.fail("npm is missing: in CI the published JavaScript packages must be tried")
        pytest.skip("npm is missing: install Node.js to try the published JavaScript packages")
    place = _REPOSITORY / "var" / "npm" / source.name
    installed = place / "installed.json"
    wanted = (source / "package.json").read_text(encoding="utf-8")
    shutil.copytree(source, place, dirs_exist_ok=True)
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        subprocess.run([npm, "install", *options], cwd=place, check=True, timeout=300)
        installed.write_text(wanted, encoding="utf-8")
    return place
