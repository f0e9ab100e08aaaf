"""`Repository`: one repository of a registry, seen through the registry's mirrors and itself; a BlobSource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from stagemill.digest import Digest
from stagemill.errors import RegistryError
from stagemill.oci import document as json
from stagemill.oci.blobs import Reader
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.oci.verify import VerifyingReader
from stagemill.registry import failure
from stagemill.registry.download import Download
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Response, TransportError, body
from stagemill.registry.failure import Failure
from stagemill.registry.heads import Heads
from stagemill.registry.session import Session
from stagemill.values import dataclass

_MOST_TAGS = 4 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """A good response, and who gave it."""

    response: Response
    endpoint: Endpoint

    def body(self, *, limit: int, what: str) -> bytes:
        """The whole of a small body, and the response closed. Raises RegistryError."""
        try:
            return body(self.response, limit=limit)
        except TransportError as error:
            raise _broken(error, what=what, endpoint=self.endpoint) from error


@dataclass(frozen=True, slots=True)
class _After:
    """One reader, and then another."""

    first: Reader
    second: Reader

    def read(self, size: int, /) -> bytes:
        return self.first.read(size) or self.second.read(size)


class _Nothing:
    def read(self, _size: int, /) -> bytes:
        return b""


_NOTHING = _Nothing()


class Repository:
    """Asks each endpoint in order until one has an answer. Those in `unreachable`, which is shared, come last."""

    def __init__(
        self,
        reference: Reference,
        *,
        endpoints: tuple[Endpoint, ...],
        session: Session,
        unreachable: set[Endpoint],
        heads: Heads,
    ) -> None:
        self.reference = reference
        self._endpoints = endpoints
        self._session = session
        self._unreachable = unreachable
        self._heads = heads

    def ask(self, *rest: str, method: str = "GET", headers: Mapping[str, str] | None = None, what: str = "") -> Answer:
        """The first good answer, which the caller closes. Raises RegistryError that tells of all endpoints."""
        failures: list[Failure] = []
        answered: set[str] = set()  # plain http, in the clear, is for who cannot be reached by https
        for endpoint in sorted(self._endpoints, key=self._unreachable.__contains__):
            if endpoint.name in answered:
                continue
            try:
                response = self._session.ask(
                    endpoint, self.reference.repository, *rest, method=method, headers=headers or {}
                )
            except Failure as problem:
                failures.append(problem)
                if problem.kind == "unreachable":
                    self._unreachable.add(endpoint)
                else:
                    answered.add(endpoint.name)
            else:
                return Answer(response, endpoint)
        raise failure.error(self.reference, failures, what=what) from failures[-1]

    def heard(self, digest: Digest, answer: Answer) -> None:
        """Remembers what the reference stands for."""
        endpoint = answer.endpoint
        first = endpoint == self._endpoints[0]
        login = bool(self._session.authorizer.header(endpoint, self.reference.repository))
        url = answer.response.url
        self._heads.add(self.reference, digest, url=url, endpoint=endpoint, first=first, login=login)

    def open(self, descriptor: Descriptor, /) -> AbstractContextManager[Reader]:
        """The blob's bytes, verified. A transfer that breaks goes on where it was, if need be from another endpoint."""
        return self.resume(descriptor, _NOTHING, 0)

    @contextmanager
    def resume(self, descriptor: Descriptor, kept: Reader, size: int, /) -> Iterator[Reader]:
        """The same where the first `size` bytes are there already; nothing is asked for where those are all."""
        what = f"blob {descriptor.digest}"
        giver: list[Endpoint] = []

        def connect(offset: int) -> Response:
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            answer = self.ask("blobs", descriptor.digest, headers=headers, what=what)
            giver.append(answer.endpoint)
            return answer.response

        def fail(error: TransportError) -> RegistryError:
            return _broken(error, what=f"{what} of {self.reference.familiar}", endpoint=giver[-1])

        download = Download(connect, start=size, size=descriptor.size, sender=self._session.sender, fail=fail)
        where = (giver or self._endpoints)[-1].name
        try:
            yield VerifyingReader(_After(kept, download), descriptor, where=where)
        finally:
            download.close()

    def tags(self) -> tuple[str, ...]:
        """Some of the repository's tags. Raises RegistryError."""
        what = "the list of tags"
        data = self.ask("tags", "list?n=1000", what=what).body(limit=_MOST_TAGS, what=what)
        try:
            return json.texts(json.parse_object(data, what), "tags")
        except json.MalformedError as error:
            raise RegistryError(f"the tags of {self.reference.repository} cannot be read: {error}") from error


def _broken(error: TransportError, *, what: str, endpoint: Endpoint) -> RegistryError:
    hint = error.hint or "try again; what has arrived whole is kept"
    return RegistryError(f"cannot read {what} from {endpoint.name}: {error.reason}", hint=hint)
