"""What is not loaded by those who do not need it, or every start would wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELP = """
from typer.testing import CliRunner
from console.cli import app
assert CliRunner().invoke(app, ["--help"]).exit_code == 0
"""
WORKER = """
from console import processes
from workers.app import make_app, make_worker
app = make_app(broker_url="redis://127.0.0.1:1/0", queues=["kashflow.invoice"], sweep_seconds=2)
make_worker(app, queues=["kashflow.invoice"], threads=1)
"""


@pytest.mark.parametrize(
    ("starting", "spared"),
    [
        (HELP, {"rich", "pydantic", "sqlalchemy", "celery", "redis", "httpx", "structlog"}),
        (WORKER, {"alembic", "mako", "flower", "prompt_toolkit", "starlette", "uvicorn"}),
    ],
    ids=["help", "a worker"],
)
def test_nobody_loads_what_only_others_need(starting: str, spared: set[str]) -> None:
    program = f"{starting}\nimport sys; print(*sorted(set(sys.modules) & {spared!r}))"

    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert ended.stdout.split() == []
