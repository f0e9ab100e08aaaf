"""`HttpSource`: files at URLs, kept in the store by their digest, and asked for again only if they have changed.

Source: RFC 9110, sections 8.8 (validators) and 13.1 (preconditions); what counts of a file is as in BuildKit's http source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

from stagemill.digest import Digest
from stagemill.errors import MismatchError, NotFoundError, SourceError
from stagemill.graph.operations import Http
from stagemill.location import HttpLocation
from stagemill.registry.exchange import Request, Response, TransportError
from stagemill.registry.retry import Sender
from stagemill.sources.authorization import Authorizations
from stagemill.store.downloads import Download
from stagemill.store.store import Store
from stagemill.values import dataclass

_CHUNK = 1 << 18
_LARGEST_TIME = 1 << 33  # seconds since the epoch; ext4 ends a little later


@dataclass(frozen=True, slots=True)
class HttpSource:
    """Thread-safe. `limit` is the most bytes that a file may have, None for any number."""

    store: Store
    sender: Sender
    authorizations: Authorizations
    limit: int | None = None

    def resolve(self, location: HttpLocation, *, checksum: Digest | None, progress: Progress) -> Http:
        """What the URL holds now; it is in the store afterwards.

        With a checksum that the store has nothing is asked. Raises SourceError, StoreError and CancelledError.
        """
        known = self._known(location)
        if checksum and self._has(checksum):
            return _pinned(location, known if known and known.content == checksum else Download(checksum, "", ""))
        if checksum and known and known.content != checksum:
            known = None
        found = self._fetch(location, known, checksum, progress=progress)
        return _pinned(location, found)

    def fetch(self, op: Http, *, progress: Progress) -> None:
        """The file is in the store afterwards. Raises SourceError where the URL has another one by now."""
        if not self._has(op.content):
            self._fetch(HttpLocation(op.url, op.login), None, op.content, progress=progress)

    def _known(self, location: HttpLocation) -> Download | None:
        """What is known of the URL, if the file is still here."""
        known = self.store.downloads.get(location.url)
        return known if known and self._has(known.content) else None

    def _has(self, content: Digest) -> bool:
        try:
            self.store.blobs.size(content)
            self.store.blobs.touch(content)
        except NotFoundError:
            return False
        return True

    def _fetch(
        self, location: HttpLocation, known: Download | None, checksum: Digest | None, *, progress: Progress
    ) -> Download:
        """Asks, and asks again where the answer breaks off; each time from the beginning, for it may be another file."""
        delays = self.sender.retries.delays()
        while True:
            response = self._ask(location, known)
            try:
                if _is_unchanged(response, known):
                    assert known
                    return known
                found = self._save(location, response, checksum, progress=progress)
            except TransportError as error:
                self.sender.check()
                delay = next(delays, None)
                if delay is None or not error.again:
                    raise _unreachable(location, error) from error
                self.sender.pause(delay)
            else:
                self.store.downloads.put(location.url, found)
                return found
            finally:
                response.close()

    def _ask(self, location: HttpLocation, known: Download | None) -> Response:
        """An answer that has the file, or says that it is the known one. Raises SourceError for any other."""
        headers = {"Accept": "*/*"}
        if authorization := self.authorizations.http(location.host, location.login):
            headers["Authorization"] = authorization
        if known and known.etag:
            headers["If-None-Match"] = known.etag
        elif known and known.modified:
            headers["If-Modified-Since"] = known.modified
        try:
            response = self.sender.send(Request(location.url, headers=headers))
        except TransportError as error:
            raise _unreachable(location, error) from error
        if response.status == 200 or (response.status == 304 and known):
            return response
        response.close()
        raise _refused(location, response.status, headers)

    def _save(
        self, location: HttpLocation, response: Response, checksum: Digest | None, *, progress: Progress
    ) -> Download:
        length = response.header("Content-Length")
        total = int(length) if length.isascii() and length.isdigit() else None
        self._check_size(location, total or 0)
        with self.store.blobs.writer() as writer:
            while data := response.read(_CHUNK):
                self.sender.check()
                writer.write(data)
                self._check_size(location, writer.size)
                progress(writer.size, total)
            if checksum and writer.digest != checksum:
                hint = "correct --checksum if the new file is meant, else find out who changed it"
                message = f"digest mismatch for {location}: it is {writer.digest}, expected {checksum}"
                raise MismatchError(message, found=writer.digest, wanted=checksum, hint=hint)
            content, _ = writer.commit()
        return Download(content, response.header("ETag"), response.header("Last-Modified"))

    def _check_size(self, location: HttpLocation, size: int) -> None:
        if self.limit is not None and size > self.limit:
            raise SourceError(
                f"{location} is larger than {self.limit} bytes", hint="raise limit in [download] of config.toml"
            )


Progress = Callable[[int, int | None], None]
"""Called with the bytes that came, and all that there are if the server says so."""


def _pinned(location: HttpLocation, found: Download) -> Http:
    return Http(found.content, location.name, location.url, location.login, _seconds(found.modified))


def _seconds(modified: str) -> int:
    """Seconds since the epoch; 0 where there is no time that a file can have."""
    try:
        seconds = int(parsedate_to_datetime(modified).timestamp()) if modified else 0
    except (ValueError, OverflowError):
        return 0
    return seconds if 0 <= seconds < _LARGEST_TIME else 0


def _is_unchanged(response: Response, known: Download | None) -> bool:
    """Some servers send the whole file with the ETag that they were asked about; its body is not needed."""
    if known is None:
        return False
    return response.status == 304 or bool(known.etag and _strong(response.header("ETag")) == _strong(known.etag))


def _strong(etag: str) -> str:
    return etag.removeprefix("W/")


def _unreachable(location: HttpLocation, error: TransportError) -> SourceError:
    hint = error.hint or "check the URL, the network and the proxy settings"
    return SourceError(f"cannot fetch {location}: {error.reason}", hint=hint)


def _refused(location: HttpLocation, status: int, headers: Mapping[str, str]) -> SourceError:
    name = f"HTTP_AUTH_TOKEN_{location.host}"
    match status:
        case 404 | 410:
            return SourceError(f"there is nothing at {location} (status {status})", hint="correct the URL")
        case 401 | 403 if "Authorization" in headers:
            hint = f"check the secret {name} or HTTP_AUTH_HEADER_{location.host}"
            return SourceError(f"{location} was refused in spite of a login (status {status})", hint=hint)
        case 401 | 403:
            hint = f"it may want a token: --secret id={name},env=VARIABLE"
            return SourceError(f"{location} was refused (status {status})", hint=hint)
        case _:
            return SourceError(f"{location} was answered with status {status}", hint="try again later")
