"""Every tree that can be read keeps the same contract."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.file_view import FileViewContract, Make
from fakes.disk import stacked, write
from fakes.stats import MemoryStats
from fakes.tree import MemoryTree, Node
from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.files.view import FileView
from stagemill.layer import disk

Nodes = Mapping[str, Node | str]


def needs_root(contract: type) -> type:
    """Trees are written with root's files; whiteouts are device nodes."""
    return pytest.mark.root(pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")(contract))


class TestMemoryTree(FileViewContract):
    @pytest.fixture
    def make(self) -> Make:
        return MemoryTree


@needs_root
class TestDirectoryContext(FileViewContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        def context(nodes: Nodes) -> FileView:
            root = write(tmp_path / "context", nodes)
            return DirectoryContext(root, ignore=None, stats=MemoryStats(), started_ns=0)

        return context


@needs_root
class TestDirectoryContextWithIgnoredFiles(FileViewContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        def context(nodes: Nodes) -> FileView:
            root = write(tmp_path / "context", {**nodes, "noise/of/all": "noise", "etc.noise": "noise"})
            rules = IgnoreRules.parse("noise\n*.noise\n", ".dockerignore")
            return DirectoryContext(root, ignore=rules, stats=MemoryStats(), started_ns=0)

        return context


@needs_root
class TestStackViewOfOneLayer(FileViewContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        return lambda nodes: stacked(write(tmp_path / "layer", nodes))


@needs_root
class TestStackViewOfEmptyLayersAround(FileViewContract):
    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        def stack(nodes: Nodes) -> FileView:
            around = [write(tmp_path / name, {}) for name in ("below", "above")]
            return stacked(around[0], write(tmp_path / "layer", nodes), around[1])

        return stack


@needs_root
class TestStackViewWhereLayersHideOthers(FileViewContract):
    """Below every directory lies another one full of files; whiteouts and opaque directories hide all of it."""

    @pytest.fixture
    def make(self, tmp_path: Path) -> Make:
        def stack(nodes: Nodes) -> FileView:
            upper = write(tmp_path / "upper", nodes)
            lower = tmp_path / "lower"
            lower.mkdir()
            for name in sorted(os.listdir(upper)):
                (lower / name).mkdir()
                (lower / name / "hidden").write_text("hidden")
                if (upper / name).is_dir() and not (upper / name).is_symlink():
                    times = (upper / name).stat()
                    disk.make_opaque(str(upper / name))
                    os.utime(upper / name, ns=(times.st_atime_ns, times.st_mtime_ns))
            (lower / "gone").write_text("gone")
            disk.make_whiteout(str(upper / "gone"))
            return stacked(lower, upper)

        return stack
