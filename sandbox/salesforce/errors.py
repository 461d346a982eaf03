"""The one exception with which the small Salesforce refuses something; no HTTP here, only the codes and their statuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: HTTP status of an error code in a single-record call (reference salesforce.md section 4); all others are 400.
STATUS_OF_CODE: Mapping[str, int] = {
    "INVALID_SESSION_ID": 401,
    "INVALID_AUTH_HEADER": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "INVALID_VERSION": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


class ApiError(Exception):
    """A request or a record is refused with `code`; `fields` is None where the real API leaves the key out."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Sequence[str] | None = None,
        status: int = 0,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)
        #: Further keys of a single call's error, such as `duplicateResult`.
        self.details = dict(details or {})
        self.status = status or STATUS_OF_CODE.get(code, 400)

    def single(self) -> dict[str, Any]:
        """The shape of a single-record call's error, an entry of the array that is its body."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code, **self.details}
        if self.fields is not None:
            body["fields"] = self.fields
        return body

    def in_list(self) -> dict[str, Any]:
        """The shape inside a Collections or Tree result, where the key is `statusCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}

    def in_csv(self) -> str:
        """The text of `sf__Error` in a Bulk API 2.0 result."""
        return f"{self.code}:{self.message}:{' '.join(self.fields or [])} --"


def bad_field(code: str, message: str, *fields: str) -> ApiError:
    """A record refused because of these fields."""
    return ApiError(code, message, fields=fields)


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError("NOT_FOUND", message)
