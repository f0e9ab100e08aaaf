"""`BareTransport`: asks servers over plain http, without the library that everything else needs.

A build from a mirror nearby asks little, and would take longer to load an HTTP library than to get the answers. So this knows
one kind of question, GET or HEAD without a body on a connection of its own, and one kind of answer, whose length is given.
What is not that simple, as all of https is, is left to who can do everything. Source: RFC 9112.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from stagemill.registry import wire
from stagemill.registry.exchange import Request, TransportError

CONNECT: Final = 10.0  # seconds
SILENCE: Final = 30.0
_METHODS = frozenset({"GET", "HEAD"})
_MOST = 1 << 16  # bytes of the headers
_CHUNK = 1 << 13


class Head(NamedTuple):
    """What stands before a body of `length` bytes. The names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    length: int


class BareTransport:
    """Thread-safe. After `close` nothing is sent, and who waits for bytes gets a TransportError."""

    def __init__(self, *, user_agent: str) -> None:
        self._user_agent = user_agent
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._closed = False

    def send(self, request: Request) -> BareResponse | None:
        """The answer, which may be a redirection; None where it takes more than this to get one. Raises TransportError."""
        parts = urlsplit(request.url)
        message = self._message(request, parts)
        if message is None:
            return None
        patience = SILENCE if request.patience is None else request.patience
        try:
            connection = wire.connected(parts.hostname or "", parts.port or 80, CONNECT)
        except (OSError, ValueError):
            return None
        self._keep(connection)
        response = None
        try:
            connection.settimeout(patience)
            connection.sendall(message)
            head, rest = _answer(connection, method=request.method)
            if head:
                response = BareResponse(
                    request.url, head, rest, connection=connection, end=partial(self._end, connection)
                )
        except TimeoutError as error:
            raise silent(patience) from error
        except OSError:
            pass  # who can do everything finds out why
        finally:
            if response is None or self._closed:
                self._end(connection)
        if self._closed:
            raise TransportError("the connection was ended here", again=False)
        return response

    def close(self) -> None:
        """Ends what is under way."""
        with self._lock:
            self._closed = True
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it ended by itself

    def _end(self, connection: socket.socket) -> None:
        """For connections that nobody reads from any more."""
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def _keep(self, connection: socket.socket) -> None:
        """Raises TransportError after the end."""
        with self._lock:
            if not self._closed:
                self._open.add(connection)
                return
        connection.close()
        raise TransportError("the connection was ended here", again=False)

    def _message(self, request: Request, parts: SplitResult) -> bytes | None:
        if request.method not in _METHODS or request.body is not None or parts.scheme != "http" or "@" in parts.netloc:
            return None
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Host": parts.netloc,
            "User-Agent": self._user_agent,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **request.headers,
        }
        lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        text = "\r\n".join((*lines, "", ""))
        if not text.isascii() or len(text.splitlines()) != len(lines) + 1 or " " in target:
            return None
        return text.encode("ascii")


class BareResponse:
    """An answer, and the connection that its body comes by; `rest` is what has come of that already. `end` ends it."""

    def __init__(
        self, url: str, head: Head, rest: bytes, *, connection: socket.socket, end: Callable[[], None]
    ) -> None:
        self.url = url
        self.status = head.status
        self._headers = head.headers
        self._left = head.length
        self._rest = rest
        self._connection = connection
        self._end = end

    def header(self, name: str) -> str:
        return self._headers.get(name.lower(), "")

    def read(self, size: int, /) -> bytes:
        wanted = min(size, self._left)
        if not wanted:
            return b""
        data, self._rest = self._rest[:wanted], self._rest[wanted:]
        try:
            data = data or self._connection.recv(wanted)
        except TimeoutError as error:
            raise silent(self._connection.gettimeout() or SILENCE) from error
        except OSError as error:
            raise TransportError(f"the connection broke: {error}", again=True) from error
        if not data:
            raise TransportError("the connection broke off", again=True)
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._end()


def silent(seconds: float) -> TransportError:
    """A server kept a reader waiting."""
    return TransportError(f"it sent nothing for {seconds:.0f} seconds", again=True)


def _answer(connection: socket.socket, *, method: str) -> tuple[Head | None, bytes]:
    """What comes back, as far as it is plain, and what of the body came with it. Raises OSError."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _MOST and (more := connection.recv(_CHUNK)):
        data += more
    text, end, rest = data.partition(b"\r\n\r\n")
    return (parsed(text, method=method) if end else None), rest


def parsed(data: bytes, *, method: str) -> Head | None:
    """The lines before an empty one, where they are plain, and tell how long the body is."""
    found = wire.parsed(data)
    if found is None:
        return None
    status, headers = found
    length = "0" if method == "HEAD" or status in {204, 304} else headers.get("content-length", "")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
        return None
    return Head(status, headers, int(length))
