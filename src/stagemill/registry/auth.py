"""`Authorizer`: finds out how an endpoint wants to be told who asks, and remembers the `Authorization` that it takes.

Source: distribution's "Token Authentication" and "OAuth2 Token Authentication". Tokens carry no clock here: one that
the registry no longer takes is replaced when it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from stagemill.oci import document as json
from stagemill.registry.challenge import Challenge, parse
from stagemill.registry.credentials import Credentials
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Request, Response, Send, TransportError, body
from stagemill.registry.failure import Failure, another_login

_MOST_TOKEN = 1 << 20


class Authorizer:
    """One per client; many threads may ask at once, and only one of them fetches a token."""

    def __init__(self, *, send: Send, credentials: Callable[[str], Credentials | None]) -> None:
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
            header = self._answer(endpoint, challenges, scope)
            with self._lock:
                self._headers[key] = header
            return "" if header == used else header

    def _answer(self, endpoint: Endpoint, challenges: str, scope: str) -> str:
        found = {challenge.scheme: challenge for challenge in reversed(parse(challenges))}
        credentials = self._credentials(endpoint.host)
        if bearer := found.get("bearer"):
            if credentials and credentials.registry_token:
                return f"Bearer {credentials.registry_token}"
            return self._bearer(endpoint, bearer, scope, credentials=credentials)
        if "basic" in found:
            return credentials.basic if credentials and credentials.username else ""
        return ""

    def _bearer(self, endpoint: Endpoint, challenge: Challenge, scope: str, *, credentials: Credentials | None) -> str:
        realm = challenge.parameters.get("realm", "")
        scheme = urlsplit(realm).scheme
        if scheme not in {"http", "https"}:
            raise Failure(endpoint, "answer", f"with a challenge without a token server: {realm!r}")
        if credentials and scheme == "http" and endpoint.url.startswith("https:"):
            raise Failure(endpoint, "refused", f"it wants the credentials sent in the clear, to {realm}")
        scopes = joined([*challenge.parameters.get("scope", "").split(), scope])
        try:
            request = _token_request(realm, challenge.parameters.get("service", ""), scopes, credentials=credentials)
            response = self._send(request)
            return f"Bearer {_token(endpoint, response, credentials)}"
        except TransportError as error:
            host = urlsplit(realm).netloc
            reason = f"its token server {host} gives no token: {error.reason}"
            raise Failure(endpoint, "unreachable", reason, hint=error.hint) from error


def joined(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes (`repository:NAME:pull,push`), each thing once with all that is asked of it; what is no scope as it is."""
    found: dict[str, list[str]] = {}
    for scope in scopes:
        thing, colon, actions = scope.rpartition(":")
        found.setdefault(thing if colon else scope, []).extend(actions.split(",") if colon else ())
    return tuple(
        f"{thing}:{','.join(dict.fromkeys(actions))}" if actions else thing for thing, actions in found.items()
    )


def _token_request(realm: str, service: str, scopes: Sequence[str], *, credentials: Credentials | None) -> Request:
    named = [("service", service)] if service else []
    if credentials and credentials.identity_token:
        form = [
            *named,
            ("scope", " ".join(scopes)),
            ("grant_type", "refresh_token"),
            ("client_id", "stagemill"),
            ("refresh_token", credentials.identity_token),
        ]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(realm, method="POST", headers=headers, body=urlencode(form).encode())
    parts = urlsplit(realm)
    question = [*named, *(("scope", scope) for scope in scopes)]
    headers = {}
    if credentials and credentials.username:
        question.append(("account", credentials.username))
        headers["Authorization"] = credentials.basic
    query = urlencode([*parse_qsl(parts.query), *question])
    return Request(urlunsplit(parts._replace(query=query)), headers=headers)


def _token(endpoint: Endpoint, response: Response, credentials: Credentials | None) -> str:
    status, answer = response.status, body(response, limit=_MOST_TOKEN)
    if status != 200:
        kind: Literal["refused", "answer"] = "refused" if status in {400, 401, 403} else "answer"
        whose = "the credentials were" if credentials else "an anonymous reader was"
        hint = another_login(endpoint) if credentials and kind == "refused" else None
        raise Failure(endpoint, kind, f"{whose} refused by its token server (status {status})", hint=hint)
    try:
        document = json.parse_object(answer, "the token server's answer")
        token = json.text(document, "token", "") or json.text(document, "access_token")
    except json.MalformedError as error:
        raise Failure(endpoint, "answer", f"with a token that cannot be read: {error}") from error
    if not token.isascii() or not token.isprintable():
        raise Failure(endpoint, "answer", "with a token that is no text")
    return token
