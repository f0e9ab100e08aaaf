"""What URLs name, as trees; and whole builds with files of a web on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.servers import Server, make_repository
from fakes.web import FakeWeb, Page
from fakes.workshop import Workshop, never
from stagemill import events
from stagemill.build import Built
from stagemill.digest import Digest
from stagemill.errors import CancelledError, DockerfileError
from stagemill.execute.fetching import FetchedFile, fetch
from stagemill.execute.tree import ContextFiles, Tree
from stagemill.files.content import content
from stagemill.files.view import Entry
from stagemill.graph.operations import Git, Http
from stagemill.graph.vertex import Selection

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")]
CONTENT = Digest.of(b"content")
MONDAY = "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        running.pages["/foo"] = Page(b"content", etag='"1"', modified=MONDAY)
        yield running


def top(workshop: Workshop, built: Built) -> dict[str, str]:
    return workshop.layer(built.tree(built.plan.target))


def cached(workshop: Workshop) -> list[str]:
    return [event.name for event in workshop.events(events.Cached)]


def test_a_file_is_a_tree_with_nothing_else_in_it(workshop: Workshop) -> None:
    workshop.store.blobs.put(b"content")

    result = fetch(Http(CONTENT, "foo", mtime=5), workshop.services, never())

    assert isinstance(result, ContextFiles)
    view = result.view
    assert view.listdir("") == ["foo"]
    assert view.listdir("foo") == []
    assert view.lstat("foo") == Entry("file", 0o600, 0, 0, 7, 5 * 10**9)
    assert (view.lstat("bar"), view.lstat("foo/bar")) == (None, None)
    assert view.digest("foo") == CONTENT
    assert view.real_path("foo").read_bytes() == b"content"
    assert content(view, Selection(("foo",)), owners=True).parts[0][0] == "foo"


def test_a_file_without_a_name_has_one(tmp_path: Path) -> None:
    assert FetchedFile(Http(CONTENT, ""), tmp_path).listdir("") == ["__unnamed__"]


def test_a_file_of_a_url_is_roots_alone_and_has_its_time(workshop: Workshop, web: FakeWeb) -> None:
    built = workshop.build(f"FROM scratch\nADD {web.url}/foo /d/\nADD --chmod=755 --chown=1:2 {web.url}/foo /e\n")

    tree = built.tree(built.plan.target)
    assert workshop.layer(tree, 0) == {"d": "dir 0755 0:0", "d/foo": "file 0600 0:0 =content"}
    assert workshop.layer(tree, 1) == {"e": "file 0755 1:2 =content"}
    entry = workshop.forms.view(tree).lstat("d/foo")
    assert entry is not None
    assert entry.mtime_ns == 1704067200 * 10**9


def test_a_build_after_it_asks_and_is_from_the_cache(workshop: Workshop, web: FakeWeb) -> None:
    text = f"FROM scratch\nADD {web.url}/foo /d/\n"
    workshop.build(text)
    workshop.heard.clear()

    workshop.build(text)

    assert cached(workshop) == [f"[1/1] ADD {web.url}/foo /d/"]
    assert [seen.headers.get("if-none-match") for seen in web.requests] == [None, '"1"']


def test_another_file_is_another_layer(workshop: Workshop, web: FakeWeb) -> None:
    text = f"FROM scratch\nADD {web.url}/foo /d/\n"
    workshop.build(text)
    web.pages["/foo"] = Page(b"other", etag='"2"')

    assert top(workshop, workshop.build(text))["d/foo"] == "file 0600 0:0 =other"


def test_files_of_urls_and_of_the_context_make_one_layer(workshop: Workshop, web: FakeWeb) -> None:
    web.pages["/a"] = Page(b"web")

    built = workshop.build(f"FROM scratch\nADD a {web.url}/a {web.url}/foo b /d/\n", files={"a": "context", "b": "b"})

    assert len(built.tree(built.plan.target).layers) == 1
    assert top(workshop, built) == {
        "d": "dir 0755 0:0",
        "d/a": "file 0600 0:0 =web",
        "d/b": "file 0644 0:0 =b",
        "d/foo": "file 0600 0:0 =content",
    }


def test_two_files_need_a_directory(workshop: Workshop, web: FakeWeb) -> None:
    with pytest.raises(DockerfileError) as caught:
        workshop.build(f"FROM scratch\nADD a {web.url}/foo /d\n", files={"a": "a"})

    assert caught.value.message == "cannot copy 2 sources to /d, which does not exist"
    assert caught.value.hint == "write /d/ to make it a directory"


def test_a_file_that_was_torn_since_is_fetched_again(workshop: Workshop, web: FakeWeb) -> None:
    workshop.build(f"FROM scratch\nADD {web.url}/foo /d/\n")
    workshop.store.blobs.path(CONTENT).write_bytes(b"c?ntent")

    built = workshop.build(f"FROM scratch\nADD {web.url}/foo /other/\n")

    assert top(workshop, built)["other/foo"] == "file 0600 0:0 =content"
    assert workshop.store.blobs.read(CONTENT) == b"content"
    (notice,) = workshop.events(events.Notice)
    assert notice.text.endswith("building again")


class TestRepositories:
    @pytest.fixture
    def hub(self, tmp_path: Path) -> Iterator[Server]:
        commits = [
            {"files": {"foo": "first"}, "tag": "v1", "branch": "main"},
            {"files": {"foo": "second", "d/x": "x"}},
            {"files": {"foo": "third"}, "branch": "side"},
        ]
        make_repository(tmp_path / "hub" / "r.git", {"commits": commits})
        with Server({}, tmp_path / "hub") as server:
            yield server

    def test_a_checkout_is_a_layer_of_its_own(self, workshop: Workshop, hub: Server) -> None:
        built = workshop.build(f"FROM scratch\nADD {hub.url}/git/r.git#v1 /src\n")
        (commit,) = [
            vertex.op
            for vertex in (edge.vertex for edge in built.plan.target.vertex.inputs)
            if isinstance(vertex.op, Git)
        ]

        assert top(workshop, built) == {"src": "dir 0755 0:0", "src/foo": "file 0644 0:0 =first"}
        again = fetch(commit, workshop.services, never())
        assert isinstance(again, Tree)
        assert workshop.layer(again) == {"foo": "file 0644 0:0 =first"}

    def test_two_checkouts_of_a_commit_are_the_same_layer(
        self, workshop: Workshop, hub: Server, tmp_path: Path
    ) -> None:
        layers = set()
        for _ in range(2):
            built = workshop.build(f"FROM scratch\nADD {hub.url}/git/r.git /src\n")
            (op,) = [edge.vertex.op for edge in built.plan.target.vertex.inputs if isinstance(edge.vertex.op, Git)]
            tree = fetch(op, workshop.services, never())
            assert isinstance(tree, Tree)
            layers.add(tree.layers[0].digest)

        assert len(layers) == 1

    def test_the_same_files_of_another_commit_are_a_hit(self, workshop: Workshop, hub: Server) -> None:
        workshop.build(f"FROM scratch\nADD {hub.url}/git/r.git#main:d /src\n")
        workshop.heard.clear()

        workshop.build(f"FROM scratch\nADD {hub.url}/git/r.git#side:d /src\n")

        assert cached(workshop) == [f"[1/1] ADD {hub.url}/git/r.git#side:d /src"]

    def test_a_checkout_stops_with_the_build(self, workshop: Workshop, hub: Server) -> None:
        stopped = never()
        stopped.set()

        with pytest.raises(CancelledError):
            fetch(Git("a" * 40, remote=f"{hub.url}/git/r.git"), workshop.services, stopped)

    def test_what_is_wrong_in_a_checkout_has_its_place(self, workshop: Workshop, hub: Server) -> None:
        with pytest.raises(DockerfileError) as caught:
            workshop.build(f"FROM scratch\nADD {hub.url}/git/r.git#v1:nosuch /src\n")

        assert caught.value.message == f"the directory 'nosuch' of {hub.url}/git/r.git does not exist"
        assert str(caught.value.at) == "Dockerfile:2"
