"""Which files of contexts the steps of a plan read, and where."""

from __future__ import annotations

from fakes.planning import marked, planned
from fakes.tree import MemoryTree, link
from stagemill.errors import DockerfileError
from stagemill.lock.reading import files

CONTEXT = MemoryTree({"go.sum": "1", "web/yarn.lock": "2", "web/deep/go.sum": "3", "l": link("web"), "other": "4"})
NAMED = ("go.sum", "yarn.lock")


def read(text: str, **contexts: MemoryTree) -> list[str]:
    plan = planned(text, context=CONTEXT, directories=contexts, all_stages=True)
    found = files((plan,), {"context": CONTEXT, **contexts}, named=NAMED)
    return [f"{file.context} {file.path} {file.at and file.at.line}" for file in found]


def test_files_are_told_by_their_paths_however_they_are_selected() -> None:
    assert read("FROM busybox\nCOPY web /a\n") == ["context web/deep/go.sum 2", "context web/yarn.lock 2"]
    assert read("FROM busybox\nCOPY go.* /\n") == ["context go.sum 2"]
    assert read("FROM busybox\nCOPY l/yarn.lock /\n") == ["context web/yarn.lock 2"]
    assert read("FROM busybox\nCOPY --exclude=deep web /\n") == ["context web/yarn.lock 2"]
    assert read("FROM busybox\nCOPY --parents ./web/./deep /\n") == ["context web/deep/go.sum 2"]


def test_a_bind_mount_reads_files_too() -> None:
    assert read("FROM busybox\nRUN --mount=type=bind,source=web,target=/w true\n") == [
        "context web/deep/go.sum 2",
        "context web/yarn.lock 2",
    ]


def test_files_that_no_step_reads_do_not_count() -> None:
    assert read("FROM busybox\nCOPY other /\n") == []
    assert read("FROM busybox AS a\nCOPY go.sum /\nFROM busybox\nCOPY --from=a /go.sum /\n") == ["context go.sum 2"]


def test_each_is_told_once_with_the_place_that_reads_it_first() -> None:
    assert read("FROM busybox\nCOPY go.sum /\nCOPY . /all\n") == [
        "context go.sum 2",
        "context web/deep/go.sum 3",
        "context web/yarn.lock 3",
    ]


def test_named_contexts_have_files_of_their_own() -> None:
    assert read("FROM busybox\nCOPY --from=lib go.sum /\n", lib=MemoryTree({"go.sum": "x"})) == ["lib go.sum 2"]


def test_the_place_can_be_shown() -> None:
    plan = planned("FROM busybox\nCOPY go.sum /\n", context=CONTEXT)

    (file,) = files((plan,), {"context": CONTEXT}, named=NAMED)

    assert marked(DockerfileError("", at=file.at)) == "Dockerfile:2: COPY go.sum /"
