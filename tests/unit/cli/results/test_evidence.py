"""What a command line knows of itself, as statements have it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.images import FakeImages
from fakes.tree import MemoryTree
from stagemill.attest.materials import Material
from stagemill.cli.frame.command import Command, Option
from stagemill.cli.frame.values import Values
from stagemill.cli.given.options import add_build_options, evidence, with_options
from stagemill.cli.making.building import BuildFlags
from stagemill.cli.making.source import Inputs
from stagemill.cli.results.evidence import account, masked
from stagemill.cli.results.witness import Account
from stagemill.dockerfile.parser import parse
from stagemill.graph.operations import Git
from stagemill.graph.vertex import Label, Vertex
from stagemill.location import parse as locate
from stagemill.plan.request import FileContext

TEXT = b"FROM scratch\nRUN a \\\n  b\n"
COMMIT = "a" * 40


def seen(*arguments: str, context: FileContext | None = None, name: str = "Dockerfile", **environment: str) -> Account:
    label = Option(["--label"], multiple=True)
    command = with_options([*evidence(), label])(add_build_options(Command("any")))
    params = command.make_context("any", ["--provenance", *arguments, "."]).params
    build = BuildFlags.of(Values(params), environment)
    inputs = Inputs(parse(TEXT, name), context or FileContext(MemoryTree({})))
    return account(build, inputs, environment, started=5.0, resolver=FakeImages)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_arguments_are_those_that_buildkit_would_be_given(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    found = seen(
        "--build-arg", "A=1", "--label", "l=2", "--network", "none", "--add-host", "DB:192.0.2.1",
        "--no-cache-filter", "a,b",
        "--build-context", "one=dir", "--build-context", "two=docker-image://alpine:3", "--build-context", "three=target:x",
        "--build-context", "four=https://me:secret@h/f.tar", "--build-context", "five=oci-layout:///home/me/lay:1",
        "--build-context", "six=docker-image://scratch",
    )  # fmt: skip

    assert found.asked.args == {
        "build-arg:A": "1",
        "label:l": "2",
        "force-network-mode": "none",
        "add-hosts": "db=192.0.2.1",
        "no-cache": "a,b",
        "context:one": "local:one",
        "context:two": "docker-image://alpine:3",
        "context:three": "target:x",
        "context:four": "https://xxxxx:xxxxx@h/f.tar",
        "context:five": "oci-layout://lay:1",
        "context:six": "docker-image://scratch",
    }


def test_without_a_cache_at_all_that_has_no_value() -> None:
    assert seen("--no-cache").asked.args == {"no-cache": ""}
    assert seen().asked.args == {}


def test_of_a_directory_the_dockerfile_is_known_by_its_name_alone() -> None:
    found = seen(name="some/where/web.Dockerfile")

    assert (found.asked.path, found.asked.context, found.asked.local) == ("web.Dockerfile", "", True)
    assert (found.text.name, found.text.file, found.text.ends) == (
        "web.Dockerfile", "some/where/web.Dockerfile", {1: 1, 2: 3},
    )  # fmt: skip
    assert found.origin is None


def test_a_fetched_context_is_known_by_its_url_and_what_was_there() -> None:
    origin = Vertex(Git(COMMIT, remote="https://h/r.git", written="v1"), (), Label(""))
    context = FileContext(MemoryTree({}), location=locate("https://me:secret@h/r.git#v1:sub"), made_of=origin)

    found = seen("-f", "sub/Dockerfile", context=context)

    assert (found.asked.path, found.asked.local) == ("sub/Dockerfile", False)
    assert found.asked.context == "https://xxxxx:xxxxx@h/r.git#v1:sub"
    assert found.asked.material == Material("https://h/r.git#v1", "sha1", COMMIT)
    assert found.origin == origin
    assert seen("-f", "/here/Dockerfile", context=context).asked.local


def test_a_call_is_told_from_every_other() -> None:
    one, other = seen().invocation, seen().invocation

    assert one.id != other.id
    assert (one.started, replace(one, id="") == replace(other, id="")) == (5.0, True)


def test_a_repository_around_the_context_says_what_it_is(tmp_path: Path) -> None:
    assert seen().asked.vcs == {}
    for arguments in (
        ("init", "-q"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"),
        ("remote", "add", "origin", "https://me:secret@h/r.git"),
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert seen().asked.vcs == {"revision": head.strip(), "source": "https://h/r.git"}
    assert seen(BUILDX_GIT_INFO="false").asked.vcs == {}
    (tmp_path / "new").touch()
    assert seen(BUILDX_GIT_CHECK_DIRTY="1").asked.vcs["revision"] == f"{head.strip()}-dirty"


def test_a_login_is_masked() -> None:
    for text, expected in (
        ("https://h/r.git", "https://h/r.git"),
        ("https://token@h/r.git#v1", "https://xxxxx:xxxxx@h/r.git#v1"),
        ("git@h:r.git", "git@h:r.git"),
    ):
        location = locate(text)
        assert location
        assert masked(location) == expected
