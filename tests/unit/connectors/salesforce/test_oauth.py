"""Logging in: grants, one login for many threads, rest after a failure, secrets kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import (
    AnswerLost,
    ConnectorError,
    LoginFailed,
    LoginPaused,
    QuotaSpent,
    Unreachable,
    Unreadable,
)
from connectors.salesforce.errors import LOGIN_MEANINGS
from connectors.salesforce.grants import audience_of
from connectors.salesforce.oauth import TokenProvider, client_credentials, fixed_token, jwt_bearer
from tests.support.salesforce_wire import ORG_ID, USER_ID, Answer, ScriptedSalesforce

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def app(salesforce: ScriptedSalesforce, clock: Clock | None = None) -> TokenProvider:
    return client_credentials(salesforce.url, "app", "s3cret", timeout_seconds=5, clock=clock or Clock())


def refused(error: str, description: str = "", status: int = 400) -> Answer:
    return Answer(status, {"error": error, "error_description": description})


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    path = tmp_path / "server.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


def test_the_first_use_logs_in_and_later_ones_keep_the_token(salesforce: ScriptedSalesforce) -> None:
    tokens = app(salesforce)
    assert salesforce.logins == []

    token = tokens.current()

    assert (token.access_token, token.instance_url) == ("token-1", salesforce.url)
    assert (token.org_id, token.user_id) == (ORG_ID, USER_ID)
    assert tokens.current() is token
    (login,) = salesforce.logins
    assert login.form == {"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cret"}


def test_a_login_answer_without_identity_still_gives_a_token(salesforce: ScriptedSalesforce) -> None:
    salesforce.will_answer_logins(Answer(body={"access_token": "t", "instance_url": salesforce.url}))
    token = app(salesforce).current()
    assert (token.access_token, token.user_id, token.org_id) == ("t", "", "")


def test_sixteen_threads_with_one_rejected_token_log_in_once(salesforce: ScriptedSalesforce) -> None:
    tokens = app(salesforce)
    rejected = tokens.current().access_token
    together = threading.Barrier(16)

    def renew() -> str:
        together.wait()
        return tokens.renew(rejected).access_token

    with ThreadPoolExecutor(16) as pool:
        renewed = [job.result() for job in [pool.submit(renew) for _ in range(16)]]

    assert set(renewed) == {"token-2"}
    assert len(salesforce.logins) == 2


def test_renewing_a_token_that_was_replaced_already_costs_no_call(salesforce: ScriptedSalesforce) -> None:
    tokens = app(salesforce)
    old = tokens.current().access_token
    new = tokens.renew(old)
    assert tokens.renew(old) is new
    assert len(salesforce.logins) == 2


class TestRestAfterAFailedLogin:
    def test_a_wrong_secret_is_tried_once_and_then_not_for_a_minute(
        self, salesforce: ScriptedSalesforce
    ) -> None:
        clock = Clock()
        tokens = app(salesforce, clock)
        salesforce.will_answer_logins(refused("invalid_client", "invalid client credentials", 401))
        with pytest.raises(LoginFailed, match="invalid client credentials"):
            tokens.current()

        for _ in range(100):
            with pytest.raises(LoginPaused, match="another 60 s"):
                tokens.current()
        assert len(salesforce.logins) == 1

        clock.pass_seconds(61)
        assert tokens.current().access_token == "token-2"

    def test_each_failure_doubles_the_rest_up_to_ten_minutes(self, salesforce: ScriptedSalesforce) -> None:
        clock = Clock()
        tokens = app(salesforce, clock)
        rests = []
        for _ in range(6):
            salesforce.will_answer_logins(refused("invalid_grant", "authentication failure"))
            with pytest.raises(LoginFailed):
                tokens.current()
            with pytest.raises(LoginPaused) as paused:
                tokens.current()
            rests.append(paused.value.retry_after_seconds)
            clock.pass_seconds(paused.value.retry_after_seconds or 0)
        assert rests == [60, 120, 240, 480, 600, 600]

    def test_a_login_that_works_ends_the_count(self, salesforce: ScriptedSalesforce) -> None:
        clock = Clock()
        tokens = app(salesforce, clock)
        salesforce.will_answer_logins(refused("invalid_grant"))
        with pytest.raises(LoginFailed):
            tokens.current()
        clock.pass_seconds(60)
        working = tokens.current().access_token
        salesforce.will_answer_logins(refused("invalid_grant"))
        with pytest.raises(LoginFailed):
            tokens.renew(working)
        with pytest.raises(LoginPaused) as paused:
            tokens.current()
        assert paused.value.retry_after_seconds == 60

    def test_a_network_failure_rests_for_seconds_only(self) -> None:
        tokens = client_credentials("http://127.0.0.1:9", "app", "s3cret", timeout_seconds=5, clock=Clock())
        with pytest.raises(Unreachable, match="check SALESFORCE_URL"):
            tokens.current()
        with pytest.raises(LoginPaused) as paused:
            tokens.current()
        assert paused.value.retry_after_seconds == 5

    def test_a_spent_login_rate_rests_as_long_as_it_takes(self, salesforce: ScriptedSalesforce) -> None:
        tokens = app(salesforce)
        salesforce.will_answer_logins(refused("rate_limit_exceeded", "login rate exceeded"))
        with pytest.raises(QuotaSpent):
            tokens.current()
        with pytest.raises(LoginPaused) as paused:
            tokens.current()
        assert paused.value.retry_after_seconds == 600

    def test_a_fresh_token_that_is_refused_counts_as_a_failed_login(
        self, salesforce: ScriptedSalesforce
    ) -> None:
        tokens = app(salesforce)
        fresh = tokens.renew(tokens.current().access_token)
        tokens.distrust(fresh.access_token)
        with pytest.raises(LoginPaused, match="refuses the token it just issued"):
            tokens.current()

    def test_distrust_in_a_token_that_was_replaced_meanwhile_means_nothing(
        self, salesforce: ScriptedSalesforce
    ) -> None:
        tokens = app(salesforce)
        old = tokens.current().access_token
        new = tokens.renew(old)
        tokens.distrust(old)
        assert tokens.current() is new


class TestAnswersOfTheTokenEndpoint:
    @pytest.mark.parametrize("code", sorted(LOGIN_MEANINGS))
    def test_every_documented_error_has_its_class_and_code(
        self, salesforce: ScriptedSalesforce, code: str
    ) -> None:
        salesforce.will_answer_logins(refused(code, "why"))
        with pytest.raises(QuotaSpent if code == "rate_limit_exceeded" else LoginFailed) as error:
            app(salesforce).current()
        assert error.value.code == code

    def test_the_login_rate_is_recognised_by_its_description_too(
        self, salesforce: ScriptedSalesforce
    ) -> None:
        salesforce.will_answer_logins(refused("invalid_grant", "login rate exceeded"))
        with pytest.raises(QuotaSpent):
            app(salesforce).current()

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (Answer(503, b"<html>down</html>"), AnswerLost),
            (Answer(200, b"<html>hello</html>"), AnswerLost),
            (Answer(404, b"<html>what?</html>"), LoginFailed),
            (Answer(200, {"access_token": "t"}), Unreadable),
            (Answer(200, {"access_token": 5, "instance_url": "https://x.my.salesforce.com"}), Unreadable),
            (Answer(200, {"access_token": "t", "instance_url": "http://evil.example.com"}), Unreadable),
            (Answer(hang_up=True), AnswerLost),
        ],
    )
    def test_any_other_answer_is_an_error_of_ours(
        self, salesforce: ScriptedSalesforce, answer: Answer, kind: type[ConnectorError]
    ) -> None:
        salesforce.will_answer_logins(answer)
        with pytest.raises(kind) as error:
            app(salesforce).current()
        assert not error.value.may_have_happened

    def test_no_secret_shows_in_errors_or_reprs(self, salesforce: ScriptedSalesforce) -> None:
        salesforce.will_answer_logins(refused("invalid_client", "the secret s3cret is wrong"))
        tokens = app(salesforce)
        with pytest.raises(LoginFailed) as error:
            tokens.current()
        assert "s3cret" not in f"{error.value!s} {error.value!r} {tokens!r} {tokens._grant!r}"
        salesforce.will_answer_logins(salesforce.token_answer("00D!opaque"))
        assert "opaque" not in repr(app(salesforce).current())


class TestJwtBearer:
    def provider(self, url: str, key_file: Path, clock: Clock) -> TokenProvider:
        return jwt_bearer(url, "consumer", "sync@example.com", key_file, timeout_seconds=5, clock=clock)

    def test_the_assertion_says_who_for_whom_and_for_three_minutes(
        self, salesforce: ScriptedSalesforce, key: rsa.RSAPrivateKey, key_file: Path
    ) -> None:
        self.provider(salesforce.url, key_file, Clock()).current()

        (login,) = salesforce.logins
        assert login.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        claims = jwt.decode(
            login.form["assertion"],
            key.public_key(),
            algorithms=["RS256"],
            audience=salesforce.url,
            options={"verify_exp": False},
        )
        assert claims == {
            "iss": "consumer",
            "sub": "sync@example.com",
            "aud": salesforce.url,
            "exp": int(NOON.timestamp()) + 180,
        }

    def test_a_wrong_clock_of_ours_is_made_up_for_once_by_theirs(
        self, salesforce: ScriptedSalesforce, key_file: Path
    ) -> None:
        theirs = NOON + timedelta(hours=1)
        date = {"Date": format_datetime(theirs, usegmt=True)}
        body = {"error": "invalid_grant", "error_description": "invalid assertion"}
        salesforce.will_answer_logins(Answer(400, body, date))

        assert self.provider(salesforce.url, key_file, Clock()).current().access_token == "token-2"

        ends = jwt.decode(salesforce.logins[1].form["assertion"], options={"verify_signature": False})["exp"]
        assert ends == int(theirs.timestamp()) + 180

    def test_a_refusal_with_the_same_clock_is_not_repeated(
        self, salesforce: ScriptedSalesforce, key_file: Path
    ) -> None:
        date = {"Date": format_datetime(NOON + timedelta(seconds=20), usegmt=True)}
        body = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
        salesforce.will_answer_logins(Answer(400, body, date))
        with pytest.raises(LoginFailed, match="hasn't approved"):
            self.provider(salesforce.url, key_file, Clock()).current()
        assert len(salesforce.logins) == 1

    @pytest.mark.parametrize(
        "content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"]
    )
    def test_a_key_file_that_cannot_be_used_is_named_with_its_setting(
        self, salesforce: ScriptedSalesforce, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "absent.key"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(LoginFailed, match=r"absent\.key \(SALESFORCE_PRIVATE_KEY_FILE\)") as error:
            self.provider(salesforce.url, path, Clock()).current()
        assert "c2VjcmV0" not in str(error.value)
        assert salesforce.logins == []

    @pytest.mark.parametrize(
        ("origin", "audience"),
        [
            ("https://login.salesforce.com", "https://login.salesforce.com"),
            ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
            ("https://test.salesforce.com", "https://test.salesforce.com"),
            ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
            ("http://localhost:8080", "http://localhost:8080"),
        ],
    )
    def test_the_audience_follows_from_the_address(self, origin: str, audience: str) -> None:
        assert audience_of(origin) == audience


def test_a_fixed_token_is_used_as_it_is_and_says_when_it_has_expired(salesforce: ScriptedSalesforce) -> None:
    tokens = fixed_token(salesforce.url, "given", clock=Clock())
    assert tokens.current().access_token == "given"
    with pytest.raises(LoginFailed, match="configure a new one"):
        tokens.renew("given")
    assert salesforce.logins == []
