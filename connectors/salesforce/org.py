"""simple-salesforce as we use it: exact decimals, our errors, JSON that is what it should be. Knows no records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests
from simple_salesforce.api import Salesforce

from connectors.errors import AnswerLost, Unreadable
from connectors.salesforce import jsontext
from connectors.salesforce.errors import SYSTEM
from connectors.salesforce.transport import ORG, OrgSession

#: A record as the API gives it: field names to values, `attributes` among them; children nest.
Record = dict[str, Any]


class Org:
    """One Salesforce org at one API version. Safe to share between threads; every call raises only ConnectorError."""

    def __init__(self, session: OrgSession, *, api_version: str, client_name: str) -> None:
        """Raises ValueError for a version or a name that the headers and addresses cannot carry."""
        if not re.fullmatch(r"[1-9][0-9]+\.0", api_version):
            raise ValueError(f"SALESFORCE_API_VERSION must look like 66.0, not {api_version!r}")
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", client_name):
            raise ValueError(f"the client name must be one plain word, not {client_name!r}")
        #: Where the resources start, e.g. `/services/data/v66.0/`.
        self.root = f"/services/data/v{api_version}/"
        self._session = session
        self._library = _ExactSalesforce(
            # Both are stand-ins: OrgSession knows the true address and token at each request.
            instance_url=ORG,
            session_id="held-by-the-session",
            version=api_version,
            session=session,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )
        self._library.headers = {
            "Content-Type": "application/json",
            "Sforce-Call-Options": f"client={client_name}",
        }

    def close(self) -> None:
        self._session.close()

    def query(self, soql: str, *, include_deleted: bool) -> Record:
        """The first page."""
        return _object(self._library.query(soql, include_deleted=include_deleted))

    def query_more(self, next_records_url: str) -> Record:
        """A later page, by the path that the page before named."""
        return _object(self._library.query_more(next_records_url, identifier_is_url=True))

    def call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call a resource below `root`. The answer's dict or list; None when it is empty."""
        data = None if body is None else jsontext.encode(body)
        return self._library.restful(path, params, method, data=data, headers=dict(headers or {}))

    def get_object(self, path: str, params: dict[str, str] | None = None) -> Record:
        """GET a resource that is one JSON object."""
        return _object(self.call("GET", path, params=params))

    def exchange(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """For what is not JSON, or whose headers matter: the answer as it came. Arguments as requests takes them."""
        headers = {**self._library.headers, **kwargs.pop("headers", {})}
        return self._session.request(method, f"{ORG}{self.root}{path}", headers=headers, **kwargs)


class _ExactSalesforce(Salesforce):
    """The library, but for the way it reads JSON: it would let NaN pass, and raise its parser's own errors."""

    def parse_result_to_json(self, result: requests.Response) -> Any:
        return json_of(result)


def json_of(response: requests.Response) -> dict[str, Any] | list[Any]:
    """The JSON object or array of an answer. Raises AnswerLost when it is no JSON, Unreadable when it is neither."""
    writes = response.request.method != "GET"
    try:
        content = jsontext.decode(response.content)
    except ValueError as error:
        raise AnswerLost(
            "Salesforce answered with something that is not JSON",
            system=SYSTEM,
            status=response.status_code,
            may_have_happened=writes,
        ) from error
    if not isinstance(content, dict | list):
        raise Unreadable(
            "Salesforce answered with JSON that is neither object nor array",
            system=SYSTEM,
            status=response.status_code,
            may_have_happened=writes,
        )
    return content


def object_of(response: requests.Response) -> Record:
    """The JSON object of an answer. Raises as `json_of`, and Unreadable for an array."""
    return _object(json_of(response))


def _object(answer: Any) -> Record:
    if not isinstance(answer, dict):
        raise Unreadable("Salesforce answered with no JSON object where one was promised", system=SYSTEM)
    return answer
