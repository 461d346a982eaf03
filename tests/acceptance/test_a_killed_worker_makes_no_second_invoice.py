"""Processes and servers killed at the worst moment, under load: nothing is lost, and nothing is made twice."""

from __future__ import annotations

import signal
import time

import redis

from tests.support.installation import DELIVERED_WITHIN, STARTED_WITHIN, Installation, eventually
from tests.support.postgres import PostgresServer
from tests.support.valkey import ValkeyServer

#: A standby leads at the latest so many seconds after the leader was killed.
TAKEN_OVER_WITHIN = 15.0
#: How often a worker shows Flower that it is alive.
PULSE_SECONDS = 2.0
BUYERS = tuple(
    f"{name} & {partner}" for name in ("Ash", "Birch", "Cedar") for partner in ("Reed", "Sons", "Vane")
)


def test_a_worker_killed_between_kashflows_commit_and_its_own_makes_one_invoice(
    valkey_url: str, postgres_url: str, installation: Installation
) -> None:
    installation.settings |= {"redis_url": valkey_url, "ledger_url": postgres_url}
    installation.make_ledger()
    installation.start("beat")
    doomed = installation.start("worker")
    installation.listening_stream()
    (deal,) = installation.deals("Larkfield Ceramics")
    create = {"method": "POST", "resource": "invoices"}
    installation.fault("kashflow", "slow_after_commit", match=create, seconds=DELIVERED_WITHIN)

    installation.win(deal)
    eventually(lambda: installation.invoices(deal), DELIVERED_WITHIN, "KashFlow has committed the invoice")
    doomed.kill()
    assert not installation.number_shown(deal)
    installation.start("worker")
    installation.show_their_numbers(deal)

    (invoice,) = installation.invoices(deal)
    *_, lost, found = installation.attempts(deal)
    assert (lost.ending, found.ending) == ("lease_expired", "delivered")
    assert found.note == f"found invoice {invoice['Number']}, made by an earlier attempt"
    assert installation.calls("POST", "/v2/invoices") == 0, (
        "the one held back is the only one, and not answered"
    )


def test_a_stream_killed_while_events_flow_is_replaced_by_its_standby_and_no_deal_is_missed(
    valkey_url: str, installation: Installation
) -> None:
    installation.settings["redis_url"] = valkey_url
    installation.make_ledger()
    installation.start("beat")
    installation.start("worker")
    leader = installation.listening_stream()
    standby = installation.start("stream").has_printed("standing_by")
    deals = installation.deals(*BUYERS)

    for deal in deals[:5]:
        installation.win(deal)
    leader.kill()
    for deal in deals[5:]:
        installation.win(deal)
    eventually(lambda: "leading" in standby.printed, TAKEN_OVER_WITHIN, "the standby leads")

    installation.show_their_numbers(*deals)
    heard = [[delivery.kind for delivery in installation.deliveries(deal)] for deal in deals]
    assert heard == [["created", "updated"]] * len(deals), "each event is registered once"


def test_a_valkey_that_was_killed_and_comes_back_empty_costs_nothing(installation: Installation) -> None:
    with ValkeyServer() as server:
        installation.settings["redis_url"] = server.url
        installation.make_ledger()
        installation.start("beat", supervised=True)
        all_but_invoices = "kashflow.customer,salesforce.opportunity,salesforce.account"
        installation.start("worker", "-Q", all_but_invoices, supervised=True)
        installation.listening_stream()
        deals = installation.deals(*BUYERS)

        installation.win(*deals)
        with redis.Redis.from_url(server.url) as client:
            eventually(lambda: client.llen("kashflow.invoice"), STARTED_WITHIN, "a message waits to be read")
        server.kill()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert not client.exists("kashflow.invoice")
        installation.start("worker", "-Q", "kashflow.invoice", supervised=True)
        installation.a_minute_passes()

        installation.show_their_numbers(*deals)


def test_a_worker_that_is_told_to_stop_while_valkey_is_away_ends(installation: Installation) -> None:
    with ValkeyServer() as server:
        installation.settings["redis_url"] = server.url
        installation.make_ledger()
        worker = installation.start("worker")
        with redis.Redis.from_url(server.url) as client:
            eventually(lambda: _published(client) > 1, STARTED_WITHIN, "the worker says that it is alive")
        # Asleep it misses the end of the connection, and its next sign of life is due when it wakes up.
        worker.send(signal.SIGSTOP)
        server.kill()
        time.sleep(PULSE_SECONDS)
        worker.send(signal.SIGCONT)

        assert worker.end() == 0


def _published(client: redis.Redis) -> int:
    return int(client.info("commandstats").get("cmdstat_publish", {}).get("calls", 0))


def test_a_postgresql_that_was_killed_under_load_costs_nothing(
    valkey_url: str, installation: Installation
) -> None:
    with PostgresServer() as server:
        installation.settings |= {"redis_url": valkey_url, "ledger_url": server.fresh_database()}
        installation.make_ledger()
        installation.start("beat", supervised=True)
        installation.start("worker", supervised=True)
        installation.listening_stream(supervised=True)
        deals = installation.deals(*BUYERS)

        for deal in deals:
            installation.win(deal)
        eventually(installation.invoices, DELIVERED_WITHIN, "the first invoice is made")
        server.kill()
        server.start()

        installation.show_their_numbers(*deals)


def test_a_worker_that_is_told_to_stop_puts_back_what_it_has_not_begun(
    valkey_url: str, installation: Installation
) -> None:
    installation.settings["redis_url"] = valkey_url
    installation.make_ledger()
    installation.start("beat")
    worker = installation.start("worker")
    installation.listening_stream()
    deals = installation.deals(*BUYERS)
    installation.fault("kashflow", "slow", times=None, match={"resource": "customers"}, seconds=1)

    installation.win(*deals)
    eventually(
        lambda: installation.calls("GET", "/v2/customers"),
        DELIVERED_WITHIN,
        "the first customer is looked for",
    )
    assert worker.end() == 0
    put_back = [
        delivery.reason_code
        for deal in deals
        for delivery in installation.deliveries(deal, "kashflow.customer")
    ]
    assert "stopping" in put_back
    installation.recover("kashflow")
    installation.start("worker")

    installation.show_their_numbers(*deals)
    endings = {attempt.ending for deal in deals for attempt in installation.attempts(deal)}
    assert "lease_expired" not in endings
