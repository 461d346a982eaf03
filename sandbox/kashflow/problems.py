"""What the small KashFlow answers when it declines: status, error code and text; not how faults are declared."""

from __future__ import annotations


class Problem(Exception):
    """An answer `{"Error": error, "Message": message}` with this HTTP status (reference kashflow.md section 2.7)."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def invalid(message: str) -> Problem:
    """The input is not acceptable. The code is ours: no list of the real ones is published."""
    return Problem(400, "ValidationError", message)


def not_found(noun: str, key: object) -> Problem:
    return Problem(404, "NotFound", f"There is no {noun} {key}.")


def no_session() -> Problem:
    return Problem(401, "InvalidSessionToken", "Session token provided is invalid.")


def locked_out(status: int) -> Problem:
    """401 on ordinary calls, 400 while logging in (section 1.4)."""
    return Problem(
        status, "AccountLocked", "This user is locked after too many failed logins. Try again later."
    )


def wrong_credentials() -> Problem:
    return Problem(400, "InvalidCredentials", "The user name, password or memorable word is not right.")


def period_locked(what: str) -> Problem:
    return Problem(400, "PeriodLocked", f"{what} is in a locked period or a submitted VAT return.")


def sql_timeout() -> Problem:
    """A timeout of the server's database, disguised as bad input (section 2.7)."""
    return Problem(
        400,
        "-2146232060",
        "Execution Timeout Expired.  The timeout period elapsed prior to completion of the operation or the "
        "server is not responding.",
    )
