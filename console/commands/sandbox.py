"""Starts the sandbox as a process of its own: the console may not import it, for it is no part of the product."""

from __future__ import annotations

import os
import sys


def run_sandbox(*, salesforce_port: int, kashflow_port: int, control_port: int, seed: int) -> None:
    """Becomes the sandbox; does not return."""
    command = [
        sys.executable,
        "-m",
        "sandbox",
        f"--salesforce-port={salesforce_port}",
        f"--kashflow-port={kashflow_port}",
        f"--control-port={control_port}",
        f"--seed={seed}",
    ]
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and no argument that could be anything but a number
