"""COPY against a naive copy: trees in a dictionary, links followed by hand, one path after the other."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.disk import stacked, write
from fakes.known import digests
from fakes.stats import MemoryStats
from fakes.tree import Node, directory, file, link
from stagemill.context.directory import DirectoryContext
from stagemill.errors import StagemillError
from stagemill.execute.copy import copy
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk
from stagemill.graph import operations

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners need root")


class RefusedError(Exception):
    """The naive copy cannot be made either."""


@dataclass(frozen=True)
class Thing:
    """A file with its text, a symlink with its target, or a directory."""

    kind: str
    mode: int = 0o755
    owner: int = 0
    text: str = ""

    def node(self) -> Node:
        match self.kind:
            case "file":
                return file(self.text, mode=self.mode, uid=self.owner, gid=self.owner)
            case "symlink":
                return link(self.text, uid=self.owner, gid=self.owner)
            case _:
                return directory(mode=self.mode, uid=self.owner, gid=self.owner)


Tree = dict[str, Thing]
ROOT = Thing("dir")
NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from([0o644, 0o600, 0o755, 0o4711])
OWNERS = st.sampled_from([0, 0, 7])
TARGETS = st.sampled_from(["a", "b/c", "/b", "..", "../a", "/", "nosuch", "c", "/a/b"])
THINGS = st.one_of(
    st.builds(Thing, st.just("file"), MODES, OWNERS, st.sampled_from(["", "x", "yy"])),
    st.builds(Thing, st.just("symlink"), st.just(0o777), OWNERS, TARGETS),
    st.builds(Thing, st.just("dir"), st.sampled_from([0o755, 0o700, 0o1777]), OWNERS),
)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Things at some paths; what lies below anything but a directory is left out."""
    tree = {"": ROOT}
    for path, thing in sorted(draw(st.dictionaries(PATHS, THINGS, max_size=8)).items()):
        above = ["/".join(path.split("/")[:depth]) for depth in range(1, path.count("/") + 1)]
        if all(tree.get(folder, ROOT).kind == "dir" for folder in above):
            tree |= {folder: tree.get(folder, ROOT) for folder in above} | {path: thing}
    return tree


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def real(tree: Tree, path: str, turns: int = 0) -> str:
    """Where a path leads; the root is its own parent, and what is missing stays as it is written."""
    names = [name for name in path.split("/") if name not in {"", "."}]
    done = ""
    for number, name in enumerate(names):
        here = parent(done) if name == ".." else f"{done}/{name}".strip("/")
        thing = tree.get(here)
        if name != ".." and thing and thing.kind == "symlink":
            if turns > 300:
                raise RefusedError("links go in a circle")
            start = "" if thing.text.startswith("/") else done
            return real(tree, "/".join([start, thing.text, *names[number + 1 :]]), turns + 1)
        done = here
    return done


def below(tree: Tree, top: str) -> Iterator[tuple[str, Thing]]:
    """What is in a directory, by its path from there on."""
    inside = f"{top}/" if top else ""
    for path in sorted(tree):
        if path and path.startswith(inside):
            yield path.removeprefix(inside), tree[path]


def make_folders(tree: Tree, path: str) -> None:
    names = path.split("/") if path else []
    for depth in range(1, len(names) + 1):
        folder = "/".join(names[:depth])
        if tree.setdefault(folder, ROOT).kind != "dir":
            raise RefusedError(f"{folder} is no directory")


def put(tree: Tree, path: str, thing: Thing) -> None:
    """Something in place of what is at a path; only a directory takes the place of a directory, and nothing else's."""
    there = tree.get(path)
    if there and (there.kind == "dir") != (thing.kind == "dir"):
        raise RefusedError(f"{path} is a {there.kind}")
    tree[path] = thing


def naive(source: Tree, sources: Sequence[str], destination: str, onto: Tree, *, keep_owner: bool) -> Tree:
    """The tree after a COPY. RefusedError where there can be none."""
    found = [real(source, os.path.normpath(f"/{name}")) for name in sources]  # `a/..` is the root, link or not
    if any(path not in source for path in found):
        raise RefusedError("a source is missing")
    tree = dict(onto)
    several = len(sources) > 1 and not _is_folder(tree, destination)
    for name, path in zip(sources, found, strict=True):
        to = real(tree, destination)
        things = [("", source[path]), *below(source, path)] if source[path].kind == "dir" else [("", source[path])]
        things = [(rest, thing if keep_owner else replace(thing, owner=0)) for rest, thing in things]
        if source[path].kind == "dir":
            make_folders(tree, to)
            for rest, thing in things[1:]:
                put(tree, f"{to}/{rest}".strip("/"), thing)
            continue
        if several:
            raise RefusedError("there is no directory for several sources")
        target = f"{to}/{name.rpartition('/')[2]}".strip("/") if _is_folder(tree, destination) else to
        make_folders(tree, parent(target))
        put(tree, target, things[0][1])
    return tree


def _is_folder(tree: Tree, destination: str) -> bool:
    there = tree.get(real(tree, destination))
    return destination.endswith("/") or (there is not None and there.kind == "dir")


def seen(view: FileView) -> Mapping[str, Thing]:
    return {path: _thing(view, path, entry) for path, entry in walk(view) if path}


def _thing(view: FileView, path: str, entry: Entry) -> Thing:
    text = view.real_path(path).read_text() if entry.kind == "file" else entry.target
    return Thing(entry.kind, entry.mode, entry.uid, text)


SOURCES = st.lists(PATHS | st.sampled_from(["", "a/..", "c/a"]), min_size=1, max_size=3)
DESTINATIONS = st.tuples(st.just("/"), PATHS | st.just(""), st.sampled_from(["", "/"])).map("".join)


@settings(max_examples=150, deadline=None)
@given(source=trees(), onto=trees(), sources=SOURCES, destination=DESTINATIONS, of_stage=st.booleans())
def test_a_copy_makes_what_the_naive_copy_makes(
    *, source: Tree, onto: Tree, sources: list[str], destination: str, of_stage: bool
) -> None:
    try:
        expected: Tree | None = naive(source, sources, destination, onto, keep_owner=of_stage)
    except RefusedError:
        expected = None
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        below_, files, into = (root / part for part in ("below", "files", "into"))
        write(below_, {path: thing.node() for path, thing in onto.items()})
        write(files, {path: thing.node() for path, thing in source.items()})
        into.mkdir()
        view = stacked(files) if of_stage else DirectoryContext(files, ignore=None, stats=MemoryStats(), started_ns=0)
        op = operations.Copy(tuple(sources), destination, keep_owner=of_stage)
        try:
            known = copy(op, stacked(below_), view, into=into, link=of_stage, extract=lambda *_, **__: False)
            digests(into, known)
            actual: Mapping[str, Thing] | None = seen(stacked(below_, into))
        except StagemillError:
            actual = None

    assert actual == (None if expected is None else {path: thing for path, thing in expected.items() if path})
