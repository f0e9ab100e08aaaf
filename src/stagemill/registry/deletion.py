"""`delete`: takes manifests and tags out of a repository. Source: OCI distribution-spec, "Content Management"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, RegistryError
from stagemill.oci.reference import Reference
from stagemill.registry import tags
from stagemill.registry.documents import ACCEPT
from stagemill.registry.failure import Failure, error
from stagemill.registry.link import Link, Question

Gone: TypeAlias = Literal["tag", "manifest"]
"""What a deletion took away: the tag alone, or the manifest with all of its tags."""

_NO_SUCH_METHOD = frozenset({400, 404, 405, 501})
"""How registries answer that delete no tags, or nothing at all."""


def delete(link: Link) -> Gone:
    """The registry does not have the tag, or the manifest with the digest, that the link's reference names.

    A registry that deletes no tag alone is asked to delete its manifest, unless that has other tags. Raises RegistryError.
    """
    reference = link.reference
    with _told(link):
        if reference.digest:
            link.tell(Question("DELETE", ("manifests", reference.digest)))
            return "manifest"
        digest = _digest(link, reference.tag)
        if digest is None:
            raise NotFoundError(
                f"there is no image {reference.familiar} at {link.endpoint.name}",
                hint=f"stagemill tags {_repository(reference)} lists those there are",
            )
        try:
            link.tell(Question("DELETE", ("manifests", reference.tag)))
        except Failure as problem:
            if problem.status not in _NO_SUCH_METHOD:
                raise
        else:
            return "tag"
        if others := [tag for tag in tags.all_tags(link) if tag != reference.tag and _digest(link, tag) == digest]:
            known = ", ".join(others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
            message = f"{link.endpoint.name} deletes no tag alone, and {reference.familiar} is also {known}"
            hint = f"stagemill delete {_repository(reference)}@{digest} deletes the image with all of its tags"
            raise RegistryError(message, hint=hint)
        link.tell(Question("DELETE", ("manifests", digest)))
        return "manifest"


def _repository(reference: Reference) -> str:
    return reference.familiar.removesuffix(f":{reference.tag}")


def _digest(link: Link, name: str) -> Digest | None:
    try:
        response = link.tell(Question("HEAD", ("manifests", name), headers={"Accept": ACCEPT}))
    except Failure as problem:
        if problem.kind == "missing":
            return None
        raise
    try:
        return Digest(response.header("Docker-Content-Digest"))
    except ValueError as wrong:
        raise Failure(link.endpoint, "answer", "without the digest of the image") from wrong


@contextmanager
def _told(link: Link) -> Iterator[None]:
    reference, name = link.reference, link.endpoint.name
    try:
        yield
    except Failure as problem:
        if problem.status in {405, 501} or (problem.status == 400 and not reference.digest):
            hint = (
                "its owner has to allow it (docker-registry: storage.delete.enabled), or use the registry's own pages"
            )
            message = f"{name} does not delete images: {problem.reason} for {reference.familiar}"
            raise RegistryError(message, hint=hint) from problem
        if problem.kind == "refused":
            hint = f"it needs a login that may delete in {reference.repository}: stagemill login {link.endpoint.host} keeps one"
            message = f"{name} does not delete {reference.familiar}: {problem.reason}"
            raise RegistryError(message, hint=problem.hint or hint) from problem
        raise error(reference, [problem]) from problem
