"""What is asked without an HTTP library, and what is left to who has one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakes.connecting import Connect, of, pushed, read
from fakes.registry import FakeRegistry, status
from stagemill.errors import CancelledError, NotFoundError
from stagemill.oci.reference import Reference
from stagemill.registry import bare
from stagemill.registry.bare import BareResponse, BareTransport, parsed
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


def ask(request: Request) -> BareResponse:
    answer = BareTransport(user_agent="me/1").send(request)
    assert answer is not None
    return answer


def test_a_question_is_one_message() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nDocker-Content-Digest: x\r\n\r\n") as (host, asked):
        answer = ask(Request(f"http://{host}/v2/a?b=c", "HEAD", {"Accept": "all"}))
        answer.close()

    assert (answer.status, answer.header("docker-content-DIGEST"), answer.read(9)) == (200, "x", b"")
    assert asked == [
        b"HEAD /v2/a?b=c HTTP/1.1\r\nHost: %b\r\nUser-Agent: me/1\r\nAccept-Encoding: identity\r\n"
        b"Connection: close\r\nAccept: all\r\n\r\n" % host.encode()
    ]


def test_a_body_comes_as_long_as_was_said() -> None:
    with answering(b"HTTP/1.0 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello and more") as (host, _):
        answer = ask(Request(f"http://{host}/"))
        pieces = [answer.read(3), answer.read(3), answer.read(3)]
        answer.close()

    assert (answer.status, b"".join(pieces), pieces[-1]) == (206, b"hello", b"")


def test_a_body_that_breaks_off_is_told_and_may_be_tried_again() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel") as (host, _):
        answer = ask(Request(f"http://{host}/"))
        assert answer.read(9) == b"hel"
        with pytest.raises(TransportError) as caught:
            answer.read(9)
        answer.close()

    assert (caught.value.reason, caught.value.again) == ("the connection broke off", True)


def test_a_server_that_keeps_waiting_is_told_and_may_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        request = Request(f"http://127.0.0.1:{server.getsockname()[1]}/", patience=0.6)
        with pytest.raises(TransportError) as caught:
            BareTransport(user_agent="me").send(request)

    assert (caught.value.reason, caught.value.again) == ("it sent nothing for 1 seconds", True)


def test_a_body_on_its_way_ends_with_the_transport() -> None:
    transport = BareTransport(user_agent="me")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connection:
                connection.recv(1 << 16)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                assert reading.wait(60)
                transport.close()

        reading = threading.Event()
        thread = threading.Thread(target=answer)
        thread.start()
        response = transport.send(Request(f"http://127.0.0.1:{server.getsockname()[1]}/"))
        assert response is not None
        reading.set()
        with pytest.raises(TransportError):
            response.read(9)
        thread.join()
        response.close()


@pytest.mark.parametrize(
    "request_",
    [
        Request(URL, "DELETE"),
        Request("https://registry.example/v2/", "HEAD"),
        Request("http://me:secret@registry.example/v2/", "HEAD"),
        Request(URL, "GET", body=b"x"),
        Request(URL, "HEAD", {"Accept": "a\r\nHost: b"}),
        Request(f"{URL}a b", "HEAD"),
        Request(f"{URL}ä", "HEAD"),
    ],
    ids=repr,
)
def test_what_is_no_plain_question_is_left_to_others(request_: Request) -> None:
    assert BareTransport(user_agent="me").send(request_) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/2 200\r\nContent-Length: 0",
        b"HTTP/1.1 2000\r\nContent-Length: 0",
        b"HTTP/1.1 20x\r\nContent-Length: 0",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n folded",
        b"HTTP/1.1 200 OK\r\nContent-Length : 0",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\nC: d",
    ],
)
def test_an_answer_that_is_not_plain_counts_as_none(data: bytes) -> None:
    assert parsed(data, method="GET") is None


@pytest.mark.parametrize(("method", "status"), [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304")])
def test_what_has_no_body_need_not_say_how_long_it_is(method: str, status: str) -> None:
    head = parsed(f"HTTP/1.1 {status}\r\nETag: x".encode(), method=method)

    assert head is not None
    assert (head.length, head.headers) == (0, {"etag": "x"})


def test_headers_of_one_name_are_joined() -> None:
    lines = (b"HTTP/1.1 401 No", b"WWW-Authenticate: Basic", b'www-authenticate:\tBearer x="y" ')

    head = parsed(b"\r\n".join(lines), method="HEAD")

    assert head is not None
    assert (head.status, head.headers["www-authenticate"]) == (401, 'Basic, Bearer x="y"')


def test_an_answer_without_an_end_counts_as_none() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n") as (host, _):
        assert BareTransport(user_agent="me").send(Request(f"http://{host}/")) is None


def test_what_comes_in_chunks_is_read_all_the_same(connect: Connect) -> None:
    document = b'{"tags": ["1"]}'
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(document), document)
    with answering(chunked, chunked) as (host, _):
        assert connect().tags(Reference.parse(f"{host}/app")) == ("1",)


def test_a_redirection_is_followed_and_what_led_to_it_is_not_asked_again(connect: Connect) -> None:
    digest = "sha256:" + "1" * 64
    good = f"HTTP/1.1 200 OK\r\nDocker-Content-Digest: {digest}\r\nConnection: close\r\n\r\n".encode()
    moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\n"
    with answering(moved, good) as (host, asked):
        found = connect().head(Reference.parse(f"{host}/app:1"))

    assert str(found) == digest
    assert [line.split()[1] for line in asked] == [b"/v2/app/manifests/1", b"/elsewhere"]


def test_a_bad_answer_is_asked_for_again_and_a_clear_one_is_believed(connect: Connect) -> None:
    with FakeRegistry() as registry:
        image = pushed(registry)
        registry.fail("/manifests/", status(503))
        client = connect()

        assert client.head(of(registry)) == image.digest
        assert len(read(client, of(registry), image.manifest.layers[0])) == image.manifest.layers[0].size
        with pytest.raises(NotFoundError):
            client.head(of(registry, "team/app:2"))


def test_a_server_that_says_nothing_is_left_when_the_client_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare, "SILENCE", 3600.0)
    left, in_time = threading.Event(), list[bool]()
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = RegistryClient(RegistryConfig())

        def close() -> None:
            with server.accept()[0]:
                client.close()
                in_time.append(left.wait(60))

        thread = threading.Thread(target=close)
        thread.start()
        with pytest.raises(CancelledError):
            client.head(Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/app:1"))
        left.set()
        thread.join()

    assert in_time == [True]


def test_nothing_is_sent_after_the_end() -> None:
    transport = BareTransport(user_agent="me")
    transport.close()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(TransportError) as caught:
        transport.send(Request(f"http://127.0.0.1:{server.getsockname()[1]}/", "HEAD"))

    assert caught.value.reason == "the connection was ended here"
