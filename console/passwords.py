"""The password of the web page and of Flower: from the settings, or made once and kept in the state directory."""

from __future__ import annotations

import secrets

from console.private import read_private, write_private
from console.settings import Settings

#: Who logs in to the web page and to Flower.
OPERATOR = "operator"


def console_password(settings: Settings) -> str:
    """The password; where the settings have none, that of `<state_dir>/console-password`, made at the first call."""
    if chosen := settings.console_password.get_secret_value():
        return chosen
    path = settings.state_dir / "console-password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(18))
    return read_private(path)
