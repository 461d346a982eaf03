"""What each peer's task does with one change: parsed and mapped like ours, and sent by itself with httpx."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from functools import cache

import httpx

from bench.work import event_path, mapped
from mappings.book import Book, load

#: Variables that tell a peer's processes where the broker is, and the Salesforce to write to.
REDIS, SALESFORCE = "BENCH_REDIS", "BENCH_SALESFORCE"
HEADERS = {"Authorization": "Bearer a token", "Content-Type": "application/json"}


def redis_url() -> str:
    return os.environ[REDIS]


@cache
def book() -> Book:
    return load()


@cache
def _client() -> httpx.Client:
    return httpx.Client(base_url=os.environ[SALESFORCE], headers=HEADERS)


def deliver(event: str) -> None:
    """Write one Opportunity. Raises what httpx raises."""
    _client().patch(event_path(event), content=body_of(event)).raise_for_status()


def body_of(event: str) -> str:
    """What Salesforce is sent; pence as floats, which is what most would do."""
    return json.dumps(mapped(event, book()), default=_number)


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def async_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=os.environ[SALESFORCE], headers=HEADERS)
