"""The one error tree of every wire; foreign errors are translated into it at one border per API.

    ConnectorError
    ├── NotNow            the same request may succeed later; `retry_after_seconds` when the API said when
    │   ├── Unreachable       nothing was sent: refused connection, DNS, TLS
    │   ├── AnswerLost        sent, no usable answer: timeout, cut connection, 5xx or HTML instead of JSON
    │   ├── Busy              the API declined for now: lock, overload, its own database timed out
    │   ├── QuotaSpent        the API's limit is reached: a daily or a concurrent one
    │   └── LoginPaused       our own breaker: no login is tried until someone looked or time passed
    └── Never             the same request will fail again
        ├── Refused           the record is not acceptable: validation, business rule
        ├── NotFound          there is no such record (any more)
        ├── Duplicate         one like it exists already
        ├── NotAllowed        permission, disabled feature, a field we may not touch: configuration
        ├── LoginFailed       credentials are wrong, expired or locked: configuration
        └── Unreadable        the answer is not what the API promises

`AnswerLost` is the dangerous one: the request may have been carried out. So may a `Busy` whose
`may_have_happened` is true. Whoever catches a NotNow for a request that is not idempotent looks first.

Messages never contain a password, a token, a memorable character or an Authorization header.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.exchange import Exchange


class ConnectorError(Exception):
    """A call to a foreign API did not bring what was asked for.

    `system` is `"salesforce"` or `"kashflow"`; `code` is the API's own error code, or "" when it gave none;
    `status` the HTTP status, or None when there was no answer; `fields` the fields the API blames.
    """

    #: True when the request may have been carried out although it failed.
    may_have_happened: bool = False
    #: What was sent and answered, where the border could tell; never of a login.
    exchange: Exchange | None = None

    def __init__(
        self,
        message: str,
        *,
        system: str,
        code: str = "",
        status: int | None = None,
        fields: Sequence[str] = (),
        may_have_happened: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.system = system
        self.code = code
        self.status = status
        self.fields = tuple(fields)
        if may_have_happened is not None:
            self.may_have_happened = may_have_happened


class NotNow(ConnectorError):
    """The same request may succeed later."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        code: str = "",
        status: int | None = None,
        fields: Sequence[str] = (),
        may_have_happened: bool | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(
            message,
            system=system,
            code=code,
            status=status,
            fields=fields,
            may_have_happened=may_have_happened,
        )
        #: Seconds the API (or our breaker) asks us to wait; None when nobody said.
        self.retry_after_seconds = retry_after_seconds


class Unreachable(NotNow):
    """Nothing was sent: connection refused, name not found, TLS failed."""


class AnswerLost(NotNow):
    """The request was sent and no usable answer came back; it may have been carried out."""

    may_have_happened = True


class Busy(NotNow):
    """The API declined for now: a lock, overload, a timeout of its own database."""


class QuotaSpent(NotNow):
    """A limit of the API is reached, daily or concurrent."""


class LoginPaused(NotNow):
    """Our breaker is open: after a failed login nobody tries again until `retry_after_seconds` have passed."""


class Never(ConnectorError):
    """The same request will fail again."""


class Refused(Never):
    """The record is not acceptable to the API: a validation or business rule; the message is the API's own."""


class NotFound(Never):
    """There is no such record, or no longer."""


class Duplicate(Never):
    """A record with this key exists already; `existing_id` names it when the API says which."""

    def __init__(
        self,
        message: str,
        *,
        system: str,
        code: str = "",
        status: int | None = None,
        fields: Sequence[str] = (),
        existing_id: str | None = None,
    ) -> None:
        super().__init__(message, system=system, code=code, status=status, fields=fields)
        self.existing_id = existing_id


class NotAllowed(Never):
    """Permission, a disabled feature, a field or an object we may not see: somebody must change a setting."""


class LoginFailed(Never):
    """The credentials are wrong, expired or locked. Never retried by itself (reference kashflow.md section 1.4)."""


class Unreadable(Never):
    """The answer is not what the API promises, so nothing may be concluded from it."""
