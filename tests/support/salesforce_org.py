"""A small Salesforce for tests: a world with frozen time, and a way to speak REST to it with or without HTTP."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.faults import Fault
from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.rest.call import Call, Reply
from sandbox.salesforce.rest.router import dispatch
from sandbox.salesforce.rest.subcall import segments_of
from sandbox.salesforce.sessions import User
from sandbox.salesforce.table import Row
from sandbox.salesforce.world import SalesforceWorld, WorldSettings

NOW = datetime(2026, 11, 21, 9, 30, 0, tzinfo=UTC)


class TestOrg:
    """One org and its sales person; `call` goes straight to the router, as Composite's inner requests do."""

    __test__ = False

    def __init__(self, *, settings: WorldSettings | None = None, seed: int = 11) -> None:
        self.clock = Clock(frozen_at=NOW)
        self.world = SalesforceWorld(self.clock, random.Random(seed), settings=settings)

    @property
    def user(self) -> User:
        user = self.world.user(self.world.org.sales_id)
        assert user is not None
        return user

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str = "66.0",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """`path` below `/services/data/vNN.N/`; `body` is JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else b"" if body is None else json_text(body).encode()
        return self.send(
            Call(
                user=self.user,
                method=method,
                version=version,
                segments=segments_of(path),
                params=params or {},
                headers=headers or {},
                body=content,
            )
        )

    def send(self, call: Call) -> Reply:
        """The answer, with what the org does afterwards done."""
        reply = dispatch(self.world, call)
        if reply.after is not None:
            reply.after()
        return reply

    def query(self, soql: str, *, everything: bool = False, headers: Mapping[str, str] | None = None) -> Any:
        reply = self.call("GET", "queryAll" if everything else "query", params={"q": soql}, headers=headers)
        assert reply.status == 200, reply.body
        return reply.body

    def records(self, soql: str) -> list[dict[str, Any]]:
        """The records without their attributes."""
        found = self.query(soql)["records"]
        return [{key: value for key, value in each.items() if key != "attributes"} for each in found]

    def make(self, entity: str, **fields: Any) -> str:
        with self.world.store.transaction(self.world.org.sales_id) as tx:
            return tx.create(entity, fields)

    def row(self, record_id: str) -> Row:
        row = self.world.store.row(record_id)
        assert row is not None
        return row

    def declare(
        self, name: str, *, times: int | None = 1, match: Mapping[str, Any] | None = None, **params: Any
    ) -> None:
        self.world.faults.declare(Fault(name, times=times, match=match or {}, params=params))

    def priced(self, name: str = "Desk", price: str = "100.00") -> str:
        """The id of the standard price of a new product."""
        product = self.make("Product2", Name=name, ProductCode=name.upper(), IsActive=True)
        book = self.world.org.standard_book_id
        return self.make(
            "PricebookEntry", Product2Id=product, Pricebook2Id=book, UnitPrice=price, IsActive=True
        )

    def deal(self, name: str = "Desks", **fields: Any) -> str:
        return self.make(
            "Opportunity", **{"Name": name, "StageName": "Prospecting", "CloseDate": "2026-12-01", **fields}
        )
