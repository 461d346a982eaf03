"""How we get into both systems: credentials as the settings have them, and where a refused login is remembered."""

from __future__ import annotations

from pathlib import Path

import structlog
from redis import Redis
from redis.exceptions import RedisError

from connectors.kashflow.credentials import KashFlowCredentials
from connectors.salesforce.oauth import TokenProvider, client_credentials, fixed_token, jwt_bearer
from console.private import read_private, write_private
from console.settings import Settings

log = structlog.get_logger("kashforce.logins")


def salesforce_tokens(settings: Settings) -> TokenProvider:
    """Whichever of the three ways is set. Raises BadSettings when none is, ValueError for an impossible address."""
    settings.require_salesforce()
    if settings.uses_fixed_token:
        return fixed_token(settings.salesforce_url, settings.salesforce_access_token.get_secret_value())
    if settings.salesforce_private_key_file:
        return jwt_bearer(
            settings.salesforce_url,
            settings.salesforce_client_id,
            settings.salesforce_username,
            settings.salesforce_private_key_file,
        )
    return client_credentials(
        settings.salesforce_url,
        settings.salesforce_client_id,
        settings.salesforce_client_secret.get_secret_value(),
    )


def kashflow_credentials(settings: Settings) -> KashFlowCredentials:
    """Raises BadSettings when one is missing."""
    settings.require_kashflow()
    return KashFlowCredentials(
        settings.kashflow_username, settings.kashflow_password, settings.kashflow_memorable_word
    )


class RedisMemory:
    """Where all processes keep what they know of the KashFlow login; without Redis each knows only its own."""

    _KEY = "kashforce:kashflow:login"

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._own: str | None = None

    def read(self) -> str | None:
        try:
            stored = self._redis.get(self._KEY)
        except RedisError:
            return self._own
        return stored.decode() if isinstance(stored, bytes) else None

    def write(self, text: str | None) -> None:
        self._own = text
        try:
            if text is None:
                self._redis.delete(self._KEY)
            else:
                self._redis.set(self._KEY, text)
        except RedisError:
            log.warning("login_state_not_shared")


class FileMemory:
    """The same between two runs of the doctor, while there is no Redis to keep it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        try:
            return read_private(self._path)
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, text: str | None) -> None:
        if text is None:
            self._path.unlink(missing_ok=True)
        else:
            write_private(self._path, text)
