"""Where secrets and customers must not show: Redis, logs, pages, reports, the list of processes."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import redis

from tests.support.installation import DELIVERED_WITHIN, STARTED_WITHIN, Installation, eventually

BUYER, DEAL, AMOUNT = "Quillmark Print LLP", "Presses for the annexe", "7654.32"
#: However it is written: 7654.32, 7,654.32, its VAT and its gross.
AMOUNTS = ("7654.32", "7,654.32", "1530.86", "9185.18")
PERSONAL = (BUYER, "Quillmark", DEAL, *AMOUNTS)


def win_a_telling_deal(installation: Installation) -> str:
    deal = installation.deal(installation.account(BUYER), AMOUNT, Name=DEAL)
    installation.win(deal)
    return deal


def secrets_of(installation: Installation) -> list[str]:
    """All that opens something: of the settings, made by the installation itself, or given out by both systems."""
    chosen = ("salesforce_client_secret", "kashflow_password", "kashflow_memorable_word")
    state = Path(installation.settings["state_dir"])
    redis_password = (state / "redis.url").read_text().partition("redis://:")[2].partition("@")[0]
    session = installation.sandbox.announcement()["salesforce"]["access_token"].partition("!")[0] + "!"
    made = [redis_password, (state / "console-password").read_text().strip(), session, "KfToken "]
    found = [*(installation.settings[name] for name in chosen), *made]
    assert all(len(secret) > 7 for secret in found)
    return found


def everything_in(client: redis.Redis) -> str:
    """Every key and value of a Redis as text, the bodies of messages decoded."""
    return "\n".join(text for key in map(_text, client.keys("*")) for text in (key, *_values(client, key)))


def _values(client: redis.Redis, key: str) -> Iterator[str]:
    match _text(client.type(key)):
        case "list":
            for item in map(_text, client.lrange(key, 0, -1)):
                yield item
                yield base64.b64decode(json.loads(item)["body"]).decode()
        case "set":
            yield str(client.smembers(key))
        case "hash":
            yield str(client.hgetall(key))
        case "zset":
            yield str(client.zrange(key, 0, -1))
        case "string":
            yield str(client.get(key))
        case "none":
            pass  # it has gone since it was listed: a lease that was given back
        case other:
            raise AssertionError(f"{key} is a {other}, which nobody has looked into")


def _text(answer: bytes | str) -> str:
    return answer.decode() if isinstance(answer, bytes) else answer


def test_redis_carries_ids_and_routing_only(valkey_url: str, installation: Installation) -> None:
    installation.settings["redis_url"] = valkey_url
    installation.make_ledger()
    installation.start("beat")
    installation.listening_stream()
    with redis.Redis.from_url(valkey_url) as client:
        deal = win_a_telling_deal(installation)
        eventually(lambda: client.llen("kashflow.invoice"), STARTED_WITHIN, "a message waits to be read")
        eventually(lambda: client.llen("kashforce.sweep"), STARTED_WITHIN, "the sweeper was woken")
        full = everything_in(client)
        installation.start("worker")
        installation.show_their_numbers(deal)
        afterwards = everything_in(client)

    (delivery, *_) = installation.deliveries(deal)
    assert f'["kashflow.invoice", [{delivery.id}' in full
    assert "budget:{kashflow}" in afterwards
    secrets = [installation.settings[name] for name in ("kashflow_password", "kashflow_memorable_word")]
    for text in (full, afterwards):
        assert [told for told in (*PERSONAL, *secrets) if told in text] == []


def test_no_secret_shows_in_processes_logs_pages_or_reports(installation: Installation) -> None:
    up = installation.start("up", log_level="debug", log_format="json").has_printed("subscribed")
    deal = win_a_telling_deal(installation)
    installation.show_their_numbers(deal)
    operator = httpx.BasicAuth(
        "operator", (Path(installation.settings["state_dir"]) / "console-password").read_text().strip()
    )
    flower, web = (f"http://127.0.0.1:{installation.settings[port]}" for port in ("flower_port", "web_port"))

    def page(url: str) -> str:
        answer = httpx.get(url, auth=operator, timeout=30, trust_env=False)
        assert answer.is_success, url
        return answer.text

    def flower_shows_batches() -> bool:
        try:
            return "kashforce.run" in page(f"{flower}/api/tasks")
        except httpx.ConnectError:
            return False  # it does not listen yet

    eventually(flower_shows_batches, DELIVERED_WITHIN, "Flower shows the batches")
    reports = [installation.run(name, "--json") for name in ("status", "doctor")]
    shown = {
        "the list of processes": "\n".join(installation.processes().values()),
        "Flower": "".join(
            page(f"{flower}/{path}")
            for path in ("api/workers?refresh=1", "api/tasks", "workers", "tasks", "broker")
        ),
        "the status page": "".join(page(f"{web}/{path}") for path in ("", "api/status", "metrics")),
        "reports": "".join(report.out + report.err for report in reports),
    }
    assert up.end() == 0
    shown["the log"] = up.printed

    for place, text in shown.items():
        assert text, place
        assert [told for told in (*secrets_of(installation), *PERSONAL) if told in text] == [], place
