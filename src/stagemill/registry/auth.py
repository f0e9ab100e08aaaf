"""`Authorizer`: finds out how an endpoint wants to be told who asks, and remembers the `Authorization` that it takes."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

from stagemill.registry import token
from stagemill.registry.challenge import parse
from stagemill.registry.credentials import Find
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Send


class Authorizer:
    """One per client; many threads may ask at once, and only one of them fetches a token."""

    def __init__(self, *, send: Send, credentials: Find) -> None:
        self._send = send
        self._credentials = credentials
        self._lock = Lock()
        self._headers: dict[tuple[str, str], str] = {}
        self._locks: dict[tuple[str, str], Lock] = {}

    def header(self, endpoint: Endpoint, repository: str) -> str:
        """What was taken last time, or ""."""
        with self._lock:
            return self._headers.get((endpoint.url, repository), "")

    def renew(self, endpoint: Endpoint, repository: str, *, challenges: str, used: str, scope: str) -> str:
        """Another header than `used`, which was refused with these challenges; "" where nothing else is left to say.

        A token is asked for what the challenge names and for `scope`, since more will be wanted of it later. Raises Failure where the token server does not answer well.
        """
        key = (endpoint.url, repository)
        with self._lock:
            lock = self._locks.setdefault(key, Lock())
        with lock:
            known = self.header(endpoint, repository)
            if known != used:
                return known
            header = self._answer(endpoint, repository, challenges, scope)
            with self._lock:
                self._headers[key] = header
            return "" if header == used else header

    def _answer(self, endpoint: Endpoint, repository: str, challenges: str, scope: str) -> str:
        found = {challenge.scheme: challenge for challenge in reversed(parse(challenges))}
        credentials = self._credentials(endpoint.place(repository))
        if bearer := found.get("bearer"):
            if credentials and credentials.registry_token:
                return f"Bearer {credentials.registry_token}"
            scopes = joined([*bearer.parameters.get("scope", "").split(), scope])
            return f"Bearer {token.fetch(endpoint, token.Wish(bearer, scopes, credentials), self._send).access}"
        if "basic" in found:
            return credentials.basic if credentials and credentials.username else ""
        return ""


def joined(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes (`repository:NAME:pull,push`), each thing once with all that is asked of it; what is no scope as it is."""
    found: dict[str, list[str]] = {}
    for scope in scopes:
        thing, colon, actions = scope.rpartition(":")
        found.setdefault(thing if colon else scope, []).extend(actions.split(",") if colon else ())
    return tuple(
        f"{thing}:{','.join(dict.fromkeys(actions))}" if actions else thing for thing, actions in found.items()
    )
