"""SOAP login(), logout() and getUserInfo() for API versions up to 64; nothing else of SOAP (reference section 0.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.login.oauth import site
from sandbox.salesforce.sessions import User
from sandbox.salesforce.world import SalesforceWorld

_NEWEST = 64
_URNS = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}


def soap_routes(world: SalesforceWorld) -> list[Route]:
    async def serve(request: Request) -> Response:
        kind, version = request.path_params["kind"], request.path_params["version"]
        if kind not in _URNS:
            return _fault("sf:INVALID_OPERATION", f"SOAP API {kind!r} is not offered here; use REST")
        if not _offered(version):
            return _fault("sf:UNSUPPORTED_API_VERSION", f"login() exists up to version {_NEWEST}.0")
        try:
            envelope = _envelope_of(await request.body())
        except (ElementTree.ParseError, ValueError):
            return _fault("soapenv:Client", "The request is no SOAP envelope")
        if envelope.action == "login":
            return _login(world, request, envelope)
        return _with_session(world, kind, envelope)

    paths = ("/services/Soap/{kind}/{version}", "/services/Soap/{kind}/{version}/{org_id}")
    return [Route(path, serve, methods=["POST"]) for path in paths]


@dataclass(frozen=True)
class _Envelope:
    """What was asked (`login`), and every leaf of the request by its local name."""

    action: str
    values: Mapping[str, str]


def _login(world: SalesforceWorld, request: Request, envelope: _Envelope) -> Response:
    kind, version = request.path_params["kind"], request.path_params["version"]
    username = envelope.values.get("username", "")
    user = world.user_named(username)
    if user is None or not world.password_fits(username, envelope.values.get("password", "")):
        message = "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        return _fault("sf:INVALID_LOGIN", message)
    place = site(request)
    server = f"{place}/services/Soap/{kind}/{version}/{world.org.id[:15]}"
    return _answer(
        kind,
        f"<loginResponse><result><metadataServerUrl>{place}/services/Soap/m/{version}</metadataServerUrl>"
        f"<passwordExpired>false</passwordExpired><sandbox>false</sandbox><serverUrl>{server}</serverUrl>"
        f"<sessionId>{world.sessions.issue(user)}</sessionId><userId>{user.id}</userId>"
        f"<userInfo>{_user_info(world, user)}</userInfo></result></loginResponse>",
    )


def _with_session(world: SalesforceWorld, kind: str, envelope: _Envelope) -> Response:
    token = envelope.values.get("sessionId", "")
    user = world.sessions.user_of(token)
    if user is None:
        return _fault(
            "sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader"
        )
    if envelope.action == "logout":
        world.sessions.revoke(token)
        return _answer(kind, "<logoutResponse/>")
    if envelope.action == "getUserInfo":
        info = f"<result>{_user_info(world, user)}</result>"
        return _answer(kind, f"<getUserInfoResponse>{info}</getUserInfoResponse>")
    return _fault("sf:INVALID_OPERATION", f"{envelope.action} is not offered here; use REST")


def _user_info(world: SalesforceWorld, user: User) -> str:
    org = world.store.row(world.org.id) or {}
    facts = {
        "organizationId": world.org.id,
        "organizationName": org.get("Name", ""),
        "userEmail": user.email,
        "userFullName": user.name,
        "userId": user.id,
        "userLanguage": "en_US",
        "userLocale": "en_GB",
        "userName": user.username,
        "userTimeZone": "Europe/London",
        "userType": "Standard",
        "sessionSecondsValid": f"{world.settings.session_seconds:.0f}",
    }
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in facts.items())


def _envelope_of(content: bytes) -> _Envelope:
    # A document type could make entities grow without end; an envelope never has one.
    if b"<!DOCTYPE" in content:
        raise ValueError("an envelope has no document type")
    root = ElementTree.fromstring(content)  # noqa: S314  document types are refused above
    body = next((child for child in root if _local(child.tag) == "Body"), None)
    if body is None or len(body) == 0:
        raise ValueError("an envelope has a body")
    values = {_local(each.tag): (each.text or "").strip() for each in root.iter() if len(each) == 0}
    return _Envelope(_local(body[0].tag), values)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _offered(version: str) -> bool:
    number = version.partition(".")[0]
    return number.isdecimal() and len(number) <= 3 and int(number) <= _NEWEST


def _answer(kind: str, content: str) -> Response:
    return _xml(200, f'xmlns="{_URNS[kind]}"', content)


def _fault(code: str, message: str) -> Response:
    text, bare = escape(message), escape(code.partition(":")[2])
    detail = f"<detail><sf:fault><sf:exceptionCode>{bare}</sf:exceptionCode><sf:exceptionMessage>{text}</sf:exceptionMessage></sf:fault></detail>"
    content = f"<soapenv:Fault><faultcode>{escape(code)}</faultcode><faultstring>{text}</faultstring>{detail}</soapenv:Fault>"
    return _xml(500, 'xmlns:sf="urn:fault.partner.soap.sforce.com"', content)


def _xml(status: int, namespaces: str, content: str) -> Response:
    envelope = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {namespaces}>'
        f"<soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(envelope, status_code=status, media_type="text/xml;charset=UTF-8")
