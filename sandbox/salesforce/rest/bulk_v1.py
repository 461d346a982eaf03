"""Bulk API 1.0, which is not offered: its clients are told so in the shape they read. Bulk API 2.0 is bulk.py."""

from __future__ import annotations

from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.jsontext import json_bytes

_CODE = "FeatureNotEnabled"
_MESSAGE = "Bulk API 1.0 is not offered here; use Bulk API 2.0, /services/data/vNN.N/jobs"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def bulk_v1_routes() -> list[Route]:
    return [Route("/services/async/{rest:path}", _not_offered, methods=_METHODS)]


async def _not_offered(request: Request) -> Response:
    if "json" in request.headers.get("content-type", ""):
        body = json_bytes({"exceptionCode": _CODE, "exceptionMessage": _MESSAGE})
        return Response(body, 400, media_type="application/json;charset=UTF-8")
    said = f"<exceptionCode>{_CODE}</exceptionCode><exceptionMessage>{escape(_MESSAGE)}</exceptionMessage>"
    xml = f'<?xml version="1.0" encoding="UTF-8"?><error xmlns="http://www.force.com/2009/06/asyncapi/dataload">{said}</error>'
    return Response(xml, 400, media_type="application/xml;charset=UTF-8")
