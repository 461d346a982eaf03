"""A scripted Salesforce and a client logged in to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.salesforce.oauth import client_credentials
from connectors.salesforce.rest import SalesforceClient
from tests.support.salesforce_wire import ScriptedSalesforce, scripted_salesforce


@pytest.fixture
def salesforce() -> Iterator[ScriptedSalesforce]:
    with scripted_salesforce() as world:
        yield world


@pytest.fixture
def client(salesforce: ScriptedSalesforce) -> Iterator[SalesforceClient]:
    tokens = client_credentials(salesforce.url, "app", "s3cret")
    with SalesforceClient(tokens, timeout_seconds=5) as connected:
        yield connected
