"""What a command costs is taken from the command: no figure is compared with a clock here."""

from __future__ import annotations

import os
import resource
import shlex
import sys
from pathlib import Path

import pytest

from measure import BuildError, Sample, measure


def measured(command: str, log: Path, **env: str) -> Sample:
    return measure(command, env={**os.environ, **env}, log=log, daemon=None, patience=0)


def test_memory_is_that_of_children_too(tmp_path: Path) -> None:
    hungry = "true; python3 -c 'a = bytearray(200_000_000); print(len(a))'"

    sample = measured(hungry, tmp_path / "log")

    assert (tmp_path / "log").read_text() == "200000000\n"
    caller = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 200_000_000 < sample.rss < max(400_000_000, caller + 1)


def test_the_processor_time_of_a_process_that_nobody_waits_for_counts(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 1: pass"
    unwaited = f"import os, signal, subprocess, sys\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nsubprocess.run([sys.executable, '-c', {busy!r}])"

    sample = measured(f"{shlex.quote(sys.executable)} -c {shlex.quote(unwaited)}", tmp_path / "log")

    assert sample.cpu > 0.5


def test_the_environment_is_the_one_that_was_given(tmp_path: Path) -> None:
    measured('echo "$WORD"', tmp_path / "log", WORD="here")

    assert (tmp_path / "log").read_text() == "here\n"


def test_a_command_that_fails_is_no_sample(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as caught:
        measured("echo something; echo wrong >&2; exit 3", tmp_path / "log")

    assert caught.value.reason.startswith("exit status 3 from: echo something;")
    assert caught.value.reason.endswith("something\nwrong\n")


def test_the_reason_of_what_is_not_supported_yet_is_one_line() -> None:
    error = BuildError("x", status=1, output="before\n  error: zstd is not supported yet\n  hint: wait\n")

    assert error.reason == "error: zstd is not supported yet"
