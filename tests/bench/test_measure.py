"""What a command costs is taken from the command: no figure is compared with a clock here."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import measure as measuring
from measure import BuildError, Sample, measure

CALLER = """
import os, sys
from pathlib import Path
from measure import measure

print(measure(sys.argv[1], env=os.environ, log=Path(sys.argv[2]), daemon=None, patience=0).rss)
"""


def measured(command: str, log: Path, **env: str) -> Sample:
    return measure(command, env={**os.environ, **env}, log=log, daemon=None, patience=0)


def test_memory_is_that_of_children_too(tmp_path: Path) -> None:
    hungry = "true; python3 -c 'a = bytearray(200_000_000); print(len(a))'"

    # Of a process of its own, which is small: the one that runs the tests may have had more than that.
    paths = {**os.environ, "PYTHONPATH": str(Path(measure.__code__.co_filename).parent)}
    done = subprocess.run(
        [sys.executable, "-c", CALLER, hungry, str(tmp_path / "log")], env=paths, capture_output=True, check=True
    )

    assert (tmp_path / "log").read_text() == "200000000\n"
    assert 200_000_000 < int(done.stdout) < 400_000_000


def test_the_processor_time_of_a_process_that_nobody_waits_for_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is what was seen of it last, so it works until enough of that was seen."""
    seen, look = tmp_path / "seen", measuring._Sampler._look

    def looked(sampler: measuring._Sampler) -> None:
        look(sampler)
        if sampler.inside > 0.5:
            seen.touch()

    monkeypatch.setattr(measuring._Sampler, "_look", looked)
    busy = f"import os, time\nwhile time.process_time() < 60 and not os.path.exists({str(seen)!r}): pass"
    unwaited = f"import os, signal, subprocess, sys\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nsubprocess.run([sys.executable, '-c', {busy!r}])"

    sample = measured(f"{shlex.quote(sys.executable)} -c {shlex.quote(unwaited)}", tmp_path / "log")

    assert seen.exists()
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
