"""A server of change events on loopback that always has the next batch ready: Bayeux long polling, as Salesforce speaks it.

`python -m bench.event_feed COUNT PER_ANSWER` prints its address as one line when it is ready, and serves until it is
killed. All answers are made before that, so that its own CPU time is next to none. Every session hears all of it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

CHANNEL = "/data/ChangeEvents"
PARKED_MS = 110_000

_STAGES = ("Prospecting", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
_TOWNS = ("Stoke-on-Trent", "Leeds", "Aberystwyth", "St Andrews", "Hay-on-Wye", "Truro")


def events(count: int) -> Iterator[dict[str, Any]]:
    """Opportunities and Accounts, one of five just created; each of another record, and news for one flow at least."""
    rng = random.Random(11)
    began = int(1000 * time.time())
    for number in range(1, count + 1):
        entity = "Opportunity" if rng.random() < 0.6 else "Account"
        is_new = rng.random() < 0.2
        changed = _changed_deal(rng) if entity == "Opportunity" else _changed_account(rng)
        whole = {**_whole(entity, number), **changed}
        modified = f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
        prefix = "006" if entity == "Opportunity" else "001"
        header = {
            "entityName": entity,
            "recordIds": [f"{prefix}Ab{number:010}IAB"],
            "changeType": "CREATE" if is_new else "UPDATE",
            "changeOrigin": "com/salesforce/api/rest/66.0;client=SfdcInternalAPI/",
            "transactionKey": f"{number:08x}-3d55-688b-98ea-39d0a21240f4",
            "sequenceNumber": 1,
            "commitTimestamp": began + number,
            "commitNumber": 72_227_828_942 + number,
            "commitUser": "005Ab00000HjlbIIAR",
            "changedFields": [] if is_new else [*_names(changed), "LastModifiedDate"],
        }
        payload = {
            "ChangeEventHeader": header,
            **(whole if is_new else changed),
            "LastModifiedDate": modified,
        }
        event = {"replayId": 1_398_411 + 3 * number}
        data = {"schema": "Jx8HZ4qBmCUmtMfmCbnoQg", "payload": payload, "event": event}
        yield {"channel": CHANNEL, "data": data}


def _changed_deal(rng: random.Random) -> dict[str, Any]:
    stage, amount = rng.choice(_STAGES), rng.randrange(10_000, 900_000) / 100
    return {"StageName": stage, "Amount": amount, "Probability": 100, "ForecastCategory": "Closed"}


def _changed_account(rng: random.Random) -> dict[str, Any]:
    street = f"{rng.randrange(1, 200)} Canal Wharf"
    return {"BillingAddress": {"Street": street, "City": rng.choice(_TOWNS)}, "Phone": "+44 1782 960 114"}


def _whole(entity: str, number: int) -> dict[str, Any]:
    common = {
        "OwnerId": "005Ab00000HjlbIIAR",
        "CreatedDate": "2026-01-01T09:00:00.000Z",
        "CreatedById": "005Ab00000HjlbIIAR",
        "LastModifiedById": "005Ab00000HjlbIIAR",
        "Description": "Delivery to the rear, Tuesdays and Thursdays only; ask for Mrs Ferrié at the gate. "
        * 2,
    }
    if entity == "Opportunity":
        deal = {"AccountId": f"001Ab{number:010}IAB", "CloseDate": "2026-03-31", "Type": "New Customer"}
        return {"Name": f"Boathouse chairs {number}", **deal, "IsPrivate": False, **common}
    firm = {"Industry": "Furniture", "Type": "Customer - Direct", "NumberOfEmployees": 40}
    return {"Name": f"Larkfield & Daughters {number} Ltd", **firm, **common}


def _names(changed: dict[str, Any]) -> Iterator[str]:
    """As Salesforce names them: a part of a compound field behind a dot."""
    for name, value in changed.items():
        yield from (f"{name}.{part}" for part in value) if isinstance(value, dict) else (name,)


def answers(count: int, per_answer: int) -> list[bytes]:
    """Batches of events as JSON, without the brackets of the array."""
    each = [json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in events(count)]
    return [",".join(each[at : at + per_answer]).encode() for at in range(0, count, per_answer)]


@dataclass
class _Client:
    """One session: how many answers it had, and a bell for the poll that came before its subscription."""

    given: int = 0
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    has_connected: bool = False


class Feed:
    """The server's side of every session."""

    def __init__(self, batches: Sequence[bytes]) -> None:
        self._batches = batches
        self._clients: dict[str, _Client] = {}

    async def serve(self) -> None:
        """On any free port of loopback; prints the address."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        async with server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
                (message,) = json.loads(await reader.readexactly(length))
                body = await self._answer(message)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
                    b"Set-Cookie: BAYEUX_BROWSER=1f9c; Path=/; HttpOnly\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # it hung up

    async def _answer(self, message: dict[str, Any]) -> bytes:
        channel = message["channel"]
        reply = {"channel": channel, "id": message["id"], "successful": True}
        if channel == "/meta/handshake":
            reply["clientId"] = str(len(self._clients))
            self._clients[reply["clientId"]] = _Client()
            more = {"version": "1.0", "supportedConnectionTypes": ["long-polling"], "ext": {"replay": True}}
            return json.dumps([{**reply, **more}]).encode()
        client = self._clients[message["clientId"]]
        reply["clientId"] = message["clientId"]
        if channel == "/meta/subscribe":
            client.subscribed.set()
            reply["subscription"] = message["subscription"]
        elif channel == "/meta/connect" and not client.has_connected:
            client.has_connected = True
            reply["advice"] = {"reconnect": "retry", "interval": 0, "timeout": PARKED_MS}
        elif channel == "/meta/connect":
            batch = await self._next(client)
            return b"[%b,%b]" % (batch, json.dumps(reply).encode())
        return json.dumps([reply]).encode()

    async def _next(self, client: _Client) -> bytes:
        await client.subscribed.wait()
        if client.given == len(self._batches):
            await asyncio.Event().wait()  # there is no more: parked until the client leaves
        client.given += 1
        return self._batches[client.given - 1]


if __name__ == "__main__":
    asyncio.run(Feed(answers(int(sys.argv[1]), int(sys.argv[2]))).serve())
