"""Settings: read once, at the edge, from KASHFORCE_* variables and `.env`. Opens nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ledger.ceiling import Ceiling

PREFIX = "KASHFORCE_"


class BadSettings(Exception):
    """A setting is missing or cannot be; the text names each one and what was expected, never a value."""


class Settings(BaseSettings):
    """Everything an installation decides. Secrets print as stars."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    #: My Domain of the org, such as https://acme.my.salesforce.com.
    salesforce_url: str = ""
    #: Consumer key and secret of the External Client App (client credentials).
    salesforce_client_id: str = ""
    salesforce_client_secret: SecretStr = SecretStr("")
    #: With a private key instead of a secret: JWT bearer, acting as this user.
    salesforce_username: str = ""
    salesforce_private_key_file: Path | None = None
    #: A token obtained elsewhere, to try things out without an app: used while no client id is set, never renewed.
    salesforce_access_token: SecretStr = SecretStr("")
    salesforce_api_version: str = "66.0"
    #: Change event channels, separated by commas.
    salesforce_channels: Annotated[tuple[str, ...], NoDecode] = ("/data/ChangeEvents",)
    #: Objects that no change event tells of, separated by commas: they are swept as often as KashFlow is polled.
    salesforce_swept: Annotated[tuple[str, ...], NoDecode] = ()
    #: Seconds between two sweeps of the other objects, the safety net; 0: only after incidents.
    salesforce_sweep_seconds: float = Field(default=900.0, ge=0)

    #: Calls a second in the long run; short bursts may be twice as many. Salesforce has no limit of this kind: the calls of
    #: a day are what has to last.
    salesforce_calls_per_second: float = Field(default=50.0, gt=0)

    #: Ends in /v2.
    kashflow_url: str = "https://api.kashflow.com/v2"
    kashflow_username: str = ""
    kashflow_password: SecretStr = SecretStr("")
    kashflow_memorable_word: SecretStr = SecretStr("")
    #: Seconds between two walks through the details of every record, one call each; 0: never.
    kashflow_details_seconds: float = Field(default=86_400.0, ge=0)
    #: Calls under way at a time, of all processes together, while KashFlow answers them as fast as fewer. Four is what others
    #: found sensible; some run eight (reference kashflow.md section 2.8).
    kashflow_calls_at_a_time: int = Field(default=4, ge=1, le=32)
    #: How payments are added: `invoice` writes the whole invoice, which every account takes; `resource` posts to /payments,
    #: which the published API does not have.
    kashflow_payments: Literal["invoice", "resource"] = "invoice"
    #: How far back, by their date, bank transactions are compared with what was seen last.
    kashflow_bank_days: int = Field(default=60, ge=1)
    #: Ask KashFlow's audit report whether a look at the lists is worth it; needs the permission to read it.
    kashflow_audit: bool = False

    #: Empty: an embedded Valkey in the state directory.
    redis_url: SecretStr = SecretStr("")
    #: Empty: SQLite in the state directory.
    ledger_url: SecretStr = SecretStr("")
    #: Where an installation without servers keeps its ledger, its Valkey and its logs.
    state_dir: Path = Path("~/.local/state/kashforce")
    #: A folder with mapping files that replace the packaged ones of the same name.
    mappings_dir: Path | None = None

    #: Password of the user `operator` for the web page and Flower. Empty: one is made and kept in the state directory.
    console_password: SecretStr = SecretStr("")
    #: Where the web page and Flower listen; anything but loopback is for you to put behind TLS.
    web_host: str = "127.0.0.1"
    web_port: int = 8780
    flower_host: str = "127.0.0.1"
    flower_port: int = 5555

    #: Threads of one worker process.
    worker_threads: int = Field(default=8, ge=1, le=64)
    #: Seconds between two rounds of the sweeper, and of the KashFlow poll.
    sweep_seconds: float = Field(default=2.0, gt=0)
    poll_seconds: float = Field(default=300.0, gt=0)
    #: A worker that was lost is noticed after this.
    lease_seconds: float = Field(default=30.0, gt=0)
    #: A lost answer is not looked into before this.
    doubt_seconds: float = Field(default=90.0, ge=0)
    #: A queue pauses after so many dead letters one after another.
    dead_letter_run: int = Field(default=50, ge=1)
    #: Or when so large a share of its last 200 deliveries became dead letters.
    dead_letter_share: float = Field(default=0.5, gt=0, le=1)
    #: Or when it keeps so many dead letters: none is ever dropped by itself.
    dead_letters_kept: int = Field(default=1_000_000, ge=1)
    #: Days after which attempts and reasons of what was done are cleared away; 0: never.
    keep_days: float = Field(default=90.0, ge=0)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @field_validator("salesforce_channels", "salesforce_swept", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("state_dir", "salesforce_private_key_file", "mappings_dir", mode="after")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value else None

    @field_validator("salesforce_private_key_file", "mappings_dir", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return value or None

    @property
    def ledger(self) -> str:
        """The ledger's database URL; may hold a password."""
        return self.ledger_url.get_secret_value() or f"sqlite:///{self.state_dir / 'ledger.db'}"

    @property
    def ceiling(self) -> Ceiling:
        """When a queue pauses by itself."""
        return Ceiling(run=self.dead_letter_run, share=self.dead_letter_share, kept=self.dead_letters_kept)

    @property
    def uses_fixed_token(self) -> bool:
        """Is there an access token and no app that could obtain one?"""
        return bool(self.salesforce_access_token.get_secret_value()) and not self.salesforce_client_id

    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for whoever has to keep them out of what is printed."""
        values = [
            getattr(self, name).get_secret_value()
            for name in type(self).model_fields
            if isinstance(getattr(self, name), SecretStr)
        ]
        return tuple(value for value in values if value)

    def require_salesforce(self) -> None:
        """Raises BadSettings unless there is enough to log in to Salesforce."""
        if self.uses_fixed_token:
            _refuse_missing([] if self.salesforce_url else ["salesforce_url"], "Salesforce")
            return
        missing = [name for name in ("salesforce_url", "salesforce_client_id") if not getattr(self, name)]
        if not self.salesforce_client_secret.get_secret_value() and not self.salesforce_private_key_file:
            missing.append("salesforce_client_secret")
        if self.salesforce_private_key_file and not self.salesforce_username:
            missing.append("salesforce_username")
        _refuse_missing(missing, "Salesforce")

    def require_kashflow(self) -> None:
        """Raises BadSettings unless there is enough to log in to KashFlow."""
        missing = [
            name
            for name in ("kashflow_url", "kashflow_username", "kashflow_password", "kashflow_memorable_word")
            if not (value := getattr(self, name))
            or (isinstance(value, SecretStr) and not value.get_secret_value())
        ]
        _refuse_missing(missing, "KashFlow")


def _refuse_missing(missing: list[str], system: str) -> None:
    if missing:
        names = ", ".join(f"{PREFIX}{name.upper()}" for name in missing)
        raise BadSettings(f"to reach {system}, set {names} in the environment or in .env (see .env.example)")


def load(env_file: Path | None = Path(".env"), **overrides: Any) -> Settings:
    """Raises BadSettings with every setting that cannot be, by its name in the environment."""
    try:
        return Settings(_env_file=env_file, **overrides)
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'.'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise BadSettings("; ".join(lines)) from None
