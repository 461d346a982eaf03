"""Checks of what is on our own side: settings, mapping files, the ledger, Redis."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.kashflow.address import checked_base_url
from connectors.salesforce.streaming.endpoint import salesforce_path
from console.operations.bench import Bench
from console.operations.findings import Finding, failed, ok, warning
from console.settings import BadSettings
from ledger import schema
from ledger.database import open_engine


def salesforce_settings(bench: Bench) -> Iterator[Finding]:
    """Enough to log in, and nothing impossible. Raises BadSettings."""
    title, house = "Salesforce settings", bench.house
    settings = house.settings
    settings.require_salesforce()
    try:
        salesforce_path(settings.salesforce_api_version)
        _ = house.tokens
    except ValueError as error:
        yield failed(title, str(error), "correct the setting")
        return
    if settings.uses_fixed_token:
        yield warning(
            title,
            f"{settings.salesforce_url}, with an access token that nobody renews",
            "for lasting use set KASHFORCE_SALESFORCE_CLIENT_ID and _CLIENT_SECRET instead",
        )
        return
    how = "JWT bearer" if settings.salesforce_private_key_file else "client credentials"
    yield ok(title, f"{settings.salesforce_url}, by {how}")


def kashflow_settings(bench: Bench) -> Iterator[Finding]:
    """Enough to log in, and an address that may be used. Raises BadSettings."""
    title, settings = "KashFlow settings", bench.house.settings
    settings.require_kashflow()
    try:
        url = checked_base_url(settings.kashflow_url)
    except ValueError as error:
        yield failed(title, str(error), "correct the setting")
        return
    yield ok(title, f"{url}, as {settings.kashflow_username}")


def mappings(bench: Bench) -> Iterator[Finding]:
    """Every mapping file works. Raises BookRefused with all that is wrong."""
    house = bench.house
    where = (
        f"with the files of {house.settings.mappings_dir}" if house.settings.mappings_dir else "as packaged"
    )
    yield ok("mappings", f"{len(house.book.flows)} flows {where}: {', '.join(house.queues)}")


def ledger(bench: Bench) -> Iterator[Finding]:
    """There is one, and its schema is this program's."""
    title, url = "ledger", bench.house.settings.ledger
    engine = open_engine(url)
    try:
        schema.check(engine)
    except schema.NoLedgerYet as error:
        found, _, remedy = str(error).partition(": ")
        yield warning(title, found, remedy)
        return
    finally:
        engine.dispose()
    yield ok(title, f"{engine.dialect.name}, schema version {schema.wanted_version()}")


def redis(bench: Bench) -> Iterator[Finding]:
    """INFO tells all we need, also where a hosted Redis forbids CONFIG."""
    try:
        info = bench.house.redis.info()
    except BadSettings:
        yield warning(
            "Redis",
            "none is set, and none of our own is running",
            "'kashforce up' brings its own; for single processes set KASHFORCE_REDIS_URL",
        )
        return
    except ValueError:  # redis-py's text quotes the address, and with it the password
        yield failed(
            "Redis",
            "KASHFORCE_REDIS_URL is no address of a Redis",
            "write it as redis://:password@host:6379/0",
        )
        return
    name = str(info.get("server_name", "redis"))
    version = info.get(f"{name}_version", info.get("redis_version", "of unknown version"))
    yield ok("Redis", f"{name} {version} answers")
    policy = info.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        yield warning(
            "Redis memory",
            f"maxmemory-policy is {policy}: a full Redis would throw messages and budgets away",
            "set maxmemory-policy noeviction",
        )
    if not info.get("aof_enabled"):
        yield warning(
            "Redis on disk",
            "appendonly is off: a restarted Redis comes back empty; no delivery is lost, but all wait for the sweeper",
            "set appendonly yes",
        )
