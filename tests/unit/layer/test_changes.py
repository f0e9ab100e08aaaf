from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from stagemill.errors import StoreError
from stagemill.layer import disk
from stagemill.layer.changes import settle
from stagemill.layer.index import build
from stagemill.layer.stack import StackView

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="whiteouts need root")]

TIME = 1_700_000_000_123_456_789


Spec = dict[str, object]


@pytest.fixture
def settled(make: Callable[..., Path]) -> Callable[[Spec, Spec], list[str]]:
    """Settles a second layer on a first one; says what is left of it."""

    def run(lower: dict[str, object], upper: dict[str, object]) -> list[str]:
        below, above = make("lower", lower), make("upper", upper)
        settle(above, StackView([(below, partial(build, below))]))
        return [f"{item.path}!" if item.opaque else item.path for item in build(above).entries if item.path]

    return run


def test_a_whiteout_that_hides_something_stays(settled: Callable[[Spec, Spec], list[str]]) -> None:
    assert settled({"d/f": "", "g": ""}, {"d/f": None, "g": None}) == ["d", "d/f", "g"]


def test_a_whiteout_that_hides_nothing_goes(settled: Callable[[Spec, Spec], list[str]]) -> None:
    assert settled({"d/f": ""}, {"d/tmp": None, "tmp": None, "new/gone": None, "d/g": ""}) == ["d", "d/g", "new"]


def test_a_directory_that_changed_nothing_goes_and_its_parents_with_it(
    settled: Callable[[Spec, Spec], list[str]],
) -> None:
    assert settled({"a/b/c/f": ""}, {"a/b/c": True}) == []


def test_a_new_directory_stays_though_it_is_empty(settled: Callable[[Spec, Spec], list[str]]) -> None:
    assert settled({"a": True}, {"a/new": True}) == ["a", "a/new"]


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.chmod(path, 0o700),
        lambda path: os.chown(path, 1, 0),
        lambda path: os.setxattr(path, "user.note", b"x"),
    ],
)
def test_a_directory_with_other_facts_than_before_stays(
    make: Callable[..., Path], change: Callable[[Path], None]
) -> None:
    below, above = make("lower", {"d": True}), make("upper", {"d": True})
    change(above / "d")

    settle(above, StackView([(below, partial(build, below))]))

    assert [item.path for item in build(above).entries] == ["", "d"]


def test_an_opaque_directory_that_hides_something_stays_though_it_is_empty(
    settled: Callable[[Spec, Spec], list[str]],
) -> None:
    assert settled({"d/f": ""}, {"d": False}) == ["d!"]


def test_an_opaque_flag_that_hides_nothing_goes(settled: Callable[[Spec, Spec], list[str]]) -> None:
    lower = {"empty": True, "file": ""}

    assert settled(lower, {"empty": False, "empty/x": "", "file": False, "new/n": False}) == [
        "empty", "empty/x", "file", "new", "new/n",
    ]  # fmt: skip


def test_a_whiteout_within_what_hides_the_lower_directory_goes(settled: Callable[[Spec, Spec], list[str]]) -> None:
    assert settled({"d/f": "", "d/e/g": ""}, {"d": False, "d/f": None, "d/e/g": None}) == ["d!", "d/e"]


def test_times_of_directories_stay(make: Callable[..., Path]) -> None:
    below = make("lower", {"d/e": True})
    above = make("upper", {"d/e": True, "d/tmp": None, "d/f": ""})

    settle(above, StackView([(below, partial(build, below))]))

    assert os.stat(above / "d").st_mtime_ns == os.stat(above).st_mtime_ns == TIME


def test_notes_of_the_kernel_go_and_those_of_people_stay(make: Callable[..., Path]) -> None:
    below, above = make("lower", {"d/f": "", "d/g": ""}), make("upper", {"d/f": "x", "d/g": None})
    for path in (above, above / "d", above / "d/f"):
        for name in ("user.overlay.origin", "user.overlay.impure", "user.note"):
            os.setxattr(path, name, b"y")
    os.setxattr(above / "d", disk.OPAQUE, b"x")

    settle(above, StackView([(below, partial(build, below))]))

    assert {str(p): os.listxattr(p) for p in (above, above / "d", above / "d/f")} == {
        str(p): ["user.note"] for p in (above, above / "d", above / "d/f")
    }


def test_an_upper_directory_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot settle '.*none' of a layer: No such file or directory") as caught:
        settle(tmp_path / "none", StackView([]))

    assert caught.value.hint == "free some space, then build again"


SCRIPTS = {
    "rm -rf a && echo x > a": ["a"],
    "rm -rf a; mkdir a; echo x > a/new": ["a!", "a/new"],
    "touch t && rm t; touch a/t && rm a/t; mkdir z; rmdir z": [],
    "chmod 700 a": ["a"],
    "rm a/f; mv b c; ln -s a l": ["a", "a/f", "b", "c", "c/g", "l"],
    "mkdir -p n/m; rm b/g; echo x > b/g": ["b", "b/g", "n", "n/m"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_a_process_did_on_a_real_overlay_is_what_is_left(
    make: Callable[..., Path], tmp_path: Path, script: str
) -> None:
    below = make("lower", {"a/f": "1", "a/e/x": "1", "b/g": "1"})
    above = make("upper", {})
    (tmp_path / "work").mkdir()
    (tmp_path / "merged").mkdir()
    options = f"userxattr,lowerdir={below},upperdir={above},workdir={tmp_path}/work"
    mount = f"mount -t overlay overlay -o {options} {tmp_path}/merged && cd {tmp_path}/merged && {{ {script}; }}"
    listing = 'find . -mindepth 1 -printf "%P %y %l %m\\n" | sort'
    seen = subprocess.run(
        ["unshare", "-m", "sh", "-ec", f"{mount}; {listing}"], capture_output=True, text=True, check=True
    )

    settle(above, StackView([(below, partial(build, below))]))

    left = [f"{item.path}!" if item.opaque else item.path for item in build(above).entries if item.path]
    remount = (
        f"mount -t overlay overlay -o userxattr,lowerdir={above}:{below} {tmp_path}/merged && cd {tmp_path}/merged"
    )
    again = subprocess.run(
        ["unshare", "-m", "sh", "-ec", f"{remount}; {listing}"], capture_output=True, text=True, check=True
    )
    assert left == SCRIPTS[script]
    assert again.stdout == seen.stdout
