"""Several requests in one: Composite, Composite Graph and Composite Batch (reference section 3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.rest.call import Call, Reply, refusal
from sandbox.salesforce.rest.references import filled
from sandbox.salesforce.rest.subcall import subcall
from sandbox.salesforce.world import SalesforceWorld

#: Carries out one request; handed in, because a request may be a Composite again and the router knows them all.
Dispatch = Callable[[SalesforceWorld, Call], Reply]

_MOST = 25
_MOST_BULKY = 5
_MOST_NODES = 500
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_BULKY = re.compile(r"/(query|queryAll|composite/sobjects)\b", re.IGNORECASE)
_FORBIDDEN_HEADERS = frozenset({"accept", "authorization", "content-type"})
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


class _RolledBackError(Exception):
    """Ends the transaction of an all-or-none request; its answers are told all the same."""


def composite(world: SalesforceWorld, call: Call, dispatch: Dispatch) -> Reply:
    body = call.json_object()
    requests = _requests(body)
    if len(requests) > _MOST:
        raise ApiError("EXCEEDED_MAX_COMPOSITE_REQUESTS", f"at most {_MOST} subrequests in one call")
    if sum(bool(_BULKY.search(str(each.get("url", "")))) for each in requests) > _MOST_BULKY:
        raise ApiError("LIMIT_EXCEEDED", f"at most {_MOST_BULKY} queries and collections in one call")
    answers, _ = _play(world, call, requests, dispatch, all_or_none=body.get("allOrNone") is True)
    return Reply(200, {"compositeResponse": answers})


def graph(world: SalesforceWorld, call: Call, dispatch: Dispatch) -> Reply:
    """Each graph is all or nothing, and they do not know each other."""
    graphs = call.json_object().get("graphs")
    if not isinstance(graphs, list) or not graphs:
        raise ApiError("MISSING_ARGUMENT", "graphs is needed: a list of graphs")
    played = [(each, _requests(each)) for each in graphs]
    if sum(len(requests) for _, requests in played) > _MOST_NODES:
        raise ApiError("LIMIT_EXCEEDED", f"at most {_MOST_NODES} nodes in one call")
    results = []
    for each, requests in played:
        answers, fine = _play(world, call, requests, dispatch, all_or_none=True)
        response = {"compositeResponse": answers}
        results.append({"graphId": each.get("graphId"), "graphResponse": response, "isSuccessful": fine})
    return Reply(200, {"graphs": results})


def batch(world: SalesforceWorld, call: Call, dispatch: Dispatch) -> Reply:
    """Independent requests; with `haltOnError` those after a failure answer 412."""
    body = call.json_object()
    requests = body.get("batchRequests")
    if not isinstance(requests, list) or not 0 < len(requests) <= _MOST:
        raise ApiError("MISSING_ARGUMENT", f"batchRequests is needed: a list of 1 to {_MOST} requests")
    results: list[dict[str, Any]] = []
    failed = False
    for request in requests:
        if failed and body.get("haltOnError") is True:
            halted = ApiError(
                "BATCH_PROCESSING_HALTED", "Batch processing halted by an earlier failure", status=412
            )
            results.append({"statusCode": 412, "result": [halted.single()]})
            continue
        reply = _batched(world, call, request, dispatch)
        failed = failed or reply.status >= 400
        results.append({"statusCode": reply.status, "result": reply.body})
    return Reply(200, {"hasErrors": failed, "results": results})


def _batched(world: SalesforceWorld, call: Call, request: Any, dispatch: Dispatch) -> Reply:
    try:
        url = f"/services/data/{str(request['url']).lstrip('/').removeprefix('services/data/')}"
        return dispatch(world, subcall(call, str(request["method"]), url, request.get("richInput")))
    except (KeyError, TypeError, AttributeError):
        return refusal(ApiError("MISSING_ARGUMENT", "each request needs method and url"))
    except ApiError as error:
        return refusal(error)


def _requests(body: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The subrequests, each with what it needs; an illegal referenceId fails the whole request."""
    requests = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(requests, list) or not requests:
        raise ApiError("MISSING_ARGUMENT", "compositeRequest is needed: a list of requests")
    seen: set[str] = set()
    for each in requests:
        reference = each.get("referenceId") if isinstance(each, dict) else None
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            message = "Provided referenceId must start with a letter or a number, and hold letters, numbers and _ only"
            raise ApiError("JSON_PARSER_ERROR", f"{message}: {reference!r}")
        if reference in seen:
            raise ApiError("JSON_PARSER_ERROR", f"referenceId {reference!r} is used twice")
        if not isinstance(each.get("method"), str) or not isinstance(each.get("url"), str):
            raise ApiError("JSON_PARSER_ERROR", f"subrequest {reference!r} needs method and url")
        if not isinstance(each.get("httpHeaders") or {}, dict):
            raise ApiError(
                "JSON_PARSER_ERROR", f"the httpHeaders of subrequest {reference!r} must be an object"
            )
        seen.add(reference)
    return requests


def _play(
    world: SalesforceWorld,
    call: Call,
    requests: Sequence[dict[str, Any]],
    dispatch: Dispatch,
    *,
    all_or_none: bool,
) -> tuple[list[dict[str, Any]], bool]:
    """The answers in order and whether all is well. Without all-or-none each request is its own transaction."""
    if not all_or_none:
        replies = _replies(world, call, requests, dispatch)
        return [_answer(each, reply) for each, reply in zip(requests, replies, strict=True)], True
    replies = []
    try:
        with world.store.transaction(call.user.id, call.origin(names_client=False)):
            replies = _replies(world, call, requests, dispatch)
            if any(reply.status >= 400 for reply in replies):
                raise _RolledBackError
    except _RolledBackError:
        halted = refusal(ApiError("PROCESSING_HALTED", _HALTED))
        replies = [reply if reply.status >= 400 else halted for reply in replies]
        return [_answer(each, reply) for each, reply in zip(requests, replies, strict=True)], False
    return [_answer(each, reply) for each, reply in zip(requests, replies, strict=True)], True


def _replies(
    world: SalesforceWorld, call: Call, requests: Sequence[dict[str, Any]], dispatch: Dispatch
) -> list[Reply]:
    results: dict[str, Any] = {}
    replies = []
    for request in requests:
        reply = _reply(world, call, request, results, dispatch)
        if reply.status < 400:
            results[request["referenceId"]] = reply.body
        replies.append(reply)
    return replies


def _reply(
    world: SalesforceWorld,
    call: Call,
    request: Mapping[str, Any],
    results: Mapping[str, Any],
    dispatch: Dispatch,
) -> Reply:
    headers = request.get("httpHeaders") or {}
    try:
        forbidden = [name for name in headers if name.lower() in _FORBIDDEN_HEADERS]
        if forbidden:
            raise ApiError("INVALID_HEADER", f"not allowed in a subrequest: {', '.join(forbidden)}")
        url, body = filled(request["url"], results), filled(request.get("body"), results)
        return dispatch(world, subcall(call, request["method"], str(url), body, headers))
    except ApiError as error:
        return refusal(error)


def _answer(request: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    return {
        "body": reply.body,
        "httpHeaders": reply.headers,
        "httpStatusCode": reply.status,
        "referenceId": request["referenceId"],
    }
