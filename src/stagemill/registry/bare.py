"""`BareTransport`: asks a server for the head of something over plain http, without the library that transfers need.

A build from the cache asks what a tag stands for now and nothing else, and would take longer to load an HTTP library than to
get the answer. A head has no body, so that all of it is a line and some headers. What is not that simple, or goes wrong,
is left to who can do everything.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from stagemill.registry.exchange import Request, TransportError
from stagemill.values import dataclass

PATIENCE: Final = 5.0  # seconds; who is slower is asked again, by who waits longer
_MOST = 1 << 16  # bytes of an answer
_CHUNK = 1 << 13
_BLANK = " \t"
_VERSIONS = ("HTTP/1.1", "HTTP/1.0")


@dataclass(frozen=True, slots=True)
class Head:
    """An answer without a body; the names of its headers are in lower case."""

    status: int
    url: str
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def read(self, _size: int, /) -> bytes:
        return b""

    def close(self) -> None: ...


class BareTransport:
    """Thread-safe. After `close` nothing is sent, and who waits for an answer gets a TransportError."""

    def __init__(self, *, user_agent: str) -> None:
        self._user_agent = user_agent
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._closed = False

    def send(self, request: Request) -> Head | None:
        """The answer; None where it takes more than this to get one. Raises TransportError after `close`."""
        sent = self._message(request)
        if sent is None:
            return None
        try:
            data = self._exchanged(request.url, sent)
        except OSError:
            data = b""
        if self._closed:
            raise TransportError("the connection was ended here", again=False)
        return parsed(data, request.url)

    def close(self) -> None:
        """Ends what is under way."""
        with self._lock:
            self._closed = True
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it is not connected yet, or ended by itself

    def _message(self, request: Request) -> bytes | None:
        parts = urlsplit(request.url)
        if request.method != "HEAD" or parts.scheme != "http" or request.body is not None or "@" in parts.netloc:
            return None
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"HEAD {target} HTTP/1.1"]
        headers = {"Host": parts.netloc, "User-Agent": self._user_agent, "Connection": "close", **request.headers}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        text = "\r\n".join((*lines, "", ""))
        if not text.isascii() or len(text.splitlines()) != len(lines) + 1 or " " in target:
            return None
        return text.encode("ascii")

    def _exchanged(self, url: str, message: bytes) -> bytes:
        """What comes back, to the end of the headers or further. Raises OSError."""
        parts = urlsplit(url)
        with _connected(parts.hostname or "", parts.port or 80) as connection:
            with self._lock:
                if self._closed:
                    return b""
                self._open.add(connection)
            try:
                connection.sendall(message)
                data = b""
                while b"\r\n\r\n" not in data and len(data) < _MOST and (more := connection.recv(_CHUNK)):
                    data += more
                return data
            finally:
                with self._lock:
                    self._open.discard(connection)


def _connected(host: str, port: int) -> socket.socket:
    """As `socket.create_connection`, which would load what knows about international domains. Raises OSError."""
    failure = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(PATIENCE)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def parsed(data: bytes, url: str) -> Head | None:
    """The answer where it is whole, plain, and no redirection. Source: RFC 9112, sections 2 to 5."""
    head, end, _ = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if not end or version not in _VERSIONS or status[:1] not in {"2", "4", "5"} or rest[3:4] not in {"", " "}:
        return None
    if len(status) != 3 or not (status.isascii() and status.isdigit()):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
            return None
        found = headers.get(name.lower())
        headers[name.lower()] = value.strip(_BLANK) if found is None else f"{found}, {value.strip(_BLANK)}"
    return Head(int(status), url, headers)
