"""The loop of --watch, around builds that a test makes up; the files and the kernel are real."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.program import Call, Said
from stagemill.cli import build
from stagemill.cli.watching import loop
from stagemill.errors import StagemillError, UsageError


@pytest.fixture
def watch(stagemill: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Watches, with these in place of builds, one after the other; Ctrl-C is the end of them. Each is another process."""
    (folder / "Dockerfile").write_text("FROM scratch\n")
    done = folder.parent / "done"
    done.write_text("")

    def call(*builds: Callable[[], object], flags: tuple[str, ...] = ()) -> Said:
        def once(*_: object) -> None:
            number = len(done.read_text())
            done.write_text("x" * (number + 1))
            if number == len(builds):
                raise KeyboardInterrupt
            builds[number]()

        monkeypatch.setattr(build, "_timed", once)
        return stagemill("build", "--watch", *flags, ".")

    return call


def failing(error: Exception, change: Path) -> Callable[[], None]:
    """A build that fails, while a file changes."""

    def fail() -> None:
        change.write_text(str(error))
        raise error

    return fail


def test_each_change_is_a_build_and_the_end_of_them_is_control_c(watch: Callable[..., Said], folder: Path) -> None:
    said = watch(lambda: (folder / "a").write_text("1"), lambda: (folder / "b").write_text("1"))

    assert said.status == 130
    assert said.err.split() == [
        "watch:",
        "waiting",
        "for",
        "changes",
        "in",
        ".;",
        "Ctrl-C",
        "ends",
        "watch:",
        "changed:",
        "a",
        "watch:",
        "waiting",
        "for",
        "changes",
        "in",
        ".;",
        "Ctrl-C",
        "ends",
        "watch:",
        "changed:",
        "b",
        "stopped",
    ]


def test_of_many_paths_the_first_are_named_from_here(folder: Path) -> None:
    assert loop._some(f"{folder}/{name}" for name in "edcba") == "a, b, c and 2 more"
    assert loop._some([f"{folder.parent}/lib\x1b[2J", f"{folder}/a"]) == "../lib\ufffd[2J, a"


def test_an_error_is_shown_and_the_command_does_not_run(watch: Callable[..., Said], folder: Path) -> None:
    errors = (
        StagemillError("broken", hint="mend it"),
        PermissionError(13, "Permission denied", "/etc/shadow"),
        UsageError("no longer a file", hint="make it one"),
        ValueError("a bug"),
    )

    said = watch(*(failing(error, folder / "a") for error in errors), flags=("--on-success", "echo never"))

    assert said.status == 130
    assert "error: broken\nhint: mend it\n" in said.err
    assert "the system refused '/etc/shadow'" in said.err
    assert "no longer a file" in said.err
    assert "this is a bug in stagemill" in said.err
    assert "never" not in said.out


def test_a_wrong_command_line_ends_it(watch: Callable[..., Said], folder: Path) -> None:
    said = watch(failing(UsageError("wrong", hint="write it right"), folder / "a"))

    assert (said.status, said.err) == (2, "error: wrong\nhint: write it right\n")


def test_the_command_runs_after_each_that_succeeds(watch: Callable[..., Said], folder: Path) -> None:
    flags = ("--on-success", f"echo hello; echo 1 > {folder}/a; exit 5")

    said = watch(lambda: None, lambda: None, flags=flags)

    assert said.out == "hello\n" * 2
    assert "watch: running echo hello; echo 1 >" in said.err
    assert "watch: changed: a" in said.err
