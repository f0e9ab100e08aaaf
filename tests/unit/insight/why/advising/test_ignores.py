"""Files that nobody means to copy."""

from __future__ import annotations

import pytest

from fakes.advised import FILES, advised, after, files, ran

SOURCE = "FROM x AS app\nCOPY . .\nRUN make\n"


@pytest.mark.parametrize(
    ("paths", "line"),
    [
        ((".git/index", ".git/HEAD"), ".git"),
        (("node_modules/x/index.js",), "node_modules"),
        (("web/node_modules/x/node_modules/y.js",), "**/node_modules"),
        (("src/debug.log", "b.log"), "**/*.log"),
        (("a/__pycache__/b.pyc",), "**/__pycache__"),
        (("docs/.DS_Store",), "**/.DS_Store"),
    ],
)
def test_they_are_ignored_by_a_line_that_leaves_them_out(paths: tuple[str, ...], line: str) -> None:
    assert advised(SOURCE, ran(2, "COPY . .", files(*paths)), ran(3, "RUN make", after(2))) == [
        f"{line} is copied at line 2: with a line {line} in .dockerignore, 2 steps and 4.0 s stay cached"
    ]


def test_those_of_several_copies_are_told_of_once() -> None:
    other = ran(5, "COPY . .", files(".git/index", "x.log"), stage="more", on=[])

    assert advised(SOURCE + "FROM y AS more\nCOPY . .\n", ran(2, "COPY . .", files(".git/index")), other) == [
        ".git and **/*.log are copied at line 2: with lines .git and **/*.log in .dockerignore, 2 steps and 4.0 s stay cached"
    ]


def test_beside_files_that_are_meant_they_change_nothing() -> None:
    assert advised(SOURCE, ran(2, "COPY . .", files(".git/index", "src/a"))) == []
    assert advised(SOURCE, ran(2, "COPY . .", files(".git/index"), after(1))) == []


def test_what_runs_for_something_else_too_does_not_count() -> None:
    (text,) = advised(SOURCE, ran(2, "COPY . .", files("x.log")), ran(3, "RUN make", after(2), FILES))

    assert text.endswith(", 1 step and 2.0 s stay cached")
