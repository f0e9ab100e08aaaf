"""`RegistryClient`: finds images by name and reads their blobs, from mirrors and registries, and writes to registries.

Source: OCI distribution-spec, "Pull" and "Push". One client serves a whole build and all its threads. Nothing is connected,
and no HTTP library loaded, before something is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event, Lock
from typing import TYPE_CHECKING, Self

import stagemill
from stagemill.digest import Digest
from stagemill.errors import NotFoundError
from stagemill.oci.blobs import BlobSource
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.image import Image
from stagemill.oci.image_index import AnyImage
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.registry import failure, login, lookup, referrers
from stagemill.registry.auth import Authorizer
from stagemill.registry.bare import BareTransport
from stagemill.registry.config import RegistryConfig
from stagemill.registry.credentials import Credentials
from stagemill.registry.deletion import Gone, delete
from stagemill.registry.destination import Destination
from stagemill.registry.documents import Document, Shelf
from stagemill.registry.endpoint import Endpoint, endpoints, own_endpoints
from stagemill.registry.exchange import REDIRECTS, Request, Response
from stagemill.registry.failure import Failure
from stagemill.registry.heads import Heads
from stagemill.registry.link import Link
from stagemill.registry.login import Admission
from stagemill.registry.repository import Repository
from stagemill.registry.retry import Retries, Sender
from stagemill.registry.session import Session
from stagemill.registry.tags import all_tags

if TYPE_CHECKING:
    from stagemill.registry.transport import Transport

_SLICE = 0.1
_RETRIES = Retries()


def never() -> bool:
    """Nobody cancels."""
    return False


class RegistryClient:
    """Reads from registries, and writes to them. `sleep` waits between attempts; `cancelled` is asked before requests and while reading.

    `close` ends what is under way, from any thread: whoever waits for bytes gets CancelledError. `sender` is for requests to
    others than registries, over the same connections and with the same patience.
    """

    def __init__(
        self,
        config: RegistryConfig,
        *,
        user_agent: str = f"stagemill/{stagemill.__version__}",
        retries: Retries = _RETRIES,
        sleep: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] = never,
    ) -> None:
        self._config = config
        self._user_agent = user_agent
        self._cancelled = cancelled
        self._closed = Event()
        self._lock = Lock()
        self._bare = BareTransport(user_agent=user_agent)
        self._transport: Transport | None = None
        self._unreachable: set[Endpoint] = set()
        self.sender = Sender(self._send, retries, sleep or self._pause, self._stopped)
        self.heads = Heads(config)
        self._session = Session(self.sender, Authorizer(send=self.sender.send, credentials=config.credentials))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Nothing is sent any more, and no stream goes on."""
        self._closed.set()
        with self._lock:
            transport = self._transport
        self._bare.close()
        if transport:
            transport.close()

    def head(self, reference: Reference) -> Digest | None:
        """The digest that a name has now, at the price of one small request; None where the registry does not say.

        Raises NotFoundError and RegistryError with hints.
        """
        return lookup.head(self._repository(reference))

    def resolve(self, reference: Reference, platform: Platform | None, *, shelf: Shelf | None = None) -> Image:
        """The image for a platform; None takes this machine's, or the only one there is.

        Documents that the `shelf` has are not fetched, and those that were are put there. Raises NotFoundError (no
        such image, or none for the platform), CorruptError and RegistryError, all with hints, and CancelledError.
        """
        return lookup.resolve(self._repository(reference), platform, shelf=shelf or lookup.Empty())

    def whole(self, reference: Reference, image: Image, *, shelf: Shelf | None = None) -> AnyImage:
        """A resolved image with what is said of it in the index that its name stands for; without where the index has other
        images too. Raises as `resolve` does.
        """
        return lookup.whole(self._repository(reference), image, shelf=shelf or lookup.Empty())

    def platforms(self, reference: Reference, *, shelf: Shelf | None = None) -> tuple[Platform, ...]:
        """For which there is an image of this name, in the order of its index. Raises as `resolve` does."""
        return lookup.platforms(self._repository(reference), shelf=shelf or lookup.Empty())

    def document(self, reference: Reference, digest: Digest | None = None) -> Document:
        """What a name stands for, or the manifest with this digest in its repository, whatever it is of. Raises as `resolve`."""
        return lookup.document(self._repository(reference), digest or reference.digest, shelf=lookup.Empty())

    def referrers(self, reference: Reference, subject: Digest, *, kind: str = "") -> tuple[Descriptor, ...]:
        """The manifests that say something of the one with this digest in the reference's repository; of one `kind`, their
        artifact type, where that is given. Raises as `resolve` does.
        """
        return referrers.of(self._repository(reference), subject, kind=kind)

    def blobs(self, reference: Reference) -> BlobSource:
        """The blobs of the repository; streams may be read by several threads, each its own."""
        return self._repository(reference)

    def tags(self, reference: Reference) -> tuple[str, ...]:
        """All tags that the registry itself has in the repository, sorted. Raises NotFoundError and RegistryError."""
        link = self._link(reference, "pull")
        try:
            return tuple(sorted(all_tags(link)))
        except Failure as problem:
            bare = Reference(reference.registry, reference.repository)
            if problem.kind == "missing":
                hint = problem.hint or "look for a typing error in the name"
                message = f"there is no repository {bare.familiar} at {problem.endpoint.name}"
                raise NotFoundError(message, hint=hint) from problem
            raise failure.error(bare, [problem], what="the list of tags") from problem

    def delete(self, reference: Reference) -> Gone:
        """The registry does not have the tag, or the manifest of the digest, any more. Raises RegistryError."""
        return delete(self._link(reference, "pull,delete"))

    def destination(self, reference: Reference) -> Destination:
        """The repository as a place to write to; several threads may."""
        return Destination(self._link(reference, "pull,push"))

    def log_in(self, host: str, credentials: Credentials) -> Admission:
        """Asks a registry whether it knows these, and says what to keep of them. Raises RegistryError, CancelledError."""
        *others, last = own_endpoints(self._config, host)
        for endpoint in others:
            try:
                return login.admit(endpoint, self._session.sender, credentials)
            except Failure as problem:
                if problem.kind != "unreachable":
                    raise login.rejected(problem) from problem
        try:
            return login.admit(last, self._session.sender, credentials)
        except Failure as problem:
            raise login.rejected(problem) from problem

    def _link(self, reference: Reference, actions: str) -> Link:
        places = own_endpoints(self._config, reference.registry)
        return Link(reference, endpoints=places, session=self._session, actions=actions)

    def _repository(self, reference: Reference) -> Repository:
        places = endpoints(self._config, reference.registry)
        return Repository(
            reference, endpoints=places, session=self._session, unreachable=self._unreachable, heads=self.heads
        )

    def _send(self, request: Request) -> Response:
        answered = None
        if self._transport is None and not self._config.proxies.for_url(request.url):
            answered = self._bare.send(request)
            if answered is not None and answered.status not in REDIRECTS:
                return answered
        with self._lock:
            if self._transport is None:
                from stagemill.registry.transport import Transport  # noqa: PLC0415  # loads urllib3: only when needed

                self._transport = Transport(
                    user_agent=self._user_agent, proxies=self._config.proxies, settings=self._config.settings
                )
            transport = self._transport
        return transport.send(request, answered=answered)

    def _stopped(self) -> bool:
        return self._closed.is_set() or self._cancelled()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopped() and (left := end - time.monotonic()) > 0:
            self._closed.wait(min(left, _SLICE))
