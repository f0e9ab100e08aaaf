"""The loop of --watch, around builds that a test makes up; the files and the kernel are real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.program import Call, Said
from stagemill.cli import build
from stagemill.cli.watching import loop
from stagemill.errors import StagemillError, UsageError


@pytest.fixture
def watch(stagemill: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Watches while a generator is there: each step of it is a build, and its end is Ctrl-C."""
    (folder / "Dockerfile").write_text("FROM scratch\n")

    def call(builds: Iterator[None], *flags: str) -> Said:
        def once(*_: object) -> None:
            try:
                next(builds)
            except StopIteration:
                raise KeyboardInterrupt from None

        monkeypatch.setattr(build, "_timed", once)
        return stagemill("build", "--watch", *flags, ".")

    return call


def test_each_change_is_a_build_and_the_end_of_them_is_control_c(watch: Callable[..., Said], folder: Path) -> None:
    def builds() -> Iterator[None]:
        (folder / "a").write_text("1")
        yield
        (folder / "b").write_text("1")
        yield

    said = watch(builds())

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
    assert (
        loop._some([f"{folder.parent}/lib\x1b[2J", "/elsewhere/x", f"{folder}/a"]) == "../lib\ufffd[2J, /elsewhere/x, a"
    )


def test_an_error_is_shown_and_the_command_does_not_run(watch: Callable[..., Said], folder: Path) -> None:
    class Builds:
        """A generator could not go on after an error."""

        count = 0

        def __next__(self) -> None:
            self.count += 1
            (folder / "a").write_text(str(self.count))
            match self.count:
                case 1:
                    raise StagemillError("broken", hint="mend it")
                case 2:
                    raise PermissionError(13, "Permission denied", "/etc/shadow")
                case 3:
                    raise UsageError("no longer a file", hint="make it one")
            raise KeyboardInterrupt

    said = watch(Builds(), "--on-success", "echo never")

    assert said.status == 130
    assert "error: broken\nhint: mend it\n" in said.err
    assert "the system refused '/etc/shadow'" in said.err
    assert "no longer a file" in said.err
    assert "never" not in said.out


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (UsageError("wrong", hint="write it right"), 2, "error: wrong"),
        (ValueError("a bug"), 1, "this is a bug in stagemill"),
    ],
)
def test_a_wrong_command_line_and_a_bug_end_it(
    watch: Callable[..., Said], error: Exception, status: int, told: str
) -> None:
    def fail(_: int) -> None:
        raise error

    said = watch(map(fail, [1]))

    assert said.status == status
    assert told in said.err
    assert "waiting" not in said.err


def test_the_status_of_the_command_is_told_while_it_waits(watch: Callable[..., Said], folder: Path) -> None:
    def builds() -> Iterator[None]:
        yield
        yield

    said = watch(builds(), "--on-success", f"echo hello; echo 1 > {folder}/a; exit 5")

    assert said.out == "hello\n" * 2
    assert "watch: running echo hello; echo 1 >" in said.err
    assert "watch: changed: a" in said.err
