from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, link
from stagemill.files.near import dangling, meant_flag, near_name, there

TREE = MemoryTree({
    "README.md": "", "src/app.js": "", "src/lib/util.js": "", "build/lib/util.js": "", "link": link("src"),
    "gone": link("/nowhere"), "round": link("round"), ".git/config": "", "many/a": "", "many/b": "", "many/c": "",
    "many/d": "", "many/e": "", "many/f": "", "many/g": "",
})  # fmt: skip


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("readme.MD", "README.md"),
        ("readme", "README.md"),
        ("/SRC/App.js", "src/app.js"),
        ("scr/ap.js", "src/app.js"),
        ("link/ap.js", "link/app.js"),
        ("scr/deep/app.js", "src"),
        ("app.js", "src/app.js"),
        ("dist/app.js", "src/app.js"),
        ("util.js", "build/lib/util.js"),
        ("config", ".git/config"),
        ("zzz", None),
        ("src/zzz", None),
        ("README.md/x", None),
        ("src", None),
    ],
)
def test_a_near_name_differs_by_a_few_letters_or_lies_elsewhere(path: str, expected: str | None) -> None:
    assert near_name(TREE, path) == expected


def test_a_path_of_many_names_is_looked_at_once() -> None:
    assert near_name(TREE, "src/" + "deep/" * 10_000 + "app.js") != ""  # found by fuzzing: it took minutes


def test_nothing_is_near_in_an_empty_tree() -> None:
    assert near_name(MemoryTree({}), "a") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("zzz", "in / there are .git, README.md, build, gone, link and 3 more"),
        ("src/zzz", "in src there are app.js and lib"),
        ("src/lib/x/y", "in src/lib there is util.js"),
        ("link/zzz", "in link there are app.js and lib"),
        ("README.md/x/y", "README.md is a file, not a directory"),
        ("many/zzz", "in many there are a, b, c, d, e and 2 more"),
        ("round/x", "in / there are .git, README.md, build, gone, link and 3 more"),
    ],
)
def test_what_is_there_is_told_of_the_innermost_directory(path: str, expected: str) -> None:
    assert there(TREE, path) == expected


def test_an_empty_directory_is_told() -> None:
    assert there(MemoryTree({}), "x", root="the context") == "the context is empty"


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        ("\u2013from=a", "from=a"), ("\u2014link", "link"), ("-\u2013chown=1", "chown=1"), ("\u2013-x", "x"),
        ("-from=a", "from=a"), ("-link", "link"), ("-x", None), ("a-b=c", None), ("-", None), ("", None),
    ],
)  # fmt: skip
def test_a_flag_with_wrong_dashes_is_recognized(path: str, flag: str | None) -> None:
    found = meant_flag(path)

    assert found is None if flag is None else found and found.startswith(f"did you mean the flag --{flag}? ")


def test_a_flag_that_stands_too_late_is_recognized() -> None:
    assert meant_flag("--from=a") == meant_flag("--link") == "flags stand before the sources"


def test_a_link_that_leads_nowhere_is_told_with_its_target() -> None:
    assert (
        dangling(TREE, "gone")
        == 'it is a symlink to "/nowhere", which is followed inside only, and "/nowhere" is not there'
    )
    assert dangling(TREE, "src") is None
