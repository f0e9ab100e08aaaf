from __future__ import annotations

import socket

import pytest

from stagemill.registry import wire


def test_headers_are_found_by_their_names_in_lower_case() -> None:
    assert wire.parsed(b"HTTP/1.1 200 OK\r\nA: 1\r\nb:2 \r\na: 3") == (200, {"a": "1, 3", "b": "2"})
    assert wire.parsed(b"HTTP/1.0 404") == (404, {})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/2 200 OK",
        b"HTTP/1.1 100 Continue",
        b"HTTP/1.1 20",
        b"HTTP/1.1 2x0 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\n folded: 1",
        b"HTTP/1.1 200 OK\r\na: 1\nb: 2",
    ],
)
def test_what_is_not_plain_is_none(data: bytes) -> None:
    assert wire.parsed(data) is None


def test_where_nobody_listens_it_is_an_error() -> None:
    with pytest.raises(ConnectionRefusedError):
        wire.connected("127.0.0.1", 1, 1.0)


def test_a_connection_gives_up_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        wire.connected("127.0.0.1", server.getsockname()[1], 0.5) as connection,
    ):
        assert connection.gettimeout() == 0.5
