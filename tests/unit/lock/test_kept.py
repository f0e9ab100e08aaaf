"""A lock that a build is held to: what it answers, and how it refuses."""

from __future__ import annotations

import pytest

from fakes.planning import marked, planned
from fakes.tree import MemoryTree
from stagemill.digest import Digest
from stagemill.errors import DockerfileError, NotFoundError, NotLockedError, SourceError
from stagemill.location import GitLocation, HttpLocation, parse
from stagemill.lock.entries import (
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)
from stagemill.lock.kept import KeptLock, Remedy
from stagemill.oci.platform import Platform
from stagemill.oci.reference import Reference
from stagemill.sources.refs import Found

INDEX, AMD, SUM = Digest.of(b"index"), Digest.of(b"amd64"), Digest.of(b"f")
COMMIT = "ab" * 20
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
LOCK = Lock(
    (
        LockedImage("docker.io/library/alpine:3.20", INDEX, (Variant("linux/amd64", AMD, 1),)),
        LockedFile("https://host.example/f", SUM, 1),
        LockedRepository("https://host.example/x.git", "v1", COMMIT, "refs/tags/v1", "cafe"),
        LockedPackages("go.sum", SUM),
        LockedSnapshot("apt", "20240501T000000Z"),
    )
)
KEPT = KeptLock(LOCK, "stagemill.lock", Remedy("--build-arg A=1", "."))
ADD = "add it: stagemill lock --add --build-arg A=1 ."


def git(text: str) -> GitLocation:
    found = parse(text)
    assert isinstance(found, GitLocation)
    return found


class TestRemedies:
    def test_are_whole_command_lines(self) -> None:
        assert Remedy().write == "stagemill lock ."
        assert Remedy("-f x", "app").add == "stagemill lock --add -f x app"
        assert Remedy("", "'a b'").update("a b") == "stagemill lock --add --update 'a b' 'a b'"


class TestImages:
    def test_have_the_digest_of_their_platform_or_of_the_index(self) -> None:
        name = Reference.parse("alpine:3.20")

        assert KEPT.image(name, AMD64).digest == AMD
        assert KEPT.image(name, ARM64).digest == INDEX
        assert KEPT.image(name, None) == Reference.parse(f"alpine:3.20@{INDEX}")

    def test_that_are_missing_are_told_with_what_there_is_of_them(self) -> None:
        with pytest.raises(NotLockedError) as caught:
            KEPT.image(Reference.parse("alpine:3.21"), AMD64)

        error = caught.value
        assert error.message == "alpine:3.21 is not in stagemill.lock, which has alpine:3.20"
        assert (error.kind, error.key, error.hint) == ("image", "docker.io/library/alpine:3.21", ADD)

    def test_of_other_repositories_are_not_told(self) -> None:
        with pytest.raises(NotLockedError, match=r"^busybox:latest is not in stagemill\.lock$"):
            KEPT.image(Reference.parse("busybox"), AMD64)

    def test_that_are_lost_are_told_with_the_command_that_finds_another(self) -> None:
        found = KEPT.image(Reference.parse("alpine:3.20"), AMD64)

        lost = KEPT.lost(found, NotFoundError("there is no image alpine:3.20@sha256:…"))
        own = NotFoundError("there is no image x")

        assert lost.message == "there is no image alpine:3.20@sha256:…, which stagemill.lock names"
        assert lost.hint == (
            "it was removed since it was locked: stagemill lock --add --update --build-arg A=1 alpine:3.20 ."
        )
        assert KEPT.lost(Reference.parse(f"x@{INDEX}"), own) is own

    def test_with_another_digest_in_the_dockerfile_are_others(self) -> None:
        with pytest.raises(NotLockedError):
            KEPT.image(Reference.parse(f"alpine:3.20@{AMD}"), AMD64)


class TestFiles:
    location = HttpLocation("https://host.example/f")

    def test_must_be_what_they_were(self) -> None:
        assert KEPT.file(self.location, None) == SUM
        assert KEPT.file(self.location, SUM) == SUM

    def test_have_one_checksum(self) -> None:
        with pytest.raises(SourceError) as caught:
            KEPT.file(self.location, AMD)

        assert caught.value.message == f"the checksum of {self.location} is {AMD}, and stagemill.lock has {SUM}"
        update = f"stagemill lock --add --update --build-arg A=1 {self.location} ."
        assert caught.value.hint == f"if the change is meant: {update}"

    def test_that_changed_are_told_with_both_digests(self) -> None:
        error = KEPT.changed(self.location, AMD, SUM)

        assert error.message == f"{self.location} has changed since it was locked: it is {AMD}, expected {SUM}"
        assert "stagemill lock --add --update" in (error.hint or "")

    def test_that_are_missing_are_refused(self) -> None:
        with pytest.raises(NotLockedError, match=r"https://host\.example/g is not in stagemill\.lock") as caught:
            KEPT.file(HttpLocation("https://host.example/g"), None)
        assert (caught.value.kind, caught.value.key) == ("file", "https://host.example/g")


class TestRepositories:
    @pytest.mark.parametrize("query", ["", "?checksum=cafe", f"?checksum={COMMIT}", "?checksum=abab"])
    def test_are_at_their_commit(self, query: str) -> None:
        assert KEPT.repository(git(f"https://host.example/x.git{query}#v1")) == Found(COMMIT, "refs/tags/v1")

    def test_have_one_checksum(self) -> None:
        with pytest.raises(SourceError, match=f"has the commit {COMMIT}") as caught:
            KEPT.repository(git("https://host.example/x.git?checksum=beef#v1"))
        assert "--update --build-arg A=1 'https://host.example/x.git#v1' ." in (caught.value.hint or "")

    def test_at_another_ref_are_missing(self) -> None:
        with pytest.raises(NotLockedError) as caught:
            KEPT.repository(git("https://host.example/x.git#main"))
        assert (caught.value.kind, caught.value.key) == ("git", "https://host.example/x.git#main")


class TestPlans:
    def refused(self, text: str, **files: str) -> DockerfileError:
        context = MemoryTree({name.replace("_", "."): data for name, data in files.items()})
        with pytest.raises(DockerfileError) as caught:
            KEPT.approve((planned(text, context=context),), {"context": context})
        return caught.value

    def test_that_read_what_is_locked_are_approved(self) -> None:
        context = MemoryTree({"go.sum": "f"})
        text = "FROM busybox\nCOPY go.sum /\nRUN apt-get -S 20240501T000000Z install x\n"

        KEPT.approve((planned(text, context=context),), {"context": context})

    def test_that_read_a_lock_file_which_changed_are_not(self) -> None:
        error = self.refused("FROM busybox\nCOPY . /\n", go_sum="other")

        assert error.message == f"go.sum has changed since it was locked: it is {Digest.of(b'other')}, expected {SUM}"
        assert marked(error) == "Dockerfile:2: COPY . /"
        assert error.hint == "if the change is meant: stagemill lock --add --build-arg A=1 ."

    def test_that_read_another_lock_file_are_not(self) -> None:
        error = self.refused("FROM busybox\nCOPY . /\n", yarn_lock="x")

        assert error.message == "yarn.lock is not in stagemill.lock"
        assert error.hint == ADD

    def test_that_install_from_another_day_are_not(self) -> None:
        error = self.refused("FROM busybox\nRUN apt-get -S 20240601T000000Z install x\n")

        assert error.message == "the snapshot 20240601T000000Z of apt is not in stagemill.lock"
        assert (error.at and error.at.line, error.hint) == (2, ADD)
