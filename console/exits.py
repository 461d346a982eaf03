"""What the exit code of a command says, and how an error of ours becomes one line and a code."""

from __future__ import annotations

import sys
from enum import IntEnum

from sqlalchemy.exc import OperationalError

from connectors.errors import ConnectorError, NotNow
from console.embedded import NoEmbeddedServer
from console.settings import BadSettings
from ledger.database import BadLedgerUrl
from ledger.schema import SchemaOutOfDate
from mappings.problems import BookRefused
from producers.kashflow_resources import NoSuchResource
from workers.targets import NoSuchTarget


class Exit(IntEnum):
    """For scripts."""

    OK = 0
    #: The command did its work and found something wrong.
    FINDINGS = 1
    #: The command line, a setting or a mapping file is wrong: nothing was done.
    USAGE = 2
    #: An outside system could not be reached or was busy: try again later.
    UNREACHABLE = 3
    #: An outside system said no.
    REFUSED = 4


#: Errors that are not bugs: their text is for the person at the terminal.
EXPECTED = (
    BadSettings,
    BadLedgerUrl,
    BookRefused,
    NoEmbeddedServer,
    NoSuchResource,
    NoSuchTarget,
    SchemaOutOfDate,
    ConnectorError,
    OperationalError,
)


def leave_with(error: Exception) -> None:
    """One line on standard error and the exit code for an expected error; returns for any other, which is a bug."""
    if not isinstance(error, EXPECTED):
        return
    print(f"kashforce: {_told(error)}", file=sys.stderr)
    match error:
        case NotNow() | OperationalError():
            code = Exit.UNREACHABLE
        case ConnectorError():
            code = Exit.REFUSED
        case _:
            code = Exit.USAGE
    raise SystemExit(code)


def _told(error: Exception) -> str:
    if not isinstance(error, OperationalError):
        return str(error)
    # The driver's own first line alone: it names server and user, while the rest may quote a statement's values.
    reason = str(error.orig).partition("\n")[0]
    return f"the ledger's database does not answer: {reason}; run 'kashforce doctor'"
