"""Contexts and Dockerfiles that URLs on loopback name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes.blobs import make_tar
from fakes.web import FakeWeb, Page
from fakes.workshop import Workshop
from stagemill.cli.making.remote import Remote
from stagemill.errors import ContextError, SourceError
from stagemill.events import Started
from stagemill.files.walk import walk
from stagemill.location import HttpLocation, Location, parse
from stagemill.store.store import Store

TEXT = "FROM scratch\n"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Store.open(tmp_path / "store") as store:
        yield Workshop(tmp_path, store)


@pytest.fixture
def remote(workshop: Workshop) -> Remote:
    return Remote(lambda: nullcontext(workshop.services))


def located(web: FakeWeb, path: str) -> Location:
    found = parse(f"{web.url}{path}")
    assert found
    return found


def file(web: FakeWeb, path: str) -> HttpLocation:
    found = located(web, path)
    assert isinstance(found, HttpLocation)
    return found


def test_an_archive_is_a_tree(remote: Remote, web: FakeWeb) -> None:
    web.pages["/t"] = Page(make_tar({"a": b"1", "b/c": b"2"}))

    with remote.context(located(web, "/t")) as found:
        assert [path for path, _ in walk(found.context.view) if path] == ["a", "b", "b/c"]
        assert found.text is None
        assert found.context.title == f"the build context {web.url}/t"


def test_another_file_is_a_dockerfile_and_the_only_file_there_is(remote: Remote, web: FakeWeb) -> None:
    web.pages["/df"] = Page(TEXT.encode())

    with remote.context(located(web, "/df")) as found:
        assert [path for path, _ in walk(found.context.view) if path] == ["context"]
        assert found.text == TEXT.encode()


@pytest.mark.parametrize("keep", [False, True])
def test_a_repository_is_its_files_and_its_own_directory_where_that_is_kept(
    workshop: Workshop, web: FakeWeb, tmp_path: Path, keep: bool
) -> None:
    web.has_repository(tmp_path / "web", "r.git", [{"files": {"a": "1"}, "branch": "main"}])
    remote = Remote(lambda: nullcontext(workshop.services), keep_git_dir=keep)

    with remote.context(located(web, "/r.git")) as found:
        view = found.context.view
        assert (view.listdir(""), view.lstat(".git/HEAD") is not None) == ([".git", "a"] if keep else ["a"], keep)


def test_what_is_fetched_is_told(remote: Remote, workshop: Workshop, web: FakeWeb) -> None:
    web.pages["/t"] = Page(make_tar({"a": b"1"}))

    with remote.context(located(web, "/t")):
        names = [event.name for event in workshop.events(Started)]

    assert names == [f"[internal] load {web.url}/t", "[internal] load remote build context"]


def test_a_dockerfile_alone_is_its_text(remote: Remote, web: FakeWeb) -> None:
    web.pages["/df"] = Page(TEXT.encode())

    assert remote.dockerfile(file(web, "/df")) == TEXT.encode()


def test_an_archive_is_no_dockerfile(remote: Remote, web: FakeWeb) -> None:
    web.pages["/t"] = Page(make_tar({"a": b"1"}))

    with pytest.raises(ContextError) as caught:
        remote.dockerfile(file(web, "/t"))

    assert caught.value.message == f"{web.url}/t is an archive, not a Dockerfile"
    assert caught.value.hint == "give the URL as the context, and the Dockerfile in it with -f"


def test_nor_is_what_is_too_large(remote: Remote, web: FakeWeb) -> None:
    web.pages["/df"] = Page(b"#" * ((16 << 20) + 1))

    with pytest.raises(ContextError, match="/df is larger than 16 MiB"):
        remote.dockerfile(file(web, "/df"))


def test_what_is_not_there_is_told_with_what_to_do(remote: Remote, web: FakeWeb) -> None:
    with pytest.raises(SourceError) as caught, remote.context(located(web, "/none")):
        pass

    assert caught.value.message == f"there is nothing at {web.url}/none (status 404)"
    assert caught.value.hint == "correct the URL"
