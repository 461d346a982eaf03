"""Requests that nobody means: the small Salesforce refuses them or carries them out, but it never breaks."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any
from urllib.parse import quote

from sandbox.salesforce.app import create_app
from sandbox.salesforce.jsontext import json_text
from sandbox.salesforce.rest.router import ROUTES
from sandbox.salesforce.seed import seed
from sandbox.salesforce.streaming import Timing
from sandbox.salesforce.world import SalesforceWorld, WorldSettings
from tests.support.random_requests import Call, Chance, Words, answers
from tests.support.salesforce_org import TestOrg

REQUESTS = 5000
DATA = "/services/data/v66.0"
_ENTITIES = ("Account", "Contact", "Opportunity", "OpportunityLineItem", "PricebookEntry", "Product2", "User")
_QUERIES = (
    "SELECT Id, Name FROM Account",
    "SELECT COUNT() FROM Opportunity WHERE Amount > 5",
    "SELECT FIELDS(ALL) FROM Account LIMIT 5",
    "SELECT StageName, SUM(Amount) s FROM Opportunity GROUP BY StageName HAVING SUM(Amount) > 1 ORDER BY SUM(Amount)",
    "SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name LIKE 'a%' AND CreatedDate = LAST_N_DAYS:9999",
    "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account) ORDER BY Account.Name NULLS LAST LIMIT 3 OFFSET 2",
    "SELECT Name FROM Account WHERE BillingCity IN ('a','b\\'c') OR (NOT AnnualRevenue >= 1e5)",
    "SELECT CALENDAR_YEAR(CloseDate) y, COUNT(Id) FROM Opportunity GROUP BY CALENDAR_YEAR(CloseDate)",
)
_SPOILS = (
    "",
    "'",
    "(",
    ")",
    ",",
    "NULL",
    "\ud800",
    "9" * 20,
    "SELECT ",
    "\\u12",
    "LIMIT",
    "*",
    "é",
    ":",
    "1e999",
)
_PARAMETERS = (
    "q fields ids allOrNone updateOnly start end locator maxRecords token access_token redirect_uri client_id "
    "grant_type assertion username"
)
_MORE_FIELDS = (
    "attributes type referenceId records allOrNone compositeRequest url method body httpHeaders channel clientId ext "
    "replay subscription FullName Metadata Account Pricebook2 id Id"
)
_JOB = {"object": "Account", "operation": "insert", "lineEnding": "LF", "contentType": "CSV"}
_MEMBER = {
    "eventChannel": "A__chn",
    "selectedEntity": "AccountChangeEvent",
    "enrichedFields": [{"name": "Name"}],
}
_BAYEUX = (
    [{"channel": "/meta/handshake", "version": "1.0", "id": "1", "ext": {"replay": True}}],
    {"channel": "/meta/connect", "clientId": "x", "connectionType": "long-polling"},
    [{"channel": "/meta/subscribe", "clientId": "x", "subscription": "/data/ChangeEvents", "ext": {"replay": {"/x": -2}}}],
    [{"channel": "/meta/disconnect", "clientId": "x"}, {"channel": "/foo", "data": {}}],
)  # fmt: skip
_ELSEWHERE = (
    *("POST /services/oauth2/token", "POST /services/oauth2/revoke", "POST /services/oauth2/introspect"),
    *(
        "GET /services/oauth2/userinfo",
        "GET /services/oauth2/authorize",
        "GET /id/{}/{}",
        "GET /services/data",
    ),
    *("GET /services/data/v{}/{}", "POST /services/Soap/u/{}", "POST /services/async/59.0/job", "GET /{}"),
)


def _subrequest(method: str, path: str, reference: str, body: Any = None) -> dict[str, Any]:
    return {"method": method, "url": f"{DATA}/{path}", "referenceId": reference, "body": body}


_COMPOSITE = [
    _subrequest("POST", "sobjects/Account", "r1", {"Name": "x"}),
    _subrequest("GET", "sobjects/Account/@{r1.id}", "r2"),
    _subrequest("GET", "query?q=SELECT+Id+FROM+Account", "r3"),
]
#: What the calls below this path are meant to be sent.
_BODIES: dict[str, list[Any]] = {
    "composite/graph": [{"graphs": [{"graphId": "1", "compositeRequest": _COMPOSITE}]}],
    "composite/batch": [{"batchRequests": [{"method": "GET", "url": "v66.0/limits"}], "haltOnError": True}],
    "composite/tree": [
        {
            "records": [
                {
                    "attributes": {"type": "Account", "referenceId": "a"},
                    "Name": "x",
                    "Contacts": {"records": []},
                }
            ]
        }
    ],
    "composite": [{"allOrNone": flag, "compositeRequest": _COMPOSITE} for flag in (True, False)],
    "jobs/query": [{"operation": "query", "query": query} for query in _QUERIES],
    "jobs/ingest": [_JOB, _JOB | {"operation": "delete"}, {"state": "UploadComplete"}, {"state": "Aborted"}],
    "tooling": [
        *(
            {
                "FullName": f"Account.{kind}__c",
                "Metadata": {"label": "x", "type": kind, "length": 9, "precision": 9},
            }
            for kind in ("Text", "Number", "Lookup", "Picklist", "Checkbox")
        ),
        {"FullName": "A__chn", "Metadata": {"channelType": "data", "label": "x"}},
        {"FullName": "A_chn_AccountChangeEvent", "Metadata": _MEMBER},
    ],
}


def _words(org: TestOrg, rng: random.Random) -> Words:
    world = org.world
    records = {entity: _records(world, entity) for entity in _ENTITIES}
    fields = {name for entity in _ENTITIES for name in world.schema.entity(entity).fields}
    return Words(
        calls=[*_data_calls(records), *_query_calls(rng), *(Call(*place.split()) for place in _ELSEWHERE)]
        + [Call("POST", "/cometd/66.0", _BAYEUX)] * 12,
        keys=[row["Id"] for entity in _ENTITIES for row in world.store.rows(entity)]
        + ["ExternalID__c", "Id", "Name"],
        parameters=_PARAMETERS.split(),
        fields=sorted(fields.union(_MORE_FIELDS.split())),
        texts=[
            *_ENTITIES,
            *_QUERIES,
            "2026-01-01T00:00:00Z",
            "66.0",
            "Id,Name",
            "Closed Won",
            "/data/ChangeEvents",
        ],
        authorization=f"Bearer {world.sessions.issue(org.user)}",
    )


def _data_calls(records: dict[str, list[Any]]) -> list[Call]:
    """Every call of the data API with a made-up object, and with some that there are."""
    calls = []
    for method, parts, _ in ROUTES:
        for entity in ("{}", *(_ENTITIES if "{entity}" in parts else ())):
            known = {"{entity}": entity, "{field}": "ExternalID__c"}
            path = "/".join(known.get(part, "{}" if part.startswith("{") else part) for part in parts)
            calls.append(Call(method, f"{DATA}/{path}", _bodies(path, records.get(entity, []), records)))
    return calls


def _bodies(path: str, own: list[Any], records: dict[str, list[Any]]) -> list[Any]:
    typed = [row | {"attributes": {"type": entity}} for entity, rows in records.items() for row in rows]
    if path.startswith("composite/sobjects"):
        several = [{"allOrNone": flag, "records": typed[:4]} for flag in (True, False)]
        return [*several, {"ids": ["001000000000001AAA"], "fields": ["Id", "Name"]}]
    return next((bodies for place, bodies in _BODIES.items() if path.startswith(place)), own or typed)


def _records(world: SalesforceWorld, entity: str) -> list[Any]:
    """Some rows as a client would write them."""
    fields = world.schema.entity(entity).fields
    rows = [
        {name: value for name, value in row.items() if value is not None and fields[name].createable}
        for row in world.store.rows(entity)[:4]
    ]
    written: list[Any] = json.loads(json_text(rows))
    return written


def _query_calls(rng: random.Random) -> list[Call]:
    return [Call("GET", f"{DATA}/query?q={quote(_spoilt(rng), errors='replace')}") for _ in range(150)]


def _spoilt(rng: random.Random) -> str:
    letters = list(rng.choice(_QUERIES))
    for _ in range(rng.randint(0, 3)):
        place = rng.randrange(len(letters))
        letters[place : place + rng.randint(0, 4)] = rng.choice(_SPOILS)
    return "".join(letters)


def test_no_request_breaks_it() -> None:
    # Nobody waits in a long poll here, and the day's allowance has no end.
    settings = WorldSettings(streaming_timing=Timing(park_seconds=0), daily_api_requests=10**9)
    org = TestOrg(settings=settings)
    seed(org.world)
    chance = Chance(_words(org, random.Random(3)), seed=26)

    became = answers(create_app(org.world), [chance.request() for _ in range(REQUESTS)])

    # A SOAP fault is an HTTP 500 by the rules of SOAP.
    assert [odd for odd, status in became if status >= 500 and "/soap/" not in odd.target.lower()] == []
    statuses = Counter(status for _, status in became)
    assert min(statuses[status] for status in (200, 201, 400, 404, 405)) > 0
