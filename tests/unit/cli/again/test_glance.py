from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from stagemill.cli.again import glance
from stagemill.cli.again.glance import Glance

DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers may have to wait for the processor."""
    monkeypatch.setattr(glance, "_SECONDS", 60.0)


@contextmanager
def answering(*parts: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An address where whoever asks gets these bytes, and what was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(1 << 16))
                with suppress(ConnectionError):  # who has heard enough hangs up
                    for part in parts:
                        connection.sendall(part)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v2/app/manifests/1", asked
        thread.join(60)


def ok(header: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{header}: {DIGEST}\r\n\r\n".encode()


def test_it_asks_for_the_head_and_gives_the_digest() -> None:
    with answering(ok("docker-content-Digest")) as (url, asked):
        assert Glance(url, {"Accept": "a, b"}).answer() == DIGEST

    host = url.split("/")[2]
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "HEAD /v2/app/manifests/1 HTTP/1.1"
    assert {f"Host: {host}", "Accept: a, b", "Connection: close"} < set(lines)
    assert lines[-2:] == ["", ""]


def test_an_answer_may_come_in_pieces() -> None:
    whole = ok("Docker-Content-Digest")
    with answering(whole[:20], whole[20:-3], whole[-3:]) as (url, _):
        assert Glance(url, {}).answer() == DIGEST


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        ok("Docker-Content-Digest").replace(b"200", b"401"),
        ok("Docker-Content-Digest").replace(b"200", b"307"),
        ok("X-Docker-Content-Digest"),
        b"x" * (1 << 17),
    ],
)
def test_what_is_not_plain_is_no_answer(answer: bytes) -> None:
    with answering(answer) as (url, _):
        try:
            assert Glance(url, {}).answer() is None
        except ConnectionResetError:
            assert len(answer) > 1 << 16  # who says too much is not listened to


def test_where_nobody_listens_it_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        Glance("http://127.0.0.1:1/", {})


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/", "nothing"])
def test_what_is_no_address_is_an_error(url: str) -> None:
    with pytest.raises(ValueError, match=r"invalid literal|not enough"):
        Glance(url, {})
