"""`admit`: shows a registry who somebody is, before that is kept. Source: OCI distribution-spec, "Determining Support"."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from stagemill.errors import RegistryError
from stagemill.registry import token
from stagemill.registry.challenge import parse
from stagemill.registry.credentials import Credentials
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Request, Response, TransportError
from stagemill.registry.failure import Failure
from stagemill.registry.retry import Sender
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """What to keep, which is an identity token where the registry gives one; `checked` unless it asks nobody who they are."""

    credentials: Credentials
    checked: bool


def admit(endpoint: Endpoint, sender: Sender, credentials: Credentials) -> Admission:
    """Raises Failure where the registry refuses, or is none; CancelledError."""
    response = _ask(endpoint, sender, "")
    if 200 <= response.status < 300:
        return Admission(credentials, checked=False)
    if response.status != 401:
        hint = "check the name: a registry answers at /v2/"
        reason = f"status {response.status}" + (", which is no registry's answer" if response.status == 404 else "")
        raise Failure(endpoint, "answer", reason, hint=hint, status=response.status)
    if not endpoint.said(response.url):
        host = urlsplit(response.url).netloc
        reason, hint = f"that somebody else is to be asked, {host}", f"log in there: stagemill login {host}"
        raise Failure(endpoint, "answer", reason, hint=hint, status=response.status)
    found = {challenge.scheme: challenge for challenge in reversed(parse(response.header("WWW-Authenticate")))}
    identity = ""
    if bearer := found.get("bearer"):
        given = token.fetch(endpoint, token.Wish(bearer, credentials=credentials, keep=True), sender.send)
        authorization, identity = f"Bearer {given.access}", given.identity
    elif "basic" in found:
        authorization = credentials.basic
    else:
        known = ", ".join(found) or "none"
        raise Failure(endpoint, "answer", f"with no way to log in that is known here ({known})", status=401)
    answer = _ask(endpoint, sender, authorization)
    if answer.status in {401, 403}:
        reason = f"it refused the login of {credentials.username} (status {answer.status})"
        raise Failure(endpoint, "refused", reason, status=answer.status)
    if not 200 <= answer.status < 300:
        raise Failure(endpoint, "answer", f"status {answer.status}", status=answer.status)
    kept = replace(credentials, password="", identity_token=identity) if identity else credentials
    return Admission(kept, checked=True)


def _ask(endpoint: Endpoint, sender: Sender, authorization: str) -> Response:
    """The registry's answer to who asks whether it is one; its body is not read."""
    headers = {"Authorization": authorization} if authorization else {}
    try:
        response = sender.send(Request(f"{endpoint.url}/", headers=headers))
    except TransportError as error:
        raise Failure(endpoint, "unreachable", error.reason, hint=error.hint, again=error.again) from error
    response.close()
    return response


def rejected(problem: Failure) -> RegistryError:
    """The error of a login that was not admitted."""
    name = problem.endpoint.name
    match problem.kind:
        case "unreachable":
            hint = problem.hint or "check the name, the network and the proxy settings"
            return RegistryError(f"cannot log in to {name}: {problem.reason}", hint=hint)
        case "refused":
            hint = "check name and password; many registries want a token in its place, made at their own pages"
            return RegistryError(f"{name} does not let you in: {problem.reason}", hint=hint)
        case _:
            hint = problem.hint or "try again later"
            return RegistryError(f"{name} answered {problem.reason} when asked for a login", hint=hint)
