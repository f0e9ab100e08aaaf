"""`Token`: what a registry's token server gives to who may do something there.

Source: distribution's "Token Authentication" and "OAuth2 Token Authentication". Tokens carry no clock here: one that the
registry no longer takes is replaced when it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from stagemill.oci import document as json
from stagemill.registry.challenge import Challenge
from stagemill.registry.credentials import Credentials, hidden
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Request, Response, Send, TransportError, body
from stagemill.registry.failure import Failure, another_login
from stagemill.values import dataclass

_MOST = 1 << 20
_CLIENT = "stagemill"
_NO_POST = frozenset({400, 401, 404, 405})
"""How servers say that they know no OAuth2: some of them take the identity token as a password."""


@dataclass(frozen=True, slots=True)
class Token:
    """`access` is shown to the registry; `identity`, where there is one, stands for the password from now on."""

    access: str = field(repr=False)
    identity: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a token server: for whom, and with `keep` an identity token too."""

    challenge: Challenge
    scopes: tuple[str, ...] = ()
    credentials: Credentials | None = None
    keep: bool = False

    @property
    def realm(self) -> str:
        return self.challenge.parameters.get("realm", "")

    @property
    def _service(self) -> list[tuple[str, str]]:
        service = self.challenge.parameters.get("service", "")
        return [("service", service)] if service else []

    def request(self) -> Request:
        """With name and password, or for anybody."""
        parts = urlsplit(self.realm)
        question = [*self._service, *(("scope", scope) for scope in self.scopes)]
        headers = {}
        who = self.credentials
        if who and (who.username or who.identity_token):
            name, secret = who.username or "<token>", who.password or who.identity_token
            question += [("account", name)] if who.username else []
            question += [("client_id", _CLIENT), ("offline_token", "true")] if self.keep else []
            headers["Authorization"] = Credentials(name, secret).basic
        query = urlencode([*parse_qsl(parts.query), *question])
        return Request(urlunsplit(parts._replace(query=query)), headers=headers)

    def exchange(self, identity_token: str) -> Request:
        """With an identity token."""
        form = [
            *self._service,
            ("scope", " ".join(self.scopes)),
            ("grant_type", "refresh_token"),
            ("client_id", _CLIENT),
            ("refresh_token", identity_token),
        ]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(self.realm, method="POST", headers=headers, body=urlencode(form).encode(), secret=True)


def fetch(endpoint: Endpoint, wish: Wish, send: Send) -> Token:
    """Raises Failure where the token server gives none, CancelledError."""
    realm, who = wish.realm, wish.credentials
    scheme = urlsplit(realm).scheme
    if scheme not in {"http", "https"}:
        raise Failure(endpoint, "answer", f"with a challenge without a token server: {realm!r}")
    if who and scheme == "http" and endpoint.url.startswith("https:"):
        raise Failure(endpoint, "refused", f"it wants the credentials sent in the clear, to {realm}")
    try:
        if who and who.identity_token:
            response = send(wish.exchange(who.identity_token))
            if response.status in _NO_POST:
                response.close()
                response = send(wish.request())
        else:
            response = send(wish.request())
        return _token(endpoint, response, wish)
    except TransportError as error:
        reason = f"its token server {urlsplit(realm).netloc} gives no token: {error.reason}"
        raise Failure(endpoint, "unreachable", reason, hint=error.hint) from error


def _token(endpoint: Endpoint, response: Response, wish: Wish) -> Token:
    status, answer = response.status, body(response, limit=_MOST)
    if status != 200:
        kind: Literal["refused", "answer"] = "refused" if status in {400, 401, 403} else "answer"
        hint = another_login(endpoint) if wish.credentials and kind == "refused" else None
        raise Failure(endpoint, kind, _refusal(status, wish), hint=hint, status=status)
    try:
        document = json.parse_object(answer, "the token server's answer")
        access = hidden(document, "token") or hidden(document, "access_token")
        identity = hidden(document, "refresh_token") if wish.keep else ""
    except json.MalformedError as error:
        raise Failure(endpoint, "answer", f"with a token that cannot be read: {error}") from error
    if not access or not (access + identity).isascii() or not (access + identity).isprintable():
        raise Failure(endpoint, "answer", "with a token that is no text")
    return Token(access, identity)


def _refusal(status: int, wish: Wish) -> str:
    who = wish.credentials
    whose = f"the login of {who.username}" if who and who.username else "the token" if who else "an anonymous reader"
    where = urlsplit(wish.realm).netloc
    return f"{whose} was refused by its token server {where} (status {status}){_for(wish.scopes)}"


def _for(scopes: Sequence[str]) -> str:
    return f", which was asked for {' '.join(scopes)}" if scopes else ""
