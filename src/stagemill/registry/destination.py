"""`Destination`: one repository of a registry as a place that blobs and manifests are sent to.

Source: OCI distribution-spec, "Push". Mirrors are for reading, so only the registry itself is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias
from urllib.parse import quote

from stagemill.digest import Digest
from stagemill.errors import RegistryError
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry import referrers
from stagemill.registry.documents import ACCEPT
from stagemill.registry.exchange import Response
from stagemill.registry.failure import Failure, rejection
from stagemill.registry.link import Link, Question
from stagemill.registry.upload import Upload

Way: TypeAlias = Literal["there", "mounted", "sent"]
"""How a blob came to be in a repository: it was there before, another repository of the registry had it, or it was sent."""


class Destination:
    """Thread-safe; errors are RegistryError with a hint, and CancelledError."""

    def __init__(self, link: Link) -> None:
        self._link = link

    @property
    def reference(self) -> Reference:
        return self._link.reference

    def has(self, descriptor: Descriptor, /) -> bool:
        """Whether the repository has the blob; at the price of a small request."""
        with self._told(f"blob {descriptor.digest}"):
            return self._link.knows(descriptor)

    def send(self, descriptor: Descriptor, source: BlobSource, *, mounts: Iterable[str] = ()) -> Way:
        """The repository has the blob afterwards.

        The source is read only where neither this one nor the registry's other repositories that `mounts` names have it.
        What breaks off goes on from where the registry has it. Raises what the source raises, too.
        """
        with self._told(f"blob {descriptor.digest}"):
            if self._link.knows(descriptor):
                return "there"
            place = ""
            for other in mounts:
                place = self._mount(descriptor, other)
                if not place:
                    return "mounted"
            return "sent" if Upload(self._link, descriptor, source, place=place).run() else "there"

    def _mount(self, descriptor: Descriptor, other: str) -> str:
        """Takes a blob over from another repository; where that one does not give it, the place to send it to."""
        try:
            response = self._link.begin(f"?mount={descriptor.digest}&from={quote(other, safe='')}")
        except Failure as problem:
            if problem.kind not in {"refused", "missing"}:
                raise
            response = self._link.begin()  # it is the other one that may not be read
        return "" if response.status == 201 else self._link.place(response)

    def put_manifest(self, data: bytes, *, media_type: str, name: str | Digest) -> None:
        """The repository has a manifest or index under a tag, or its digest. All that it names has to be there before."""
        self._put(data, media_type=media_type, name=name)

    def put_referrer(self, data: bytes, entry: Descriptor, *, subject: Digest) -> bool:
        """The repository has a manifest that says something of its `subject`, by its digest.

        Whether the registry lists it by itself; where it does not, `enlist` does. Source: OCI distribution-spec, "Pushing
        Manifests with Subject".
        """
        response = self._put(data, media_type=entry.media_type, name=entry.digest)
        return response.header("OCI-Subject") == subject

    def enlist(self, subject: Digest, entries: Sequence[Descriptor]) -> None:
        """The list of what is said of a manifest has these too, in a registry that keeps none by itself."""
        with self._told("the list of referrers"):
            referrers.enlist(self._link, subject, entries)

    def _put(self, data: bytes, *, media_type: str, name: str | Digest) -> Response:
        digest = Digest.of(data)
        with self._told("the manifest"):
            question = Question("PUT", ("manifests", name), headers={"Content-Type": media_type}, body=data)
            response = self._link.tell(question)
        found = response.header("Docker-Content-Digest")
        if found not in {"", digest}:
            where = self._link.endpoint.name
            message = f"{where} keeps the manifest of {self.reference.familiar} as {found}, not as {digest}"
            raise RegistryError(message, hint="the registry changes what it is sent: update it, or use another one")
        return response

    def find_manifest(self, name: str | Digest) -> Digest | None:
        """What a tag or digest names in the repository; None where it names nothing, or the registry does not say."""
        with self._told("the manifest"):
            try:
                response = self._link.tell(Question("HEAD", ("manifests", name), headers={"Accept": ACCEPT}))
            except Failure as problem:
                if problem.kind == "missing":
                    return None
                raise
        try:
            return Digest(response.header("Docker-Content-Digest"))
        except ValueError:
            return None

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except Failure as problem:
            raise rejection(self.reference, problem, what=what) from problem
