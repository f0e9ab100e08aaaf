"""`Session`: asks one endpoint something about a repository, with authorization, and makes bad answers a Failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from stagemill.oci import document as json
from stagemill.registry.auth import Authorizer
from stagemill.registry.challenge import parse
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Request, Response, TransportError, body
from stagemill.registry.failure import Failure, Kind, another_login
from stagemill.registry.retry import AGAIN, Sender, retry_after
from stagemill.values import dataclass

_MOST_ERROR = 1 << 16
_RENEWALS = 2


@dataclass(frozen=True, slots=True)
class Session:
    """Shared by all threads."""

    sender: Sender
    authorizer: Authorizer

    def ask(
        self,
        endpoint: Endpoint,
        repository: str,
        *rest: str,
        method: str = "GET",
        headers: Mapping[str, str],
    ) -> Response:
        """A good answer, whose body is still to be read. Raises Failure, or CancelledError."""
        return self.exchange(endpoint, repository, Request(endpoint.of(repository, *rest), method, headers))

    def exchange(
        self, endpoint: Endpoint, repository: str, request: Request, *, actions: str = "pull", once: bool = False
    ) -> Response:
        """The same for any request, which asks for these `actions`; it is not repeated after a disturbance where it is `once`.

        What goes elsewhere than to the endpoint goes without authorization.
        """
        send = self.sender.once if once else self.sender.send
        ours = _origin(request.url) == _origin(endpoint.url)
        try:
            used = self.authorizer.header(endpoint, repository) if ours else ""
            response = send(_authorized(request, used))
            for _ in range(_RENEWALS if ours else 0):
                if response.status != 401 or not endpoint.said(response.url):
                    break  # whoever a registry sends people on to does not say where to log in
                challenges = response.header("WWW-Authenticate")
                response.close()
                scope = f"repository:{repository}:{actions}"
                before = used
                used = self.authorizer.renew(endpoint, repository, challenges=challenges, used=used, scope=scope)
                if not used:
                    raise _refused(endpoint, before, challenges)
                response = send(_authorized(request, used))
        except TransportError as error:
            raise Failure(endpoint, "unreachable", error.reason, hint=error.hint, again=error.again) from error
        if 200 <= response.status < 300:
            return response
        raise self._bad(endpoint, response)

    def _bad(self, endpoint: Endpoint, response: Response) -> Failure:
        status, wait = response.status, retry_after(response)
        again = status in AGAIN and wait <= self.sender.retries.patience
        kind, reason, hint = _explained(response)
        return Failure(endpoint, kind, reason, hint=hint, status=status, again=again, wait=wait)


def _refused(endpoint: Endpoint, authorization: str, challenges: str) -> Failure:
    if authorization.startswith("Basic "):
        return Failure(endpoint, "refused", "it refused the login", hint=another_login(endpoint), status=401)
    reason = f"it wants a login, or there is no such repository{_wanted(challenges)}"
    return Failure(endpoint, "refused", reason, status=401)


def _wanted(challenges: str) -> str:
    """The scopes that a registry names where it refuses a token; it may name their actions in another order each time."""
    scopes = [scope for challenge in parse(challenges) for scope in challenge.parameters.get("scope", "").split()]
    return f" (it wants the scope {' '.join(map(_in_order, scopes))})" if scopes else ""


def _in_order(scope: str) -> str:
    resource, colon, actions = scope.rpartition(":")
    return f"{resource}{colon}{','.join(sorted(actions.split(',')))}"


def _authorized(request: Request, authorization: str) -> Request:
    if not authorization:
        return request
    return replace(request, headers={**request.headers, "Authorization": authorization})


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _explained(response: Response) -> tuple[Kind, str, str | None]:
    status = response.status
    wait = response.header("Retry-After")
    said = _said(response)
    words = f"status {status}" + (f", {said}" if said else "")
    if status in {401, 403}:
        return "refused", f"{words}{_wanted(response.header('WWW-Authenticate'))}", None
    if status == 404:
        return "missing", said or "not found", None
    if status == 429:
        when = f"wait {wait} seconds" if wait.isdigit() else "wait a while"
        return "answer", words, f"it answers only so many requests: {when}, log in, or name a mirror in config.toml"
    return "answer", words, None


def _said(response: Response) -> str:
    """The registry's own words. Source: OCI distribution-spec, "Error Codes"."""
    try:
        errors = json.objects(json.parse_object(body(response, limit=_MOST_ERROR), "the error"), "errors")
        return ", ".join(json.text(error, "message", "") or json.text(error, "code", "") for error in errors[:3])
    except (TransportError, json.MalformedError):
        return ""
