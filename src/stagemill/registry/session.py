"""`Session`: asks one endpoint something about a repository, with authorization, and makes bad answers a Failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stagemill.oci import document as json
from stagemill.registry.auth import Authorizer
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Request, Response, TransportError, body
from stagemill.registry.failure import Failure
from stagemill.registry.retry import Sender

_MOST_ERROR = 1 << 16
_GOOD = frozenset({200, 206})


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
        url = endpoint.of(repository, *rest)
        try:
            used = self.authorizer.header(endpoint, repository)
            response = self._send(Request(url, method, headers), used)
            if response.status == 401:
                challenges = response.header("WWW-Authenticate")
                response.close()
                header = self.authorizer.renew(endpoint, repository, challenges=challenges, used=used)
                if not header:
                    raise Failure(endpoint, "refused", "it wants a login, or there is no such repository")
                response = self._send(Request(url, method, headers), header)
        except TransportError as error:
            raise Failure(endpoint, "unreachable", error.reason, hint=error.hint) from error
        if response.status in _GOOD:
            return response
        raise _bad(endpoint, response)

    def _send(self, request: Request, authorization: str) -> Response:
        headers = {**request.headers, "Authorization": authorization} if authorization else request.headers
        return self.sender.send(Request(request.url, request.method, headers))


def _bad(endpoint: Endpoint, response: Response) -> Failure:
    status = response.status
    wait = response.header("Retry-After")
    said = _said(response)
    words = f"status {status}" + (f", {said}" if said else "")
    if status in {401, 403}:
        return Failure(endpoint, "refused", words)
    if status == 404:
        return Failure(endpoint, "missing", said or "not found")
    if status == 429:
        when = f"wait {wait} seconds" if wait.isdigit() else "wait a while"
        hint = f"it answers only so many requests: {when}, log in, or name a mirror in config.toml"
        return Failure(endpoint, "answer", words, hint=hint)
    return Failure(endpoint, "answer", words)


def _said(response: Response) -> str:
    """The registry's own words. Source: OCI distribution-spec, "Error Codes"."""
    try:
        errors = json.objects(json.parse_object(body(response, limit=_MOST_ERROR), "the error"), "errors")
        return ", ".join(json.text(error, "message", "") or json.text(error, "code", "") for error in errors[:3])
    except (TransportError, json.MalformedError):
        return ""
