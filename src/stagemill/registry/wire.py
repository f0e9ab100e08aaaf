"""HTTP as it is on the wire, as far as small questions need it: a connection, and the lines before a body. Source: RFC 9112.

It loads next to nothing, for who has no time to load more.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

_BLANK = " \t"
_VERSIONS = ("HTTP/1.1", "HTTP/1.0")


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """As `socket.create_connection`, which would load what knows about international domains. Raises OSError, ValueError."""
    failure = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def parsed(data: bytes) -> tuple[int, dict[str, str]] | None:
    """The status and the headers, by name in lower case, of the lines before an empty one; None where they are not plain."""
    first, *lines = data.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status = rest[:3]
    if version not in _VERSIONS or status[:1] not in {"2", "3", "4", "5"} or rest[3:4] not in {"", " "}:
        return None
    headers = _headers(lines)
    if headers is None or len(status) != 3 or not (status.isascii() and status.isdigit()):
        return None
    return int(status), headers


def _headers(lines: Iterable[str]) -> dict[str, str] | None:
    """By name, several of one name joined; None where a line is not as it should be."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
            return None
        before = headers.get(name.lower())
        headers[name.lower()] = value.strip(_BLANK) if before is None else f"{before}, {value.strip(_BLANK)}"
    return headers
