"""The session token: two-step login and logout (reference kashflow.md section 1)."""

from __future__ import annotations

from sandbox.kashflow.endpoint import NO_CONTENT, Call, Reply
from sandbox.kashflow.forms import Form, parts, texts, wholes
from sandbox.kashflow.problems import Problem, locked_out
from sandbox.kashflow.routes.table import Rest
from sandbox.kashflow.values import Row

_STEP_1 = Form(texts("UserName", "Password"))
_STEP_2 = Form(texts("TemporaryToken"), parts("MemorableWordList", Form(wholes("Position"), texts("Value"))))


def begin(call: Call) -> Reply:
    if call.strikes("account_locked") is not None:
        raise locked_out(400)
    if call.strikes("password_expired") is not None:
        raise Problem(400, "PasswordExpired", "The password has expired. Change it in the web app.")
    given = _STEP_1.read(call.body())
    token, positions = call.world.sessions.begin(given["UserName"], given["Password"])
    asked = [{"Position": position, "Value": ""} for position in positions]
    return Reply({"TemporaryToken": token, "MemorableWordList": asked} | _account(call), 201)


def finish(call: Call) -> Reply:
    given = _STEP_2.read(call.body())
    characters = {entry["Position"]: entry["Value"] for entry in given["MemorableWordList"]}
    token = call.world.sessions.finish(given["TemporaryToken"], characters)
    company = {"CompanyName": call.world.office.company, "IsAdmin": True, "StartPageUrl": "/"}
    return Reply({"SessionToken": token} | company | _account(call))


def end(call: Call) -> Reply:
    """Both spellings: the documentation names the session by header, the Swagger by path."""
    named = call.keys.get("token") or call.world.sessions.use(call.authorization)
    call.world.sessions.end(named)
    return NO_CONTENT


def _account(call: Call) -> Row:
    return {
        "HasTemporaryPassword": False,
        "SubscriptionExpired": False,
        "SubscriptionExpiryDate": call.world.around.today().replace(month=12, day=31),
        "PackageName": "Business",
        "PartnerId": 0,
        "PartnerBrandingOptOut": False,
        "IsLockedOut": False,
        "Disabled": False,
    }


ROUTES = [
    Rest("POST", "/sessiontoken", begin),
    Rest("PUT", "/sessiontoken", finish),
    Rest("DELETE", "/sessiontoken", end),
    Rest("DELETE", "/sessiontoken/{token}", end),
]
