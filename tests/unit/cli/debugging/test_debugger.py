"""What a person is asked of a RUN that failed, with answers from a pipe and a sandbox that runs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Event

import pytest

from fakes.sandbox import FakeSandbox, fails
from fakes.tree import MemoryTree, Node, file
from stagemill.cli.container import shells
from stagemill.cli.debugging.debugger import Debugger
from stagemill.errors import CancelledError, StepError
from stagemill.execute.pausing import Standing
from stagemill.graph.operations import Run
from stagemill.graph.vertex import Label, Vertex
from stagemill.sandbox.process import ROOT, Process, Rootfs

ERROR = StepError("it failed", exit_code=7, tail="the last line")
SHELL: dict[str, Node | str] = {"bin/sh": file("", mode=0o755)}


@contextmanager
def typed(text: str, *, ends: bool = True) -> Iterator[None]:
    """Standard input is a pipe with this in it; unless it `ends`, somebody may still write."""
    out, into = os.pipe()
    os.write(into, text.encode())
    if ends:
        os.close(into)
    before = os.dup(0)
    os.dup2(out, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        for descriptor in (before, out, *([] if ends else [into])):
            os.close(descriptor)


@pytest.fixture
def sandbox() -> FakeSandbox:
    return FakeSandbox()


@pytest.fixture
def standing(sandbox: FakeSandbox, tmp_path: Path) -> Standing:
    process = Process(
        ("/bin/sh", "-c", "make"), (), "/", ROOT, hostname="box", network="none", hosts="", resolv_conf=""
    )
    rootfs = Rootfs((), tmp_path / "upper", tmp_path / "work")
    vertex = Vertex(Run(args=process.args, env=(), cwd="/", user=""), (), Label("RUN make"))
    return Standing(vertex, MemoryTree(SHELL), Event(), process, rootfs, tmp_path, sandbox)


def asker(command: str = "", held: Callable[[], AbstractContextManager[None]] = nullcontext) -> Debugger:
    return Debugger(command, held)


def befores(sandbox: FakeSandbox) -> list[bool]:
    """Of each shell, whether it was in the files from before."""
    return [call.rootfs.upper is None for call in sandbox.calls]


@pytest.mark.parametrize(
    ("answers", "again", "shells"),
    [
        (b"r\n", True, [False]),
        (b"q\n", False, [False]),
        (b"", False, [False]),
    ],
)
def test_a_shell_is_opened_and_then_the_answer_counts(
    standing: Standing, sandbox: FakeSandbox, answers: bytes, again: bool, shells: list[bool]
) -> None:
    with typed(answers.decode()):
        assert asker().again(standing, ERROR) is again

    assert befores(sandbox) == shells


def test_the_error_is_shown_and_what_the_shell_ended_with(
    standing: Standing, sandbox: FakeSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.acts["look"] = fails(3)

    with typed("q\n"):
        asker("look").again(standing, ERROR)

    err = capsys.readouterr().err
    assert "the last line" in err
    assert "error: it failed" in err
    assert "debug: the shell ended with status 3\n" in err
    assert sandbox.calls[0].process.args == ("/bin/sh", "-c", "look")


def test_files_without_a_shell_may_have_none_at_all(
    standing: Standing, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = Standing(
        standing.vertex,
        MemoryTree({}),
        standing.cancelled,
        standing.process,
        standing.rootfs,
        standing.scratch,
        sandbox,
    )
    monkeypatch.setattr(shells, "_BUSYBOXES", ())

    with typed("q\n"):
        assert not asker().again(bare, ERROR)

    assert sandbox.calls == []
    assert "have no /bin/sh; apt-get install busybox-static brings one along" in capsys.readouterr().err


def test_who_has_given_up_is_not_asked_again(standing: Standing, sandbox: FakeSandbox) -> None:
    one = asker()

    with typed("q\nr\n"):
        assert not one.again(standing, ERROR)
        assert not one.again(standing, ERROR)

    assert len(sandbox.calls) == 1


def test_what_was_stopped_is_not_asked_about_and_stops_the_question(standing: Standing, sandbox: FakeSandbox) -> None:
    def stop(_: object) -> None:
        standing.cancelled.set()

    sandbox.acts["look"] = stop
    with typed("", ends=False), pytest.raises(CancelledError):
        asker("look").again(standing, ERROR)

    assert not asker().again(standing, ERROR)
    assert len(sandbox.calls) == 1


def test_a_step_that_nobody_wants_to_stop_at_begins(standing: Standing, sandbox: FakeSandbox) -> None:
    assert asker().begin(standing)
    assert sandbox.calls == []
