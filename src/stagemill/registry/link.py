"""`Link`: the way to one repository that is written to: which address answers, and where an upload goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from urllib.parse import urljoin, urlsplit

from stagemill.oci.descriptor import Descriptor
from stagemill.oci.reference import Reference
from stagemill.registry.endpoint import Endpoint
from stagemill.registry.exchange import Payload, Request, Response
from stagemill.registry.failure import Failure
from stagemill.registry.retry import Sender
from stagemill.registry.session import Session
from stagemill.values import dataclass

_PATIENCE = 300.0  # seconds: a registry answers when it has put a large blob where it belongs


@dataclass(frozen=True, slots=True)
class Question:
    """A request before it is known which address it goes to: `rest` follows the repository, else `url` is a whole one.

    What is asked `once` is not repeated blindly after a disturbance.
    """

    method: str
    rest: tuple[str, ...] = ()
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: bytes | Payload | None = None
    once: bool = False


class Link:
    """Thread-safe. The first of the addresses that answers is the one from then on. All that fails is a Failure."""

    def __init__(
        self, reference: Reference, *, endpoints: Sequence[Endpoint], session: Session, actions: str = "pull,push"
    ) -> None:
        """`actions` are what somebody has to be allowed who uses it."""
        self.reference = reference
        self._actions = actions
        self._endpoints = tuple(endpoints)
        self._session = session

    @property
    def endpoint(self) -> Endpoint:
        return self._endpoints[0]

    @property
    def sender(self) -> Sender:
        return self._session.sender

    def exchange(self, question: Question) -> Response:
        """A good answer, which the caller closes. Raises Failure, CancelledError, and what the body raises."""
        for endpoint in self._endpoints[:-1]:
            try:
                response = self._exchange(endpoint, question)
            except Failure as problem:
                if problem.kind != "unreachable":
                    self._endpoints = (endpoint,)
                    raise
            else:
                self._endpoints = (endpoint,)
                return response
        self._endpoints = self._endpoints[-1:]
        return self._exchange(self._endpoints[0], question)

    def _exchange(self, endpoint: Endpoint, question: Question) -> Response:
        repository = self.reference.repository
        url = question.url or endpoint.of(repository, *question.rest)
        patience = _PATIENCE if question.method in {"PUT", "PATCH"} else None
        request = Request(url, question.method, question.headers, question.body, patience)
        return self._session.exchange(endpoint, repository, request, actions=self._actions, once=question.once)

    def tell(self, question: Question) -> Response:
        """The same for an answer without a body that matters: it is closed, its status and headers can be read."""
        response = self.exchange(question)
        response.close()
        return response

    def knows(self, descriptor: Descriptor) -> bool:
        """Whether the repository has a blob, of this size."""
        try:
            response = self.tell(Question("HEAD", ("blobs", descriptor.digest)))
        except Failure as problem:
            if problem.kind == "missing":
                return False
            raise
        return response.header("Content-Length") in {"", str(descriptor.size)}

    def begin(self, query: str = "", *, once: bool = False) -> Response:
        """The answer to the wish to upload a blob: 202 with a place for it, or 201 where the query did it already."""
        return self.tell(Question("POST", ("blobs", "uploads", query), headers={"Content-Length": "0"}, once=once))

    def place(self, response: Response) -> str:
        """Where an upload goes on."""
        given = response.header("Location")
        if not given:
            raise Failure(self.endpoint, "answer", f"status {response.status} without a place to send to")
        url = urljoin(self.endpoint.of(self.reference.repository, "blobs", "uploads", ""), given)
        return self.same_scheme(url)

    def same_scheme(self, url: str) -> str:
        """A URL that the registry gave, by https where it is asked so: behind a proxy it may not know that."""
        parts, own = urlsplit(url), urlsplit(self.endpoint.url)
        if parts.netloc == own.netloc and (parts.scheme, own.scheme) == ("http", "https"):
            return parts._replace(scheme="https").geturl()
        return url
