"""What a lock is made of: the old one as far as it goes, and what names stand for now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from stagemill.digest import Digest
from stagemill.errors import NotFoundError, NotLockedError, SourceError
from stagemill.graph.operations import Git, Http
from stagemill.location import GitLocation, HttpLocation, parse
from stagemill.lock.entries import Entry, Lock, LockedFile, LockedImage, LockedRepository, Variant
from stagemill.lock.kept import KeptLock, Remedy
from stagemill.lock.survey import Survey
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.sources.refs import Found

ALPINE = "docker.io/library/alpine:3.20"
AMD64, ARM64, RISCV = (Platform("linux", name) for name in ("amd64", "arm64", "riscv64"))
OLD, NEW, HERE = Digest.of(b"old"), Digest.of(b"new"), Digest.of(b"here")
COMMIT = "ab" * 20


def made(digest: Digest, platform: Platform) -> Variant:
    """The variant that an index of this digest has."""
    return Variant(platform.full, Digest.of(f"{digest} {platform}".encode()), 7, "2024-01-01T00:00:00Z")


@dataclass
class Registry:
    """What names stand for there and here, and who asked. No index has an image for riscv64."""

    names: dict[str, Digest] = field(default_factory=lambda: {ALPINE: NEW})
    local: dict[str, Digest] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def here(self, name: Reference, platform: Platform | None) -> Digest | None:
        return self.local.get(f"{name} {platform}") or self.local.get(str(name))

    def there(self, name: Reference) -> Digest:
        self.asked.append(str(name))
        if str(name) not in self.names:
            raise NotFoundError(f"there is no {name}")
        return self.names[str(name)]

    def variant(self, name: Reference, platform: Platform) -> Variant:
        assert name.digest
        if platform == RISCV:
            raise NotFoundError("there is none")
        return made(name.digest, platform)

    def size(self, content: Digest) -> int:
        return len(content)


@pytest.fixture
def registry() -> Registry:
    return Registry()


def survey(registry: Registry | None, *old: Entry, moves: Callable[[Entry], bool] = lambda _: False) -> Survey:
    return Survey(KeptLock(Lock(old), "stagemill.lock", Remedy()), registry, moves=moves)


def image(found: Survey, *platforms: Platform, name: str = ALPINE) -> list[Digest | None]:
    return [found.image(Reference.parse(name), platform).digest for platform in platforms]


def git(text: str) -> GitLocation:
    found = parse(text)
    assert isinstance(found, GitLocation)
    return found


class TestNewImages:
    def test_are_asked_for_once_whatever_they_are_for(self, registry: Registry) -> None:
        found = survey(registry)

        assert image(found, AMD64, ARM64) == [NEW, NEW]
        assert registry.asked == [ALPINE]
        assert list(found.entries()) == [LockedImage(ALPINE, NEW, (made(NEW, AMD64), made(NEW, ARM64)))]

    def test_are_what_a_build_would_take_from_the_store(self, registry: Registry) -> None:
        registry.local = {f"{ALPINE} {AMD64}": HERE}
        found = survey(registry)

        assert image(found, AMD64, ARM64) == [HERE, NEW]
        (entry,) = found.entries()
        assert entry == LockedImage(ALPINE, NEW, (made(HERE, AMD64), made(NEW, ARM64)))

    def test_with_a_digest_are_asked_of_nobody(self, registry: Registry) -> None:
        name = f"{ALPINE}@{OLD}"
        found = survey(registry)

        assert image(found, AMD64, name=name) == [OLD]
        assert registry.asked == []
        assert list(found.entries()) == [LockedImage(name, OLD, (made(OLD, AMD64),))]

    def test_that_are_nowhere_are_an_error(self, registry: Registry) -> None:
        with pytest.raises(NotFoundError):
            image(survey(registry), AMD64, name="other")


class TestLockedImages:
    old = LockedImage(ALPINE, OLD, (made(OLD, AMD64), Variant(RISCV.full, OLD, 1)))

    def test_stay_as_they_are_and_are_asked_of_nobody(self, registry: Registry) -> None:
        found = survey(registry, self.old)

        assert image(found, AMD64) == [made(OLD, AMD64).digest]
        assert (list(found.entries()), registry.asked) == ([self.old], [])

    def test_get_the_platforms_that_are_new(self, registry: Registry) -> None:
        found = survey(registry, self.old)

        assert image(found, ARM64) == [OLD]
        (entry,) = found.entries()
        assert isinstance(entry, LockedImage)
        assert (entry.digest, entry.variants) == (OLD, (*self.old.variants, made(OLD, ARM64)))

    def test_move_on_with_all_platforms_that_there_still_are(self, registry: Registry) -> None:
        registry.local = {ALPINE: HERE}
        found = survey(registry, self.old, moves=lambda _: True)

        assert image(found, ARM64) == [NEW]
        (entry,) = found.entries()
        assert entry == LockedImage(ALPINE, NEW, (made(NEW, AMD64), made(NEW, ARM64)))

    def test_that_only_the_store_has_move_on_to_what_it_has(self, registry: Registry) -> None:
        registry.names, registry.local = {}, {ALPINE: HERE}
        found = survey(registry, self.old, moves=lambda _: True)

        assert image(found, AMD64) == [HERE]

    def test_that_nothing_asks_for_are_not_among_the_entries(self, registry: Registry) -> None:
        assert list(survey(registry, self.old).entries()) == []


class TestUrls:
    location = HttpLocation("https://host.example/f")
    repository = git("https://host.example/x.git?checksum=abab#v1")
    file = LockedFile(location.url, OLD, 3)
    commit = LockedRepository(repository.remote, "v1", COMMIT, "refs/tags/v1", "abab")

    def test_that_are_new_may_be_anything(self, registry: Registry) -> None:
        found = survey(registry)

        assert (found.file(self.location, None), found.file(self.location, NEW)) == (None, NEW)
        assert found.repository(self.repository) is None
        assert found.changed(self.location, OLD, NEW) is None

    def test_that_are_locked_stay(self, registry: Registry) -> None:
        found = survey(registry, self.file, self.commit)

        assert found.file(self.location, None) == OLD
        assert found.repository(self.repository) == Found(COMMIT, "refs/tags/v1")
        changed = found.changed(self.location, NEW, OLD)
        assert isinstance(changed, SourceError)

    def test_that_the_dockerfile_says_another_checksum_of_are_what_it_says(self, registry: Registry) -> None:
        found = survey(registry, self.file, self.commit)

        assert found.file(self.location, NEW) == NEW
        assert found.changed(self.location, OLD, NEW) is None
        assert found.repository(git("https://host.example/x.git?checksum=beef#v1")) is None

    def test_that_move_on_may_be_anything(self, registry: Registry) -> None:
        found = survey(registry, self.file, self.commit, moves=lambda _: True)

        assert found.file(self.location, None) is None
        assert found.repository(self.repository) is None

    def test_are_entries_once_they_were_found(self, registry: Registry) -> None:
        found = survey(registry)
        found.found(self.location, Http(NEW, "f"))
        found.found(self.repository, Git(COMMIT, ref="refs/tags/v1"))
        found.found(git("https://host.example/x.git#v1"), Git(COMMIT, ref="refs/tags/v1"))

        assert Lock(tuple(found.entries())) == Lock((self.commit, LockedFile(self.location.url, NEW, len(NEW))))


class TestChecks:
    def test_nobody_is_asked_for_what_is_missing(self) -> None:
        found = survey(None)

        with pytest.raises(NotLockedError):
            image(found, AMD64)
        with pytest.raises(NotLockedError):
            found.file(TestUrls.location, None)
        with pytest.raises(NotLockedError):
            found.repository(TestUrls.repository)
        assert list(found.entries()) == []

    def test_what_is_locked_is_as_it_was(self) -> None:
        found = survey(None, TestLockedImages.old, TestUrls.file)

        assert image(found, ARM64) == [OLD]
        found.found(TestUrls.location, Http(OLD, "f"))
        assert Lock(tuple(found.entries())) == Lock((TestLockedImages.old, TestUrls.file))
