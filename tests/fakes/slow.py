"""`Slow`, a server on loopback that keeps everybody waiting: it says nothing at all, or sends a byte now and then for ever."""

from __future__ import annotations

import socket
from threading import Event, Thread
from typing import Self

_START = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nX-Long: "
_BETWEEN = 0.05  # seconds


class Slow:
    """Accepts whoever comes. With `drips` it sends the beginning of an answer, byte for byte, whose header never ends."""

    def __init__(self, *, drips: bool) -> None:
        self._drips = drips
        self._over = Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.callers = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.callers += 1
            Thread(target=self._keep, args=(connection,), daemon=True).start()

    def _keep(self, connection: socket.socket) -> None:
        at = 0
        with connection:
            while not self._over.wait(_BETWEEN):
                if self._drips:
                    try:
                        connection.sendall(_START[at : at + 1] or b"x")
                    except OSError:
                        return
                    at += 1
