"""The small request that needs no HTTP library, and what is left to who has one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.connecting import Connect, of, pushed
from fakes.registry import FakeRegistry, status
from stagemill.errors import CancelledError, NotFoundError
from stagemill.oci.reference import Reference
from stagemill.registry.bare import BareTransport, parsed
from stagemill.registry.client import RegistryClient
from stagemill.registry.config import RegistryConfig
from stagemill.registry.exchange import Request, TransportError

URL = "http://registry.example/v2/"


@contextmanager
def answering(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that says these to those who ask, one after the other; and what they asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for data in answers:
                connection, _ = server.accept()
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", asked
        thread.join()


def test_a_head_is_asked_for_in_one_message() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: x\r\n\r\n") as (host, asked):
        answer = BareTransport(user_agent="me/1").send(Request(f"http://{host}/v2/a?b=c", "HEAD", {"Accept": "all"}))

    assert answer is not None
    assert (answer.status, answer.header("docker-content-DIGEST"), answer.read(9)) == (200, "x", b"")
    wanted = f"HEAD /v2/a?b=c HTTP/1.1\r\nHost: {host}\r\nUser-Agent: me/1\r\nConnection: close\r\nAccept: all\r\n\r\n"
    assert asked == [wanted.encode()]


@pytest.mark.parametrize(
    "request_",
    [
        Request(URL),
        Request("https://registry.example/v2/", "HEAD"),
        Request("http://me:secret@registry.example/v2/", "HEAD"),
        Request(URL, "HEAD", body=b"x"),
        Request(URL, "HEAD", {"Accept": "a\r\nHost: b"}),
        Request(f"{URL}a b", "HEAD"),
        Request(f"{URL}ä", "HEAD"),
    ],
    ids=repr,
)
def test_what_is_no_plain_head_is_left_to_others(request_: Request) -> None:
    assert BareTransport(user_agent="me").send(request_) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nA: b\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000\r\n\r\n",
        b"HTTP/1.1 20x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_plain_counts_as_none(data: bytes) -> None:
    assert parsed(data, URL) is None


def test_headers_of_one_name_are_joined() -> None:
    answer = parsed(
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nwww-authenticate:\tBearer x="y" \r\n\r\n', URL
    )

    assert answer is not None
    assert (answer.status, answer.header("WWW-Authenticate")) == (401, 'Basic, Bearer x="y"')


def test_a_redirection_is_followed_all_the_same(connect: Connect) -> None:
    digest = "sha256:" + "1" * 64
    good = f"HTTP/1.1 200 OK\r\nDocker-Content-Digest: {digest}\r\nConnection: close\r\n\r\n".encode()
    moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n"
    with answering(moved, moved, good) as (host, asked):
        found = connect().head(Reference.parse(f"{host}/app:1"))

    assert str(found) == digest
    assert [line.split()[1] for line in asked] == [b"/v2/app/manifests/1", b"/v2/app/manifests/1", b"/elsewhere"]


def test_a_bad_answer_is_asked_for_again_and_a_clear_one_is_believed(connect: Connect) -> None:
    with FakeRegistry() as registry:
        pushed(registry)
        registry.fail("/manifests/", status(503))
        client = connect()

        assert client.head(of(registry))
        with pytest.raises(NotFoundError):
            client.head(of(registry, "team/app:2"))


def test_a_server_that_says_nothing_is_left_when_the_client_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = RegistryClient(RegistryConfig())

        def close() -> None:
            with server.accept()[0]:
                client.close()

        thread = threading.Thread(target=close)
        thread.start()
        begin = time.monotonic()
        with pytest.raises(CancelledError):
            client.head(Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/app:1"))
        thread.join()

    assert time.monotonic() - begin < 4


def test_nothing_is_sent_after_the_end() -> None:
    transport = BareTransport(user_agent="me")
    transport.close()
    with answering() as (host, asked), pytest.raises(TransportError) as caught:
        transport.send(Request(f"http://{host}/", "HEAD"))

    assert (caught.value.reason, asked) == ("the connection was ended here", [])
