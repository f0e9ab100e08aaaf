"""Where an image is, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.oci.reference import Reference
from stagemill.places.address import (
    Address,
    InArchive,
    InDockerArchive,
    InLayout,
    InRegistry,
    InStore,
    is_address,
    parse,
)

DIGEST = Digest.of(b"")


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("docker://debian", InRegistry(Reference.parse("debian")), "docker://debian:latest"),
        (f"docker://a.b/c@{DIGEST}", InRegistry(Reference.parse(f"a.b/c@{DIGEST}")), f"docker://a.b/c@{DIGEST}"),
        ("app", InStore("app"), "app"),
        ("host:5000/app:1", InStore("host:5000/app:1"), "host:5000/app:1"),
        ("sha256:1234", InStore("sha256:1234"), "sha256:1234"),
        ("oci:dir", InLayout(Path("dir")), "oci:dir"),
        ("oci:/a/dir:1.0", InLayout(Path("/a/dir"), "1.0"), "oci:/a/dir:1.0"),
        ("oci-layout://dir:1", InLayout(Path("dir"), "1"), "oci:dir:1"),
        (f"oci-layout://dir@{DIGEST}", InLayout(Path("dir"), "", DIGEST), f"oci:dir@{DIGEST}"),
        (f"oci:dir:1@{DIGEST}", InLayout(Path("dir"), "1", DIGEST), f"oci:dir:1@{DIGEST}"),
        ("oci-archive:a.tar", InArchive(Path("a.tar")), "oci-archive:a.tar"),
        ("oci-archive:a.tar:x", InArchive(Path("a.tar"), "x"), "oci-archive:a.tar:x"),
        ("docker-archive:a.tar", InDockerArchive(Path("a.tar")), "docker-archive:a.tar"),
        (
            "docker-archive:a.tar:host:5000/app:1",
            InDockerArchive(Path("a.tar"), Reference.parse("host:5000/app:1")),
            "docker-archive:a.tar:host:5000/app:1",
        ),
    ],
)
def test_an_address_is_read_and_shown(text: str, address: Address, shown: str) -> None:
    assert parse(text) == address
    assert str(parse(text)) == shown


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("dokcer://app", "dokcer://app: there is no place dokcer://", "did you mean docker://?"),
        ("gopher://app", "gopher://app: there is no place gopher://", "places are docker://NAME"),
        ("docker-daemon:app:1", "docker-daemon: is no place that is read or written here", "docker save writes"),
        ("containers-storage:app", "containers-storage: is no place", "podman save writes"),
        ("docker-image://app", "docker-image: is no place", "write docker://NAME"),
        ("docker://Bad Name", "docker://Bad Name: ", "write docker://REGISTRY/NAME:TAG"),
        ("docker-archive:a.tar:Bad Name", "docker-archive:a.tar:Bad Name: ", "write docker://"),
        ("oci:", "oci: names no file", "places are"),
        ("oci:dir:1@2", "'1@2' is no tag", "write @sha256:"),
        ("oci:dir@sha256:12", "oci:dir@sha256:12: ", "write @sha256: and 64 hex digits"),
        ("", "'' names no image", "places are"),
    ],
)
def test_what_is_none_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)

    assert message in caught.value.message
    assert hint in str(caught.value.hint)


def test_a_bare_name_does_not_say_where_it_is() -> None:
    assert [is_address(text) for text in ("app:1", "docker/app", "docker://app", "oci:dir", "dir:x")] == [
        False, False, True, True, True,
    ]  # fmt: skip
