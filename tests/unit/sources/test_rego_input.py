"""What a policy in Rego is told of a source."""

from __future__ import annotations

import pytest

from stagemill.digest import Digest
from stagemill.errors import SourceError
from stagemill.oci.platform import Platform
from stagemill.sources.policy import Wanted
from stagemill.sources.rego_input import Environment, facts

SUM = Digest.of(b"x")
COMMIT = "1" * 40


def test_an_image_by_its_tag() -> None:
    found = facts(Wanted("docker-image://docker.io/library/alpine:3.20", {}, Platform.parse("linux/arm/v7")))

    assert found.known == {
        "ref": "docker.io/library/alpine:3.20",
        "host": "docker.io",
        "repo": "alpine",
        "fullRepo": "docker.io/library/alpine",
        "tag": "3.20",
        "platform": "linux/arm/v7",
        "os": "linux",
        "arch": "arm",
        "variant": "v7",
    }
    assert {"checksum", "labels"} <= set(found.unknown)


def test_an_image_by_its_digest() -> None:
    found = facts(Wanted(f"docker-image://h.io/team/app@{SUM}"))

    assert found.known["isCanonical"] is True
    assert found.known["checksum"] == SUM
    assert found.known["repo"] == "h.io/team/app"
    assert "tag" not in found.known
    assert "checksum" not in found.unknown


def test_a_file() -> None:
    found = facts(Wanted("https://h.io:8443/a/b.tar?x=1&x=2", {"http.checksum": str(SUM)}))

    assert found.known == {
        "url": "https://h.io:8443/a/b.tar?x=1&x=2",
        "schema": "https",
        "host": "h.io:8443",
        "path": "/a/b.tar",
        "query": {"x": ["1", "2"]},
        "checksum": SUM,
    }
    assert found.unknown == ()
    assert facts(Wanted("https://h.io/a")).unknown == ("checksum",)


@pytest.mark.parametrize(
    ("fragment", "known"),
    [
        ("refs/tags/v1:sub", {"ref": "refs/tags/v1", "tagName": "v1", "subDir": "sub"}),
        ("refs/heads/main", {"ref": "refs/heads/main", "branch": "main"}),
        (COMMIT, {"ref": COMMIT, "isCommitRef": True, "checksum": COMMIT, "commitChecksum": COMMIT}),
        ("v1", {}),
    ],
)
def test_a_repository(fragment: str, known: dict[str, object]) -> None:
    found = facts(Wanted(f"git://h.io/r.git#{fragment}", {"git.fullurl": "ssh://git@h.io/r.git"}))

    place = {"schema": "ssh", "host": "h.io", "remote": "ssh://git@h.io/r.git", "fullURL": "ssh://git@h.io/r.git"}
    assert found.known == {**place, **known}
    assert not {*found.known} & {*found.unknown}
    assert ("branch" in found.unknown) == (not known)


def test_a_repository_that_was_looked_up() -> None:
    found = facts(Wanted("git://h.io/r.git#main", {"git.found.ref": "refs/heads/main", "git.found.commit": COMMIT}))
    of_tag = facts(Wanted("git://h.io/r.git#v1", {"git.found.ref": "refs/tags/v1", "git.found.commit": COMMIT}))

    known = {"ref": "refs/heads/main", "branch": "main", "checksum": COMMIT, "commitChecksum": COMMIT}
    assert found.known == {"schema": "https", "host": "h.io", "remote": "https://h.io/r.git", **known}
    assert found.unknown == ("commit", "tag")
    assert (of_tag.known["tagName"], of_tag.known["commitChecksum"]) == ("v1", COMMIT)
    assert "checksum" in of_tag.unknown


def test_a_remote_without_a_scheme_is_of_ssh() -> None:
    found = facts(Wanted("git://h.io/r.git", {"git.fullurl": "git@h.io:r.git"}))

    assert (found.known["schema"], found.known["host"]) == ("ssh", "h.io")


def test_files_of_this_machine() -> None:
    assert facts(Wanted("local://context")).known == {"name": "context"}


def test_of_a_layout_nothing_can_be_said() -> None:
    with pytest.raises(SourceError, match="of a kind that a policy in Rego cannot be asked about"):
        facts(Wanted("oci-layout:///x"))


def test_the_build_itself() -> None:
    assert Environment().known() == {"filename": "Dockerfile", "depth": 0}
    assert Environment({"A": "1"}, {"l": "2"}, "x", "app").known() == {
        "args": {"A": "1"},
        "labels": {"l": "2"},
        "filename": "x",
        "target": "app",
        "depth": 0,
    }
