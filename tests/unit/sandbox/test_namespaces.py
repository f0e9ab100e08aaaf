"""What the sandbox refuses before anything starts, and its lent terminal."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.sandbox_lab import PLAIN
from stagemill.errors import CancelledError, SandboxError
from stagemill.sandbox import terminal
from stagemill.sandbox.namespaces import NamespaceSandbox
from stagemill.sandbox.process import Process, Rootfs

NOTHING = Rootfs((), None, None)


def run(state: Path, process: Process, *, cancelled: bool = False) -> int:
    event = threading.Event()
    if cancelled:
        event.set()
    with NamespaceSandbox(state=state) as sandbox:
        return sandbox.run(NOTHING, process, output=lambda *_: None, cancelled=event)


def test_no_program_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        run(tmp_path, replace(PLAIN, args=()))

    assert caught.value.message == "there is no program to run"
    assert caught.value.hint == "give a command, or set CMD or ENTRYPOINT in the image"


def test_a_state_that_cannot_be_made_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SandboxError) as caught:
        run(tmp_path / "file", PLAIN)

    assert caught.value.message == f"cannot make {tmp_path / 'file/mountpoint'}: Not a directory"
    assert caught.value.hint == "the sandbox needs one empty directory in the store; is that writable?"


def test_a_cancelled_process_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        run(tmp_path, PLAIN, cancelled=True)

    assert list(tmp_path.iterdir()) == []


def test_a_python_that_is_gone_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(SandboxError) as caught:
        run(tmp_path, PLAIN)

    assert caught.value.message == f"cannot start {tmp_path / 'python'}: No such file or directory"
    assert caught.value.hint is not None


def test_a_helper_that_ends_at_once_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(SandboxError) as caught:
        run(tmp_path, PLAIN)

    assert "sandbox" in caught.value.message
    assert caught.value.hint is not None


def test_a_terminal_is_put_back_even_after_an_error() -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)

    with pytest.raises(KeyError), terminal.raw(theirs):
        meanwhile = termios.tcgetattr(theirs)
        raise KeyError

    assert meanwhile != before
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)


def test_what_is_no_terminal_has_the_usual_size() -> None:
    read_end, write_end = os.pipe()

    assert terminal.size(read_end) == (24, 80)
    os.close(read_end)
    os.close(write_end)


def test_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with terminal._handling({signal.SIGTERM: lambda *_: None}):
        meanwhile = signal.getsignal(signal.SIGTERM)

    assert meanwhile != before
    assert signal.getsignal(signal.SIGTERM) == before
