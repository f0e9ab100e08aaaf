"""The digest that a tag has now, asked with one HEAD over a bare socket; for registries that answer without more ado.

Source: OCI distribution-spec, "Pulling manifests". Whatever is not a plain answer (a login, a redirection, a failure) is none: then
the registry client asks, which knows what to do and what to say.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from stagemill.registry import wire

_SECONDS = 5.0
_LONGEST = 1 << 16


class Glance:
    """A question that is on its way; `answer` waits for what comes."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Asks the host of an `http` or `https` URL. Raises OSError, ValueError."""
        scheme, rest = url.split("://", 1)
        place, slash, path = rest.partition("/")
        host, port = _address(place, 443 if scheme == "https" else 80)
        self._socket = wire.connected(host, port, _SECONDS)
        try:
            if scheme == "https":
                self._socket = _secure(self._socket, host)
            lines = [f"HEAD {slash}{path} HTTP/1.1", f"Host: {place}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            self._socket.sendall("\r\n".join((*lines, "", "")).encode("ascii"))
        except BaseException:
            self._socket.close()
            raise

    def answer(self) -> str | None:
        """The header `Docker-Content-Digest` of an answer with status 200; None for any other. Raises OSError."""
        data = b""
        with self._socket:
            while b"\r\n\r\n" not in data:
                part = self._socket.recv(_LONGEST)
                data += part
                if not part or len(data) > _LONGEST:
                    return None
        found = wire.parsed(data.partition(b"\r\n\r\n")[0])
        if found is None or found[0] != 200:
            return None
        return found[1].get("docker-content-digest")


def _address(place: str, usual: int) -> tuple[str, int]:
    """A host and a port. Raises ValueError."""
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        return place.strip("[]"), usual
    return host.strip("[]"), int(port)


def _secure(plain: socket.socket, host: str) -> socket.socket:
    import ssl

    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
