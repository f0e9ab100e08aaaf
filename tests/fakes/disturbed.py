"""`Disturbed`: stands before a real registry on loopback, hands on what it is asked, and spoils answers as it is told."""

from __future__ import annotations

import http.client
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from threading import Lock, Thread
from typing import Self

from fakes.registry import Fault, Reply, Seen, Server, deliver

_OWN = frozenset({"connection", "date", "server", "transfer-encoding"})


class Disturbed:
    """Serves while it is entered. `fail(method, part, fault, …)` spoils the next answers of what contains `part`.

    The registry has done what it was asked by then, unless it is `unheard`.
    """

    def __init__(self, target: str) -> None:
        self.requests: list[Seen] = []
        self._target = target
        self._faults: dict[tuple[str, str], list[tuple[Fault, bool]]] = defaultdict(list)
        self._guard = Lock()
        self._server = Server(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, method: str, part: str, *faults: Fault, unheard: bool = False) -> None:
        self._faults[method, part] += [(fault, unheard) for fault in faults]

    def seen(self, method: str, part: str) -> list[Seen]:
        return [seen for seen in self.requests if seen.method == method and part in seen.path]

    def reply(self, seen: Seen) -> Reply:
        fault, unheard = self._next(seen)
        return fault(Reply() if unheard else self._asked(seen))

    def _next(self, seen: Seen) -> tuple[Fault, bool]:
        with self._guard:
            self.requests.append(seen)
            for (method, part), faults in self._faults.items():
                if faults and method == seen.method and part in seen.path:
                    return faults.pop(0)
        return unchanged, False

    def _asked(self, seen: Seen) -> Reply:
        connection = http.client.HTTPConnection(self._target, timeout=60)
        try:
            connection.request(seen.method, seen.path, seen.body or None, seen.headers)
            answer = connection.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
            return Reply(answer.status, headers, answer.read())
        finally:
            connection.close()


def unchanged(right: Reply) -> Reply:
    return right


def _handler(disturbed: Disturbed) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            deliver(self, disturbed.reply(Seen(self.command, self.path, headers, body)))

        def log_message(self, *args: object) -> None:
            pass

    for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
        setattr(Handler, f"do_{method}", Handler._answer)

    return Handler
