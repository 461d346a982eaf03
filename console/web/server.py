"""Serves the pages of `app.py` on a port, until told to end."""

from __future__ import annotations

import signal
from types import FrameType

import uvicorn

from connectors.salesforce.origin import is_loopback
from console.bootstrap import House
from console.settings import BadSettings
from console.web.app import create_app

GRACE_SECONDS = 5


def serve(house: House, *, host: str, port: int, password: str) -> None:
    """Blocks until SIGTERM or SIGINT; call it in the main thread.

    Raises BadSettings rather than show an installation to a network behind a password that nobody chose.
    """
    if not is_loopback(host) and not house.settings.console_password.get_secret_value():
        raise BadSettings(
            f"the web page would listen on {host}, beyond this machine: set KASHFORCE_CONSOLE_PASSWORD, and put TLS "
            "in front of it; or set KASHFORCE_WEB_HOST=127.0.0.1"
        )
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(house, password),
            host=host,
            port=port,
            access_log=False,
            # Logging is set up already; a second formatter would let secrets pass.
            log_config=None,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    # uvicorn ends in order at these signals and then raises them again: with handlers of our own we live to return.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run()
