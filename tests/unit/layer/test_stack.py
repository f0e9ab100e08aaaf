from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from stagemill.digest import Digest
from stagemill.errors import CorruptError, StoreError
from stagemill.layer.index import LayerIndex, build
from stagemill.layer.stack import HIGHEST, StackView

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]

Spec = dict[str, object]


@pytest.fixture(params=["at once", "one on another"])
def stack(request: pytest.FixtureRequest, make: Callable[..., Path]) -> Callable[..., StackView]:
    def made(*specs: Spec) -> StackView:
        layers = [make(f"layer{number}", spec) for number, spec in enumerate(specs)]
        parts = [(layer, partial(build, layer)) for layer in layers]
        if request.param == "at once":
            return StackView(parts)
        view = StackView(())
        for part in parts:
            view = StackView([part], below=view)
        return view

    return made


def everything(view: StackView, path: str = "") -> list[str]:
    below = [f"{path}/{name}" if path else name for name in view.listdir(path)]
    return [found for child in below for found in (child, *everything(view, child))]


def test_an_upper_file_stands_before_a_lower_one(stack: Callable[..., StackView]) -> None:
    view = stack({"d/f": "lower"}, {"d/f": "upper"})

    assert view.real_path("d/f").read_text() == "upper"
    assert view.digest("d/f") == Digest.of(b"upper")


def test_a_path_is_from_the_uppermost_layer_that_has_it(stack: Callable[..., StackView]) -> None:
    view = stack({"d/a": "", "x": ""}, {"d/b": ""}, {"x": None})

    assert [view.layer(path) for path in ("d", "d/a", "d/b", "x", "none")] == [1, 0, 1, None, None]


def test_directories_are_merged(stack: Callable[..., StackView]) -> None:
    assert everything(stack({"d/a": "", "x": ""}, {"d/b": ""}, {"d/c": ""})) == ["d", "d/a", "d/b", "d/c", "x"]


def test_a_whiteout_hides_a_path_and_all_below_it(stack: Callable[..., StackView]) -> None:
    view = stack({"d/a": "", "f": ""}, {"d": None, "f": None})

    assert everything(view) == []
    assert view.lstat("d") is None
    assert view.lstat("d/a") is None


def test_what_comes_back_above_a_whiteout_shows_nothing_of_before(stack: Callable[..., StackView]) -> None:
    assert everything(stack({"d/a": ""}, {"d": None}, {"d/b": ""})) == ["d", "d/b"]


def test_an_opaque_directory_hides_what_lies_below(stack: Callable[..., StackView]) -> None:
    assert everything(stack({"d/a": "", "d/e/x": ""}, {"d": False, "d/e/y": ""})) == ["d", "d/e", "d/e/y"]


def test_layers_above_an_opaque_directory_are_merged_with_it(stack: Callable[..., StackView]) -> None:
    assert everything(stack({"d/a": ""}, {"d": False, "d/b": ""}, {"d/c": ""})) == ["d", "d/b", "d/c"]


def test_a_file_hides_a_lower_directory_and_a_directory_a_lower_file(stack: Callable[..., StackView]) -> None:
    view = stack({"a/x": "", "b": "file"}, {"a": "file", "b/y": ""}, {})

    assert everything(view) == ["a", "b", "b/y"]
    assert view.lstat("a/x") is None


def test_a_directory_above_a_file_above_a_directory_shows_its_own_names_only(stack: Callable[..., StackView]) -> None:
    assert everything(stack({"a/x": ""}, {"a": "file"}, {"a/y": ""})) == ["a", "a/y"]


def test_no_symlink_is_followed(stack: Callable[..., StackView]) -> None:
    view = stack({"usr/bin/sh": "", "bin": "->usr/bin"})

    assert view.lstat("bin/sh") is None
    assert view.listdir("bin") == []


def test_a_directory_is_as_its_uppermost_layer_says(stack: Callable[..., StackView], tmp_path: Path) -> None:
    view = stack({"d/a": ""}, {"d/b": ""})
    (tmp_path / "layer1/d").chmod(0o1777)

    entry = view.lstat("d")

    assert entry
    assert entry.mode == 0o1777


def test_hard_links_of_one_layer_share_a_node_and_others_do_not(stack: Callable[..., StackView]) -> None:
    view = stack({"a": "x", "b": "=a", "c": "x"}, {"d": "x", "e": "=d"})
    node = {path: getattr(view.lstat(path), "node", None) for path in "abcde"}

    assert node["a"] == node["b"] is not None
    assert node["d"] == node["e"] is not None
    assert node["a"] != node["d"]
    assert node["c"] is None


def test_no_layers_are_an_empty_tree() -> None:
    view = StackView([])

    assert view.listdir("") == []
    assert view.lstat("x") is None
    root = view.lstat("")
    assert root
    assert (root.kind, root.mode) == ("dir", 0o755)


def test_five_hundred_layers_are_looked_through_once(stack: Callable[..., StackView]) -> None:
    view = stack(*({f"d/{number}": "", "same": str(number)} for number in range(500)))

    assert len(view.listdir("d")) == 500
    assert view.real_path("same").read_text() == "499"


def test_what_the_uppermost_layer_does_not_change_is_taken_from_the_view_below(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [(layer, partial(build, layer)) for layer in (make("0", {"a/f": "1"}), make("1", {"b": "2"}))]
    below = StackView(parts[:1])
    assert everything(below) == ["a", "a/f"]
    listed: list[str] = []

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        listed.append(path)
        return original(path)

    original = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)

    assert everything(StackView(parts[1:], below=below)) == ["a", "a/f", "b"]
    assert listed == [f"{parts[1][0]}/"]


def test_no_more_views_stand_on_each_other_than_calls_can(make: Callable[..., Path]) -> None:
    layers = [make(str(number), {f"d/{number}": ""}) for number in range(2 * HIGHEST)]
    parts = [(layer, partial(build, layer)) for layer in layers]
    view = StackView(parts[:1])
    heights = [view.height]
    for part in parts[1:]:
        view = StackView([part], below=view)
        heights.append(view.height)

    assert max(heights) == HIGHEST
    assert len(view.listdir("d")) == len(parts)


def test_a_path_of_a_thousand_components_is_no_burden(stack: Callable[..., StackView]) -> None:
    assert stack({"a": ""}).lstat("/".join(["a"] * 2000)) is None


def test_a_layer_that_vanished_is_a_store_error(stack: Callable[..., StackView], tmp_path: Path) -> None:
    view = stack({"f": ""})
    shutil.rmtree(tmp_path / "layer0")

    with pytest.raises(StoreError, match="of a layer: No such file or directory") as caught:
        view.listdir("")

    assert caught.value.hint == "run `stagemill store check`, then build again"


def test_a_path_that_does_not_exist_is_nowhere_on_disk(stack: Callable[..., StackView]) -> None:
    with pytest.raises(StoreError, match="no layer has the path 'x'"):
        stack({}).real_path("x")


def test_an_index_that_lacks_a_file_is_corrupt(make: Callable[..., Path]) -> None:
    view = StackView([(make("a", {"f": ""}), lambda: LayerIndex([]))])

    with pytest.raises(CorruptError, match="the index of a layer lacks the file 'f'"):
        view.digest("f")


SPECS: list[list[Spec]] = [
    [{"a/b/c": "1", "f": "1"}, {"a/b": None, "f": "2"}, {"a/b/d": "3"}],
    [{"a/b/c": "1"}, {"a": False, "a/x": "2"}, {"a/b/y": "3", "a/x": None}],
    [{"a/b": "1", "l": "->a"}, {"a": "->l"}, {"a/z": "3", "l": True}],
    [{"a/b/c": "1", "a/d": "1"}, {"a/b": False}, {"a": False, "a/b/e": "3"}],
]


@pytest.mark.parametrize("specs", SPECS)
def test_it_shows_what_overlayfs_shows(stack: Callable[..., StackView], tmp_path: Path, specs: list[Spec]) -> None:
    view = stack(*specs)
    lower = ":".join(str(tmp_path / f"layer{number}") for number in reversed(range(len(specs))))
    script = f'mount -t overlay overlay -o userxattr,lowerdir={lower} "$0" && cd "$0" && find . -mindepth 1 -printf "%P %y %l %s\\n"'
    (tmp_path / "merged").mkdir()

    shown = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, tmp_path / "merged"], capture_output=True, text=True, check=True
    ).stdout.splitlines()

    letters = {"dir": "d", "file": "f", "symlink": "l"}
    ours = []
    for path in everything(view):
        entry = view.lstat(path)
        assert entry
        ours.append(f"{path} {letters[entry.kind]} {entry.target} {entry.size if entry.kind == 'file' else ''}".strip())
    assert sorted(ours) == sorted(line.rsplit(" ", 1)[0].strip() if " f " not in line else line for line in shown)


def test_real_paths_are_paths(stack: Callable[..., StackView], tmp_path: Path) -> None:
    assert stack({"d/f": ""}).real_path("d/f") == tmp_path / "layer0/d/f"
