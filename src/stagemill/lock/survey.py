"""`Survey`: the pins of a plan that is made to write a lock, or to check one; it remembers what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Lock as Mutex
from typing import Protocol

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, SourceError
from stagemill.graph import operations
from stagemill.location import GitLocation, HttpLocation, Location
from stagemill.lock.entries import KINDS, Entry, LockedFile, LockedImage, LockedRepository, Variant
from stagemill.lock.kept import KeptLock
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.sources.refs import Found


class Asked(Protocol):
    """Who knows what names stand for now."""

    def here(self, name: Reference, platform: Platform | None) -> Digest | None:
        """What a build on this machine would take without asking a registry, if anything."""
        ...

    def there(self, name: Reference) -> Digest:
        """What the registry has. Raises NotFoundError, RegistryError."""
        ...

    def variant(self, name: Reference, platform: Platform) -> Variant:
        """The image for a platform, of a name with a digest. Raises NotFoundError where there is none for it."""
        ...

    def size(self, content: Digest) -> int:
        """The bytes of a file that was fetched."""
        ...


class Survey:
    """What the old lock has stays, unless `moves` says of an entry that it is to be asked for again.

    Without `asked` nobody is asked, and what the old lock has not raises NotLockedError. Thread-safe.
    """

    def __init__(
        self, old: KeptLock, asked: Asked | None, *, moves: Callable[[Entry], bool] = lambda _entry: False
    ) -> None:
        self._old = old
        self._asked = asked
        self._moves = moves
        self._guard = Mutex()
        self._mutexes: dict[str, Mutex] = {}
        self._tops: dict[str, Digest] = {}
        self._images: dict[str, dict[Platform, Digest]] = {}
        self._found: dict[tuple[str, str], Entry] = {}

    @property
    def name(self) -> str:
        """That of the lock's file."""
        return self._old.name

    def image(self, name: Reference, platform: Platform | None) -> Reference:
        """As the old lock has it, else as it is now. Raises NotLockedError, RegistryError."""
        entry = self._kept(self._old.lock.image(str(name)))
        if isinstance(entry, LockedImage):
            digest = entry.of(platform)
        elif self._asked is None:
            return self._old.image(name, platform)
        else:
            digest = name.digest or self._now(self._asked, name, platform)
        with self._guard:
            platforms = self._images.setdefault(str(name), {})
            if platform:
                platforms[platform] = digest
        return replace(name, digest=digest)

    def lost(self, name: Reference, error: NotFoundError) -> NotFoundError:
        """As a build that is held to the old lock would say it, of what that has."""
        return self._old.lost(name, error)

    def file(self, location: HttpLocation, checksum: Digest | None) -> Digest | None:
        """As above, unless the Dockerfile says another checksum by now. Raises NotLockedError, SourceError."""
        entry = self._kept(self._old.lock.file(location.url))
        stays = isinstance(entry, LockedFile) and checksum in {None, entry.digest}
        return self._old.file(location, checksum) if stays or self._asked is None else checksum

    def repository(self, location: GitLocation) -> Found | None:
        """As above."""
        entry = self._kept(self._old.lock.repository(location.remote, location.ref))
        stays = isinstance(entry, LockedRepository) and entry.fits(location.checksum)
        return self._old.repository(location) if stays or self._asked is None else None

    def changed(self, location: HttpLocation, found: Digest, wanted: Digest) -> SourceError | None:
        entry = self._kept(self._old.lock.file(location.url))
        locked = isinstance(entry, LockedFile) and entry.digest == wanted
        return self._old.changed(location, found, wanted) if locked else None

    def found(self, location: Location, found: operations.Http | operations.Git) -> None:
        """Remembers what a URL names."""
        if isinstance(location, HttpLocation):
            assert isinstance(found, operations.Http)
            old = self._old.lock.file(location.url)
            size = self._asked.size(found.content) if self._asked else old.size if old else 0
            self._remember(LockedFile(location.url, found.content, size))
        else:
            assert isinstance(found, operations.Git)
            said = location.checksum
            self._remember(LockedRepository(location.remote, location.ref, found.commit, found.ref, said))

    def _remember(self, entry: Entry) -> None:
        """Of two that say the same of a commit the one with a checksum counts."""
        with self._guard:
            before = self._found.get((KINDS[type(entry)], entry.key))
            if not (isinstance(before, LockedRepository) and before.checksum):
                self._found[KINDS[type(entry)], entry.key] = entry

    def _kept(self, entry: Entry | None) -> Entry | None:
        """An entry of the old lock that is not to move."""
        return None if entry is None or self._moves(entry) else entry

    def _now(self, asked: Asked, name: Reference, platform: Platform | None) -> Digest:
        """One that moves is asked for where others are; a new one is what a build would take here."""
        if self._old.lock.image(str(name)) is None and (here := asked.here(name, platform)):
            return here
        with self._guard:
            mutex = self._mutexes.setdefault(str(name), Mutex())
        with mutex:
            if str(name) not in self._tops:
                try:
                    self._tops[str(name)] = asked.there(name)
                except NotFoundError:
                    if here := asked.here(name, platform):
                        return here
                    raise
            return self._tops[str(name)]

    def entries(self) -> Iterator[Entry]:
        """All that was asked for and is known, with what is to be written of it. Raises RegistryError."""
        yield from self._found.values()
        for text, platforms in sorted(self._images.items()):
            old = self._old.lock.image(text)
            kept = self._kept(old)
            if self._asked is None:
                yield from [old] if old else []
            elif isinstance(kept, LockedImage):
                listed = {each.platform for each in kept.variants}
                more = {platform: digest for platform, digest in platforms.items() if platform.full not in listed}
                yield replace(kept, variants=(*kept.variants, *self._variants(self._asked, text, more)))
            else:
                yield self._moved(self._asked, text, platforms, old)

    def _moved(
        self, asked: Asked, text: str, platforms: Mapping[Platform, Digest], old: LockedImage | None
    ) -> LockedImage:
        """One that was asked for, with the platforms that the old entry had."""
        digests = sorted(set(platforms.values()))
        top = self._tops.get(text) or Reference.parse(text).digest or digests[0]
        before = {Platform.parse(each.platform): top for each in old.variants} if old else {}
        return LockedImage(text, top, tuple(self._variants(asked, text, {**before, **platforms})))

    def _variants(self, asked: Asked, text: str, platforms: Mapping[Platform, Digest]) -> Iterator[Variant]:
        """Those that there are; an image may be for fewer platforms than it was."""
        name = Reference.parse(text)
        for platform, digest in platforms.items():
            with suppress(NotFoundError):
                yield asked.variant(replace(name, digest=digest), platform)
