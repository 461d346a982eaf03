"""The doctor's round: every check once, in order, and what an error in one of them means to the person who asked."""

from __future__ import annotations

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConnectorError, LoginFailed, LoginPaused, NotAllowed, NotNow, Unreachable
from console.bootstrap import House
from console.operations.bench import Bench
from console.operations.checks import change_events, fields, here, kashflow, salesforce
from console.operations.findings import Check, Finding, failed, run_checks
from console.settings import BadSettings
from ledger.database import BadLedgerUrl
from ledger.schema import SchemaOutOfDate
from mappings.problems import BookRefused
from workers.targets import NoSuchTarget

CHECKS: tuple[Check[Bench], ...] = (
    Check("mappings", here.mappings),
    Check("ledger", here.ledger),
    Check("Redis", here.redis),
    Check("Salesforce settings", here.salesforce_settings),
    Check("Salesforce login", salesforce.login, needs=("Salesforce settings",)),
    Check("Salesforce API version", salesforce.api_version, needs=("Salesforce login",)),
    Check("Salesforce limits", salesforce.limits, needs=("Salesforce API version",)),
    Check("fields read", fields.readable, needs=("mappings", "Salesforce API version")),
    Check("fields written", fields.writable, needs=("mappings", "Salesforce API version")),
    Check("change events", change_events.selected, needs=("mappings", "Salesforce API version")),
    Check("channels", change_events.channels, needs=("Salesforce API version",)),
    Check("KashFlow settings", here.kashflow_settings),
    Check("KashFlow login", kashflow.login, needs=("KashFlow settings",)),
    Check("KashFlow VAT rates", kashflow.vat_rates, needs=("KashFlow login",)),
    Check("KashFlow nominal codes", kashflow.nominal_codes, needs=("mappings", "KashFlow login")),
    Check("KashFlow payment methods", kashflow.payment_methods, needs=("KashFlow login",)),
)

#: What to do about an error, by its class; the first that fits.
REMEDIES: tuple[tuple[type[ConnectorError], str], ...] = (
    (
        LoginPaused,
        "wait until then; with new credentials it is tried at once (docs/runbook.md, Login paused)",
    ),
    (LoginFailed, "correct the credentials in the settings; more tries with these could lock the user"),
    (NotAllowed, "give our user the permission"),
    (Unreachable, "check the address in the settings, and the network"),
    (NotNow, "it may pass: try again in some minutes"),
)


def examine(house: House) -> list[Finding]:
    """What is well and what is not, with what to do about it. Writes nothing, delivers nothing, moves no cursor.

    Takes as long as the systems take to answer; logs in once to each, and not at all where a login is paused.
    """
    with Bench(house) as bench:
        return run_checks(CHECKS, bench, explain)


def explain(name: str, error: Exception) -> Finding:
    """The finding that an error of a check stands for."""
    match error:
        case BadSettings():
            return failed(name, "settings are missing", str(error))
        case BookRefused():
            return failed(name, str(error), "mend the mapping files in the lines named")
        case NoSuchTarget() | BadLedgerUrl():
            return failed(name, str(error), "correct the setting or the mapping file")
        case SchemaOutOfDate():
            return failed(name, str(error), "back up the database, then run 'kashforce ledger upgrade'")
        case SQLAlchemyError():
            return failed(
                name,
                f"the database does not answer ({type(error).__name__})",
                "check KASHFORCE_LEDGER_URL, the password in it, and the database server",
            )
        case RedisError():
            return failed(
                name,
                f"does not answer ({type(error).__name__})",
                "check KASHFORCE_REDIS_URL, the password in it, and the server",
            )
        case ConnectorError():
            return failed(name, error.message, _remedy(error))
        case _:
            return failed(
                name,
                f"the check broke down ({type(error).__name__})",
                "report this: it is a bug of the doctor",
            )


def _remedy(error: ConnectorError) -> str:
    return next((remedy for kind, remedy in REMEDIES if isinstance(error, kind)), "see docs/runbook.md")
