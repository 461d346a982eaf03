"""What HTTP may look like around Bayeux messages (reference sections 1.1, 7.0 and 7.1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.streaming import BayeuxPeer

HANDSHAKE = b'[{"channel":"/meta/handshake","id":"1"}]'


@pytest.mark.parametrize(
    "path",
    ["/cometd/66.0", "/cometd/66.0/", "/cometd/66.0/handshake", "/cometd/37.0", "/cometd/99.0/connect"],
)
def test_every_spelling_of_the_path_is_one_endpoint(peer: BayeuxPeer, path: str) -> None:
    response = peer.http.post(path, content=HANDSHAKE)

    assert response.json()[0]["successful"] is True


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/cometd/36.0", "400::Unsupported API version"),
        ("/cometd/", "400::API version in the URI is mandatory"),
        ("/cometd", "400::API version in the URI is mandatory"),
        ("/cometd/latest", "400::API version in the URI is mandatory"),
    ],
)
def test_a_wrong_version_is_a_bad_request(peer: BayeuxPeer, path: str, text: str) -> None:
    response = peer.http.post(path, content=HANDSHAKE)

    assert response.status_code == 400
    assert response.text.startswith(text)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_what_is_not_a_post_is_a_bad_request(peer: BayeuxPeer, method: str) -> None:
    assert peer.http.request(method, peer.path).status_code == 400


def test_a_websocket_probe_is_a_bad_request_and_does_no_harm(peer: BayeuxPeer) -> None:
    probe = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }

    assert peer.http.get(peer.path, headers=probe).status_code == 400
    assert peer.handshake()["successful"] is True


def test_a_chunked_body_is_read(peer: BayeuxPeer) -> None:
    def pieces() -> Iterator[bytes]:
        yield HANDSHAKE[:10]
        yield HANDSHAKE[10:]

    response = peer.http.post(peer.path, content=pieces())

    assert response.json()[0]["successful"] is True


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json;charset=UTF-8", "text/json", None]
)
def test_the_content_type_does_not_matter_and_a_single_object_is_accepted(
    peer: BayeuxPeer, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}

    response = peer.http.post(peer.path, content=HANDSHAKE.strip(b"[]"), headers=headers)

    assert response.json()[0]["successful"] is True
    assert response.headers["content-type"] == "application/json;charset=UTF-8"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[1]", b"null", b"<html>", b"\xff\xfe", b"[" * 5000, b'{"channel": 7}', b"9" * 6000]
)
def test_a_body_without_bayeux_messages_is_a_bad_request(peer: BayeuxPeer, body: bytes) -> None:
    assert peer.http.post(peer.path, content=body).status_code == 400


def test_a_body_of_more_than_32768_bytes_is_too_large(peer: BayeuxPeer) -> None:
    fits, too_large = HANDSHAKE.ljust(32_768), HANDSHAKE.ljust(32_769)

    assert peer.http.post(peer.path, content=fits).status_code == 200
    response = peer.http.post(peer.path, content=too_large)

    assert (response.status_code, response.text) == (413, "413::Maximum Request Size Exceeded")


def test_an_invalid_connection_type_is_refused(peer: BayeuxPeer) -> None:
    peer.begin()

    (reply,) = peer.post(peer.message("/meta/connect", connectionType="callback-polling"))

    assert reply["error"] == "400::Invalid connection type {callback-polling}"


def test_publishing_by_a_client_is_refused(peer: BayeuxPeer) -> None:
    peer.begin()

    (reply,) = peer.post(peer.message("/data/ChangeEvents", data={"made": "up"}))

    assert reply["successful"] is False
    assert reply["error"].startswith("403::")
