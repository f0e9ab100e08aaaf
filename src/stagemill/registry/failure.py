"""`Failure`, why one endpoint did not give what was asked for, and what a person is told when all of them failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from stagemill.errors import NotFoundError, RegistryError
from stagemill.oci.reference import Reference
from stagemill.registry.endpoint import Endpoint

Kind: TypeAlias = Literal["unreachable", "refused", "missing", "answer"]


class Failure(Exception):  # noqa: N818  # it is a fact about one endpoint; the error is made of all of them
    """`refused` is 401 or 403, `missing` 404, `answer` any other bad answer; `reason` is for people.

    `status` is 0 where there was no answer. `again` says whether it may pass, `wait` for how many seconds it was asked.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        kind: Kind,
        reason: str,
        *,
        hint: str | None = None,
        status: int = 0,
        again: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(reason)
        self.endpoint = endpoint
        self.kind = kind
        self.reason = reason
        self.hint = hint
        self.status = status
        self.again = again
        self.wait = wait


def rejection(reference: Reference, failure: Failure, *, what: str) -> RegistryError:
    """The error of `what` (a blob, a manifest) that a registry did not take."""
    name, thing = failure.endpoint.name, f"{what} for {reference.familiar}"
    if failure.kind == "refused":
        hint = f"it needs a login that may push to {reference.repository}: stagemill login {failure.endpoint.host} keeps one"
        return RegistryError(f"{name} does not take {thing}: {failure.reason}", hint=failure.hint or hint)
    if failure.kind == "unreachable":
        hint = failure.hint or "check the name, the network and the proxy settings"
        return RegistryError(f"cannot send {thing} to {name}: {failure.reason}", hint=hint)
    hint = failure.hint or "try again later; what has arrived whole is not sent again"
    return RegistryError(f"{name} answered {failure.reason} when it was sent {thing}", hint=hint)


def error(reference: Reference, failures: Sequence[Failure], *, what: str = "") -> RegistryError:
    """The error of an image, or of `what` in its repository. The registry's own answer counts more than a mirror's."""
    own = [failure for failure in failures if not failure.endpoint.mirror] or failures
    told = ([failure for failure in own if failure.kind != "unreachable"] or own)[-1]
    others = [f"{other.endpoint.name}: {other.reason}" for other in failures if other is not told]
    tail = f" (also tried {'; '.join(others)})" if others else ""
    name = told.endpoint.name
    if told.kind == "missing":
        thing = f"{what} of {reference.familiar}" if what else f"image {reference.familiar}"
        hint = told.hint or "look for a typing error in the name"
        return NotFoundError(f"there is no {thing} at {name}{tail}", hint=hint)
    thing = f"{what} of {reference.familiar}" if what else reference.familiar
    if told.kind == "refused":
        message = f"{name} does not give out {thing}: {told.reason}{tail}"
        return RegistryError(message, hint=told.hint or _login(told.endpoint))
    if told.kind == "unreachable":
        message = f"cannot reach {name} for {thing}: {told.reason}{tail}"
        return RegistryError(message, hint=told.hint or _network(reference))
    hint = told.hint or "try again later, or name a mirror in config.toml"
    return RegistryError(f"{name} answered {told.reason} when asked for {thing}{tail}", hint=hint)


def _login(endpoint: Endpoint) -> str:
    return f"the image does not exist, or needs a login: stagemill login {endpoint.host} keeps one"


def another_login(endpoint: Endpoint) -> str:
    """What to do where a login was refused."""
    return f"a name or password is wrong, or expired: stagemill login {endpoint.host} keeps others"


def _network(reference: Reference) -> str:
    return (
        "check the name, the network and the proxy settings; a mirror can be named in config.toml:"
        f' [registry."{reference.registry}"] mirrors = ["host:port"]'
    )
