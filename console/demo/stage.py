"""Sets the stage: the sandbox as a process, an installation pointed at it, and clients to look at both worlds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import SecretStr

from connectors.kashflow.client import KashFlowClient
from connectors.kashflow.patience import PATIENT
from connectors.salesforce.rest import SalesforceClient
from console import logs, settings
from console.bootstrap import House
from console.commands.up import PROCESSES, Installation
from console.demo.custom_field import add_custom_field
from console.settings import PREFIX, Settings

#: How long a command may take.
COMMAND_SECONDS = 60


class StageFailed(Exception):
    """The sandbox or a process did not come up; the text says where its log is."""


class Stage:
    """Everything on loopback, in a folder of its own that is gone afterwards unless something went wrong."""

    def __init__(self, *, seed: int, everything: bool) -> None:
        self._seed = seed
        self._processes = PROCESSES if everything else ("stream", "poll", "beat")
        self._open = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="kashforce-demo-"))

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._open.close()

    def _set_up(self) -> None:
        self.login = self._start_sandbox()
        chosen = _chosen(self.login, self.folder)
        add_custom_field(self.login["salesforce"], chosen["mappings_dir"], chosen["salesforce_api_version"])
        self.settings = settings.load(env_file=None, **chosen)
        self._env = _environment(chosen)
        logs.configure(self.settings.model_copy(update={"log_level": "error"}), "demo")
        self.installation = self._open.enter_context(
            Installation(
                self.settings,
                processes=self._processes,
                workers=1,
                env=self._env,
                log_dir=self.log_dir,
            )
        )
        self.installation.start()
        self.house = self._open.enter_context(House(self.settings))

    @property
    def log_dir(self) -> Path:
        return self.folder / "logs"

    @property
    def salesforce(self) -> SalesforceClient:
        return self.house.salesforce

    def kashflow(self) -> KashFlowClient:
        return self.house.kashflow_client(PATIENT)

    def control(self, path: str, body: Mapping[str, Any]) -> None:
        """Tell the sandbox to misbehave; see sandbox/README.md."""
        answer = httpx.post(f"{self.login['control']}{path}", json=body, timeout=10, trust_env=False)
        if answer.is_error:
            raise StageFailed(f"the sandbox refused {path}: {answer.text}")

    def command(self, *words: str) -> None:
        """Run `kashforce` with these words against this installation. Raises StageFailed with what it said."""
        ended = subprocess.run(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "console", *words],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if ended.returncode:
            raise StageFailed(f"kashforce {' '.join(words)}: {ended.stderr.strip() or ended.stdout.strip()}")

    def _start_sandbox(self) -> dict[str, Any]:
        self.log_dir.mkdir(parents=True)
        log = self._open.enter_context((self.log_dir / "sandbox.log").open("wb"))
        process = self._open.enter_context(
            subprocess.Popen(  # noqa: S603 - our own command, no shell
                [sys.executable, "-m", "sandbox", f"--seed={self._seed}", "--until-stdin-closes"],
                # It ends when this process does, however that ends: the pipe closes.
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        )
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise StageFailed(f"the sandbox did not start; see {self.log_dir / 'sandbox.log'}")
        login: dict[str, Any] = json.loads(line)
        return login


def _chosen(login: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Every setting there is, so that neither environment nor `.env` of a real installation has a say in this one."""
    salesforce, kashflow = login["salesforce"], login["kashflow"]
    usual = {name: setting.get_default() for name, setting in Settings.model_fields.items()}
    return usual | {
        "salesforce_url": salesforce["url"],
        "salesforce_client_id": salesforce["client_id"],
        "salesforce_client_secret": salesforce["client_secret"],
        "kashflow_url": kashflow["url"],
        "kashflow_username": kashflow["username"],
        "kashflow_password": kashflow["password"],
        "kashflow_memorable_word": kashflow["memorable_word"],
        "state_dir": folder,
        "mappings_dir": folder / "mappings",
        # An org may select five objects for change events; these are read as often as KashFlow's lists.
        "salesforce_swept": ("Order", "Payment__c"),
        "web_port": 0,
        "flower_port": 0,
        "sweep_seconds": 0.5,
        "poll_seconds": 5,
        "doubt_seconds": 2,
        "lease_seconds": 5,
    }


def _environment(chosen: Mapping[str, Any]) -> dict[str, str]:
    """The processes' environment: ours, with all the settings of the demonstration."""
    return {**os.environ, **{f"{PREFIX}{name.upper()}": _as_text(value) for name, value in chosen.items()}}


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return ",".join(value)
        case _:
            return str(value)
