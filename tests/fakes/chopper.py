"""`Chopper`: stands before a server on loopback, and ends connections after so many bytes of what a client sends."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from threading import Thread
from typing import Self


class Chopper:
    """Serves while it is entered. Each of `after` is for the next connection that sends more than that."""

    def __init__(self, target: str, after: Iterable[int]) -> None:
        host, _, port = target.partition(":")
        self._target = (host, int(port))
        self._after = list(after)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._accept, daemon=True)
        self.chopped = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        sent = 0
        with client, suppress(OSError), socket.create_connection(self._target) as server:
            back = Thread(target=_pipe, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65536):
                server.sendall(data)
                sent += len(data)
                if self._after and sent > self._after[0]:
                    self._after.pop(0)
                    self.chopped += 1
                    for end in (server, client):
                        end.shutdown(socket.SHUT_RDWR)
                    return
            server.shutdown(socket.SHUT_WR)
            back.join()


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
