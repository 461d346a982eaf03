"""The client for Salesforce's data API, one method per thing to ask for; how each is asked stands in its own module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from connectors.salesforce import collections, queries, rows
from connectors.salesforce import composite as composites
from connectors.salesforce.bulk import Bulk
from connectors.salesforce.collections import Fields, RowResult
from connectors.salesforce.composite import Subanswer, Subrequest
from connectors.salesforce.describe import Descriptions
from connectors.salesforce.limits import Limit, LimitInfo, limits_of
from connectors.salesforce.oauth import TokenProvider
from connectors.salesforce.org import Org, Record
from connectors.salesforce.rows import Deletions, Updates
from connectors.salesforce.transport import OrgSession

__all__ = ["LimitInfo", "Record", "RowResult", "SalesforceClient", "Subanswer", "Subrequest"]


class SalesforceClient:
    """One org, safe to share between threads. Logs in at the first call; close it, or use it in a `with` statement.

    Every method may block for `timeout_seconds` per API call and raises ConnectorError; a mistake in the arguments
    raises ValueError or TypeError. Numbers come as int or Decimal, and go as int or Decimal: never as floats.
    `on_limit` hears the org's usage with every reply, in the thread of the caller.
    """

    def __init__(
        self,
        tokens: TokenProvider,
        *,
        api_version: str = "66.0",
        timeout_seconds: float = 30.0,
        client_name: str = "Kashforce",
        on_limit: Callable[[LimitInfo], None] | None = None,
    ) -> None:
        session = OrgSession(tokens, timeout_seconds=timeout_seconds, on_limit=on_limit)
        self._org = Org(session, api_version=api_version, client_name=client_name)
        self._descriptions = Descriptions(self._org)
        #: Jobs for more records than Collections should carry (guidance: above 2,000).
        self.bulk = Bulk(self._org)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections."""
        self._org.close()

    # Reading

    def query(self, soql: str) -> list[Record]:
        """All records of a SOQL query, every page fetched, children too."""
        return [record for page in self.query_pages(soql) for record in page]

    def query_pages(self, soql: str) -> Iterator[list[Record]]:
        """The same page by page (up to 2,000 records, one API call each). Busy when the server lost its place."""
        return queries.pages(self._org, soql)

    def query_all(self, soql: str) -> list[Record]:
        """As `query`, deleted and archived records included (`IsDeleted` tells them)."""
        pages = queries.pages(self._org, soql, include_deleted=True)
        return [record for page in pages for record in page]

    def collections_retrieve(
        self, entity: str, ids: Sequence[str], fields: Sequence[str]
    ) -> list[Record | None]:
        """Records by id in the order of `ids`, 2,000 an API call; None for one that is gone or hidden."""
        return collections.retrieve(self._org, entity, ids, fields)

    def deleted(self, entity: str, start: datetime, end: datetime) -> Deletions:
        """What was deleted between two aware times, at most 30 days apart."""
        return rows.deleted(self._org, entity, start, end)

    def updated(self, entity: str, start: datetime, end: datetime) -> Updates:
        """What was created or updated between two aware times, at most 30 days apart."""
        return rows.updated(self._org, entity, start, end)

    def describe(self, entity: str) -> Record:
        """The object and its fields as the integration user sees them; shared, so do not change it."""
        return self._descriptions.of(entity)

    def describe_global(self) -> Record:
        """All objects; shared, so do not change it."""
        return self._descriptions.of_all()

    def limits(self) -> dict[str, Limit]:
        """The org's limits by name, e.g. `DailyApiRequests`. Needs View Setup and Configuration."""
        return limits_of(self._org.get_object("limits"))

    # Writing

    def update(self, entity: str, record_id: str, fields: Fields) -> None:
        """Change fields of one record."""
        rows.update(self._org, entity, record_id, fields)

    def upsert(self, entity: str, external_id_field: str, value: str, fields: Fields) -> RowResult:
        """Insert or update one record by a unique external id. Duplicate when several records carry it."""
        return rows.upsert(self._org, entity, external_id_field, value, fields)

    def collections_create(
        self, entity: str, records: Sequence[Fields], all_or_none: bool = False
    ) -> list[RowResult]:
        """Insert, 200 an API call, results in order. Not idempotent: prefer `collections_upsert`."""
        return collections.create(self._org, entity, records, all_or_none=all_or_none)

    def collections_update(
        self, entity: str, records: Sequence[Fields], all_or_none: bool = False
    ) -> list[RowResult]:
        """Update records that have an `Id`, 200 an API call, results in order."""
        return collections.update(self._org, entity, records, all_or_none=all_or_none)

    def collections_upsert(
        self, entity: str, external_id_field: str, records: Sequence[Fields], all_or_none: bool = False
    ) -> list[RowResult]:
        """Insert or update by external id, 200 an API call, results in order."""
        return collections.upsert(self._org, entity, external_id_field, records, all_or_none=all_or_none)

    def collections_delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Delete records by id, 200 an API call, results in order."""
        return collections.delete(self._org, ids)

    def composite(self, requests: Sequence[Subrequest], all_or_none: bool = False) -> list[Subanswer]:
        """Up to 25 requests in one API call, answers in order."""
        return composites.composite(self._org, requests, all_or_none=all_or_none)
