"""What a lock has, and how it is asked."""

from __future__ import annotations

from stagemill.digest import Digest
from stagemill.lock.entries import (
    Lock,
    LockedFile,
    LockedImage,
    LockedPackages,
    LockedRepository,
    LockedSnapshot,
    Variant,
)
from stagemill.oci.platform import Platform

INDEX, AMD = Digest.of(b"index"), Digest.of(b"amd64")
IMAGE = LockedImage("docker.io/library/alpine:3.20", INDEX, (Variant("linux/amd64", AMD, 5),))
FILE = LockedFile("https://host.example/f", INDEX, 4)
GIT = LockedRepository("https://host.example/x.git", "main", "a" * 40)
PACKAGES = LockedPackages("app/go.sum", INDEX)
DAY = LockedSnapshot("apt", "20240501T000000Z")


def test_a_lock_is_the_same_whatever_order_its_entries_came_in() -> None:
    entries = (DAY, PACKAGES, GIT, FILE, LockedImage("docker.io/library/zsh:1", AMD), IMAGE)

    assert Lock(entries) == Lock(tuple(reversed(entries)))
    assert [entry.key for entry in Lock(entries)] == [
        "docker.io/library/alpine:3.20",
        "docker.io/library/zsh:1",
        "https://host.example/f",
        "https://host.example/x.git#main",
        "app/go.sum",
        "apt 20240501T000000Z",
    ]


def test_entries_are_found_by_what_they_stand_for() -> None:
    lock = Lock((IMAGE, FILE, GIT, PACKAGES, DAY))

    assert lock.image(IMAGE.name) is IMAGE
    assert lock.file(FILE.url) is FILE
    assert lock.repository(GIT.url, "main") is GIT
    assert lock.packages("context", "app/go.sum") is PACKAGES
    assert lock.snapshot("apt 20240501T000000Z") is DAY
    assert lock.image("docker.io/library/alpine:3.21") is None
    assert lock.file("https://host.example/g") is None
    assert lock.repository(GIT.url, "") is None
    assert lock.packages("other", "app/go.sum") is None
    assert lock.snapshot("apt 20240502T000000Z") is None


def test_a_platform_that_is_not_listed_follows_from_the_index() -> None:
    assert IMAGE.of(Platform("linux", "amd64")) == AMD
    assert IMAGE.of(Platform("linux", "arm64")) == INDEX
    assert IMAGE.of(None) == INDEX


def test_lock_files_of_two_contexts_are_two() -> None:
    assert LockedPackages("go.sum", INDEX, "lib").key == "lib:go.sum"
