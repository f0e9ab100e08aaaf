"""Referrers: manifests that say something of another one, their subject, and how a registry is asked for them.

Source: OCI distribution-spec, "Listing Referrers", and "Referrers Tag Schema" for registries that keep no list: there the list
is an index under a tag that is made of the subject's digest, and whoever adds to it reads, changes and writes it.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urljoin, urlsplit

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, RegistryError
from stagemill.oci import document as json
from stagemill.oci import media_types
from stagemill.oci.descriptor import Descriptor
from stagemill.regex import regex
from stagemill.registry.documents import MOST_BYTES
from stagemill.registry.exchange import TransportError, body
from stagemill.registry.failure import Failure
from stagemill.registry.link import Link, Question
from stagemill.registry.repository import Repository

_ACCEPT = {"Accept": media_types.INDEX}
_NEXT = regex(r'<([^<>]+)>\s*;\s*rel="?next"?')
_MOST_PAGES = 100
_ATTEMPTS = 8
_PAUSE = 0.25  # seconds: who writes the list at the same moment has done so by then
_CHANGED = 412


def tag(subject: Digest) -> str:
    """Under which a registry without lists has that of a manifest."""
    return f"sha256-{subject.hex}"


def of(repository: Repository, subject: Digest, *, kind: str = "") -> tuple[Descriptor, ...]:
    """What the registry lists, else what the index under the tag does; of one artifact type where it is given. Each once."""
    try:
        pages = list(_pages(repository, subject, kind))
    except NotFoundError:
        pages = []
    if not pages:
        pages = list(_tagged(repository, subject))
    found: dict[Digest, Descriptor] = {}
    for page in pages:
        for entry in _entries(page, repository):
            found.setdefault(entry.digest, entry)
    return tuple(entry for entry in found.values() if not kind or entry.artifact_type == kind)


def _pages(repository: Repository, subject: Digest, kind: str) -> Iterator[bytes]:
    """The registry's own list. Nothing where it answers with something else: it does not know the question."""
    what = "the list of referrers"
    query = f"?artifactType={quote(kind, safe='')}" if kind else ""
    for _ in range(_MOST_PAGES):
        answer = repository.ask("referrers", f"{subject}{query}", headers=_ACCEPT, what=what)
        kept, more = answer.response.header("Content-Type"), answer.response.header("Link")
        data = answer.body(limit=MOST_BYTES, what=what)
        if kept.partition(";")[0].strip() != media_types.INDEX:
            return
        yield data
        following = _NEXT.search(more)
        if following is None:
            return
        query = f"?{urlsplit(urljoin(answer.endpoint.url, following[1])).query}"


def _tagged(repository: Repository, subject: Digest) -> Iterator[bytes]:
    what = "the list of referrers"
    try:
        yield repository.ask("manifests", tag(subject), headers=_ACCEPT, what=what).body(limit=MOST_BYTES, what=what)
    except NotFoundError:
        return


def _entries(data: bytes, repository: Repository) -> Iterator[Descriptor]:
    """Those that have a digest of the kind that we have."""
    try:
        for entry in json.objects(json.parse_object(data, "the list of referrers"), "manifests"):
            if json.text(entry, "digest", "").startswith("sha256:"):
                yield Descriptor.from_json(entry)
    except json.MalformedError as error:
        message = f"the referrers in {repository.reference.repository} cannot be read: {error}"
        raise RegistryError(message, hint="what wrote the list is broken") from error


def enlist(link: Link, subject: Digest, entries: Sequence[Descriptor]) -> None:
    """The index under the subject's tag has these entries, and all that it had.

    What was seen once is written again where somebody who writes at the same moment left it out; a registry that knows
    conditions lets nobody. Raises Failure.
    """
    ours = {str(entry.digest): entry.to_json() for entry in entries}
    seen: dict[str, json.JsonObject] = {}
    for _ in range(_ATTEMPTS):
        document, etag = _read(link, subject)
        there = {json.text(entry, "digest"): entry for entry in json.objects(document, "manifests")}
        seen |= there
        if there.keys() >= {*ours, *seen}:
            return
        _write(link, subject, {**document, "manifests": list({**seen, **ours}.values())}, etag)
        link.sender.pause(_PAUSE)
    raise Failure(link.endpoint, "answer", f"with another list each of {_ATTEMPTS} times", again=True)


def _read(link: Link, subject: Digest) -> tuple[json.JsonObject, str]:
    """The index as it is, unknown fields and all, and the mark of this state; an empty one where there is none."""
    empty: json.JsonObject = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": []}
    try:
        response = link.exchange(Question("GET", ("manifests", tag(subject)), headers=_ACCEPT))
        data = body(response, limit=MOST_BYTES)
        return json.parse_object(data, "the list of referrers"), response.header("ETag")
    except Failure as problem:
        if problem.kind != "missing":
            raise
        return empty, ""
    except (TransportError, json.MalformedError) as error:
        raise Failure(link.endpoint, "answer", f"a list of referrers that cannot be read: {error}") from error


def _write(link: Link, subject: Digest, document: json.JsonObject, etag: str) -> None:
    """Writes it unless it was changed since it was read, as far as the registry knows of conditions."""
    headers: Mapping[str, str] = {"Content-Type": media_types.INDEX, **({"If-Match": etag} if etag else {})}
    data = json_module.dumps(document, indent=2).encode()
    try:
        link.tell(Question("PUT", ("manifests", tag(subject)), headers=headers, body=data))
    except Failure as problem:
        if problem.status != _CHANGED:
            raise
