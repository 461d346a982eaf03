"""Which API versions there are (reference sections 1.1 and 3)."""

from __future__ import annotations

from sandbox.salesforce.errors import ApiError, not_found

_OLDEST_KNOWN, _OLDEST, _NEWEST = 20, 37, 68

_SEASONS = ("Spring", "Summer", "Winter")


def check_version(version: str) -> None:
    """ApiError UNSUPPORTED_API_VERSION for a retired version, NOT_FOUND for one that never was."""
    number, _, minor = version.partition(".")
    if not number.isdigit() or minor != "0":
        raise not_found()
    if _OLDEST_KNOWN <= int(number) < _OLDEST:
        raise ApiError(
            "UNSUPPORTED_API_VERSION", f"API version v{version} is retired; use v{_OLDEST}.0 or later"
        )
    if not _OLDEST <= int(number) <= _NEWEST:
        raise not_found()


def versions() -> list[dict[str, str]]:
    """The body of `GET /services/data/`."""
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(_OLDEST, _NEWEST + 1)
    ]


def _label(number: int) -> str:
    """v66 is Spring '26; three releases a year, and Winter bears the next year's number."""
    season = (number - 66) % 3
    year = 26 + (number - 66) // 3 + (1 if season == 2 else 0)
    return f"{_SEASONS[season]} '{year}"
