"""Named contexts: what a value of --build-context means, which name means which, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from stagemill.context.named import (
    ContextSource,
    Directory,
    Empty,
    NamedContext,
    NamedContexts,
    NamedImage,
    OtherStage,
    Remote,
)
from stagemill.errors import UsageError
from stagemill.location import GitLocation, HttpLocation
from stagemill.oci.platform import Platform

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    (tmp_path / "archive.tar").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def source(value: str) -> ContextSource:
    (context,) = NamedContexts.parse([f"a={value}"]).by_name.values()
    return context.source


def refused(text: str) -> tuple[str, str]:
    """What is said of a text, and what to do."""
    with pytest.raises(UsageError) as caught:
        NamedContexts.parse([text])
    assert caught.value.hint
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("project", Directory(Path("project"))),
        (".", Directory(Path())),
        ("docker-image://alpine:3.20", NamedImage("alpine:3.20")),
        ("docker-image:alpine", NamedImage("alpine")),
        ("docker-image://scratch", Empty()),
        ("oci-layout:///srv/layout:tag", NamedImage("oci-layout:///srv/layout:tag")),
        ("target:Build", OtherStage("build")),
        ("https://h/a.tar", Remote(HttpLocation("https://h/a.tar"))),
        ("https://h/a.git#v1:sub", Remote(GitLocation("https://h/a.git", "https", "h", "v1", "sub"))),
        ("git@h:team/a", Remote(GitLocation("git@h:team/a", "ssh", "h"))),
    ],
)
def test_a_value_is_what_its_beginning_says(value: str, meant: ContextSource) -> None:
    assert source(value) == meant


def test_a_directory_that_is_called_like_a_repository_is_the_directory(folder: Path) -> None:
    (folder / "github.com/team/a").mkdir(parents=True)

    assert source("github.com/team/a") == Directory(Path("github.com/team/a"))
    assert isinstance(source("github.com/team/b"), Remote)


@pytest.mark.parametrize(
    "given", ["alpine", "alpine:latest", "docker.io/library/alpine", "index.docker.io/alpine:latest"]
)
@pytest.mark.parametrize("asked", ["alpine", "alpine:latest", "docker.io/library/alpine:latest"])
def test_one_image_has_several_names(given: str, asked: str) -> None:
    contexts = NamedContexts.parse([f"{given}=project"])

    assert contexts.find(asked, AMD64) == NamedContext("alpine", Directory(Path("project")))


@pytest.mark.parametrize("asked", ["alpine:3", "alpin", "other/alpine", "h.example/alpine", "Alpine", "", "a b"])
def test_other_names_are_not_meant(asked: str) -> None:
    assert NamedContexts.parse(["alpine=project"]).find(asked, AMD64) is None


def test_a_name_with_a_platform_counts_for_that_one_and_before_the_name_alone() -> None:
    contexts = NamedContexts.parse(["a=docker-image://all", "a::linux/arm64/v8=docker-image://arm"])

    assert contexts.find("a", ARM64) == NamedContext("a::linux/arm64", NamedImage("arm"))
    assert contexts.find("a:latest", AMD64) == NamedContext("a", NamedImage("all"))


def test_the_last_one_of_a_name_counts() -> None:
    contexts = NamedContexts.parse(["a=target:x", "a:latest=target:y"])

    assert contexts.names == ("a",)
    assert contexts.find("a", AMD64) == NamedContext("a", OtherStage("y"))


@pytest.mark.parametrize("name", ["scratch", "context"])
def test_what_is_always_the_same_is_never_replaced(name: str) -> None:
    message, hint = refused(f"{name}=project")

    assert message.startswith(f"invalid --build-context '{name}=project': {name} is always ")
    assert hint == "choose another name, and use that in the Dockerfile"
    assert NamedContexts.parse(["a=project"]).find(name, AMD64) is None


WRONG: Mapping[str, tuple[str, str]] = {
    "a": ("it has no =", "write --build-context NAME=VALUE"),
    "=b": ("it has no name", "write --build-context NAME=VALUE"),
    "a=": ("it has no value", "write --build-context NAME=VALUE"),
    "A=project": ("'A' is no image reference: repository names are in lower case", "a name is that of a stage"),
    "a::b/c/d/e=project": ("'b/c/d/e' is no platform: want os/arch or os/arch/variant", "a name is that of a stage"),
    "a=projct": ("there is no directory projct", "did you mean project?"),
    "a=nosuch/deep": ("there is no directory nosuch/deep", "name a directory that exists; an image is docker-image://"),
    "a=archive.tar": ("archive.tar is no directory", "name a directory; files of an archive become one with tar -x"),
    "a=docker-img://b": ("unknown kind 'docker-img'", "did you mean docker-image://?"),
    "a=tarket://b": ("unknown kind 'tarket'", "did you mean target:?"),
    "a=htp://b": ("unknown kind 'htp'", "did you mean http://?"),
    "a=zzz://b": ("unknown kind 'zzz'", "write --build-context NAME=VALUE"),
    "a=" + "x" * 5000: (f"there is no directory {'x' * 5000}", "name a directory that exists"),  # found by fuzzing
    "a=docker-image://B": ("'B' is no image reference", "write docker-image://NAME:TAG"),
    "a=oci-layout://": ("it names no directory", "write oci-layout://DIRECTORY:TAG"),
    "a=https://h/b.git?nosuch=1": ("unexpected query 'nosuch' of a git URL", "the queries are"),
    "a=https://h/b.git#main:../c": ("the directory '../c' leads out of the repository", "name one below its root"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_told_with_what_to_write(text: str) -> None:
    message, hint = refused(text)

    assert message.startswith(f"invalid --build-context '{text}': {WRONG[text][0]}")
    assert hint.startswith(WRONG[text][1])


def test_an_error_keeps_the_password_of_a_url_to_itself() -> None:
    assert "s3cret" not in "".join(refused("a=https://me:s3cret@h/b.git?nosuch=1"))
