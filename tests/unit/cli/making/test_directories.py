"""Directories as contexts: opened when they are asked for, each with its own ignore file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stagemill.cli.making.directories import Directories
from stagemill.context.named import NamedContexts
from stagemill.errors import ContextError
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "src"
    path.mkdir()
    (path / "a").write_text("1")
    (path / "a.log").write_text("2")
    (path / ".dockerignore").write_text("*.log\n.dockerignore\n")
    return path


def test_nothing_is_read_before_somebody_asks(store: Store, folder: Path) -> None:
    views: dict[str, FileView] = {}
    (folder / ".dockerignore").write_text("!\n")
    contexts = NamedContexts.parse([f"src={folder}", "image=docker-image://x"])

    with Directories(contexts, views, store=store) as directories:
        assert (list(directories), len(directories), views) == (["src"], 1, {})
        with pytest.raises(ContextError, match="an exception from nothing"):
            directories["src"]


def test_one_has_its_files_less_what_its_ignore_file_hides(store: Store, folder: Path) -> None:
    views: dict[str, FileView] = {}

    with Directories(NamedContexts.parse([f"src={folder}"]), views, store=store) as directories:
        context = directories["src"]

        assert [path for path, _ in walk(context.view)] == ["", "a"]
        assert (context.name, context.title) == ("src", f"the context src ({folder})")
        assert context.ignored
        assert context.ignored.explain("a.log") == 'line 1 of .dockerignore ("*.log")'


def test_it_is_opened_once_and_the_build_finds_its_files(store: Store, folder: Path) -> None:
    views: dict[str, FileView] = {}

    with Directories(NamedContexts.parse([f"src={folder}"]), views, store=store) as directories:
        first = directories["src"]

        assert directories["src"] is first
        assert views == {"src": first.view}


def test_what_cannot_be_read_is_told_with_the_name_of_the_context(store: Store, folder: Path) -> None:
    with Directories(NamedContexts.parse([f"src={folder}"]), {}, store=store) as directories:
        context = directories["src"]
        assert context.view.lstat("a")
        (folder / "a").write_text("changed")

        with pytest.raises(ContextError) as caught:
            context.view.digest("a")

    assert caught.value.message == f'"/a" of the context src ({folder}) changed while it was read'
