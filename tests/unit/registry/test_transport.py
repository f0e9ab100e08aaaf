"""What people are told when there is no answer."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from urllib3 import exceptions

from fakes.connecting import Connect, pushed
from fakes.distribution import certificate
from fakes.registry import FakeRegistry, status
from stagemill.errors import RegistryError
from stagemill.oci.reference import Reference
from stagemill.registry import transport as module
from stagemill.registry.config import HostSettings, Mirror, RegistryConfig
from stagemill.registry.exchange import Payload, Request, TransportError, body
from stagemill.registry.proxies import Proxies
from stagemill.registry.transport import Transport, explain


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport(user_agent="test", proxies=Proxies(), settings=lambda _host: HostSettings())
    yield made
    made.close()


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """A server that says this to the first who asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


@pytest.mark.parametrize(
    ("error", "reason", "again"),
    [
        (exceptions.ConnectTimeoutError(None, "x"), "no answer within 10 seconds", True),
        (exceptions.ReadTimeoutError(None, "u", "x"), "it sent nothing for 30 seconds", True),  # type: ignore[arg-type]
        (exceptions.ProtocolError("x"), "the connection broke off", True),
        (exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "it does not speak https", False),
        (exceptions.SSLError("unexpected eof"), "https failed: unexpected eof", True),
        (
            exceptions.SSLError("certificate verify failed: self-signed certificate (_ssl.c:1006)"),
            "https failed: certificate verify failed: self-signed certificate (_ssl.c:1006)",
            True,
        ),
        (
            exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: too old (_ssl.c:1006)"),
            "its certificate is not trusted: too old",
            False,
        ),
        (exceptions.LocationParseError("x"), "Failed to parse: x", False),
        (
            exceptions.ProxyError("x", exceptions.ReadTimeoutError(None, "u", "x")),  # type: ignore[arg-type]
            "the proxy does not work: it sent nothing for 30 seconds",
            False,
        ),
        (exceptions.ProxyError("x", OSError("no tunnel")), "the proxy does not work: no tunnel", False),
    ],
)
def test_an_error_is_put_into_words(error: exceptions.HTTPError, reason: str, again: bool) -> None:
    found = explain(error)

    assert (found.reason, found.again) == (reason, again)


def test_a_host_that_does_not_exist_is_told(transport: Transport) -> None:
    with pytest.raises(TransportError) as caught:
        transport.send(Request("http://no-such-host.invalid/v2/"))

    assert (caught.value.reason, caught.value.again) == ("no such host", False)


def test_a_server_that_hangs_up_is_worth_another_try(transport: Transport) -> None:
    with answering(b"") as url, pytest.raises(TransportError) as caught:
        transport.send(Request(url))

    assert (caught.value.reason, caught.value.again) == ("the connection broke off", True)


@pytest.mark.parametrize("location", ["ftp://a.example/", "https:///nowhere"])
def test_a_redirect_to_nowhere_is_told(transport: Transport, location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"

    with answering(head.encode()) as url, pytest.raises(TransportError, match="redirects to"):
        transport.send(Request(url))


def test_a_proxy_is_asked_for_other_hosts(connect: Connect) -> None:
    with FakeRegistry() as proxy:
        image = pushed(proxy)
        mirror = HostSettings((Mirror.parse("http://mirror.example"),), fallback=False)
        config = RegistryConfig({"app.example": mirror}, proxies=Proxies(http=f"http://me:p%40w@{proxy.host}"))

        found = connect(config).head(Reference.parse("app.example/team/app:1.0"))

        assert found == image.digest
        assert proxy.paths() == ["HEAD http://mirror.example/v2/team/app/manifests/1.0"]
        login = base64.b64encode(b"me:p@w").decode()
        assert proxy.requests[0].headers["proxy-authorization"] == f"Basic {login}"


def test_a_proxy_that_refuses_is_told(connect: Connect) -> None:
    with FakeRegistry() as proxy, pytest.raises(RegistryError) as caught:
        config = RegistryConfig(proxies=Proxies(https=f"http://{proxy.host}"))
        connect(config).head(Reference.parse("app.example/team/app:1.0"))

    assert "cannot reach app.example for app.example/team/app:1.0: the proxy does not work: " in caught.value.message
    assert caught.value.hint == "check http_proxy, https_proxy and no_proxy"


@pytest.mark.parametrize("proxy", ["gopher://p.example", "http://me:secret@["])
def test_a_proxy_that_is_none_is_told(connect: Connect, proxy: str) -> None:
    config = RegistryConfig(proxies=Proxies(https=proxy))

    with pytest.raises(RegistryError) as caught:
        connect(config).head(Reference.parse("app.example/team/app:1.0"))

    assert caught.value.message.startswith("the proxy cannot be used: ")
    assert caught.value.hint == "check http_proxy and https_proxy: want http://host:port"


def test_connections_are_used_again(transport: Transport) -> None:
    with FakeRegistry() as registry:
        image = pushed(registry)
        registry.fail("/manifests/", status(503, message="x" * 1000))
        urls = [f"http://{registry.host}/v2/team/app/{rest}" for rest in ("manifests/1.0", f"blobs/{image.digest}")]
        for method, url in ("GET", urls[0]), ("HEAD", urls[0]), ("GET", urls[0]), ("GET", urls[1]):
            body(transport.send(Request(url, method)), limit=1 << 20)

        assert len(registry.requests) == 4
        assert registry.connections == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_who_waits_for_an_answer_hears_of_the_end(scheme: str, tmp_path: Path) -> None:
    certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = HostSettings(ca=tmp_path / "cert.pem")
    transport = Transport(user_agent="test", proxies=Proxies(), settings=lambda _host: trusting)
    left, in_time = threading.Event(), list[bool]()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say_nothing() -> None:
            connection, _ = server.accept()
            with context.wrap_socket(connection, server_side=True) if scheme == "https" else connection as talking:
                talking.recv(65536)
                transport.close()
                in_time.append(left.wait(20))

        thread = threading.Thread(target=say_nothing)
        thread.start()
        with pytest.raises(TransportError):
            transport.send(Request(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"))
        left.set()
        thread.join()
        with pytest.raises(TransportError) as caught:
            transport.send(Request(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/"))

    assert in_time == [True]
    assert caught.value.reason == "the connection was ended here"


def test_a_server_that_takes_nothing_is_given_up(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CONNECT_TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.append(server.accept()[0]))
        thread.start()
        body = Payload(64 << 20, lambda: (bytes(1 << 20) for _ in range(64)))
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"

        with pytest.raises(TransportError) as caught:
            transport.send(Request(url, "PUT", body=body, patience=300.0))

        thread.join()
        accepted[0].close()

    assert caught.value.again
