"""The command line in this process, with a store and a folder of the test's own."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from fakes.mill import CONFIG
from fakes.program import Call, Said
from stagemill.cli.main import run

_OURS = ("STAGEMILL", "XDG_", "BUILDKIT_", "DOCKER_", "SOURCE_DATE_EPOCH", "NO_COLOR")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; the environment says where the store is, and nothing else that counts."""
    for name in [name for name in os.environ if name.startswith(_OURS) or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    (tmp_path / "config.toml").write_text(CONFIG)
    monkeypatch.setenv("STAGEMILL_ROOT", str(tmp_path / "store"))
    monkeypatch.setenv("STAGEMILL_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "folder"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def stagemill(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Calls the program in `folder`; `stdin` is what a pipe gives it."""

    def call(*arguments: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfdbinary.readouterr()
        return Said(status, out, err.decode())

    return call


@pytest.fixture
def app(folder: Path, stagemill: Call) -> Call:
    """The program, whose store has the image `app` of two layers."""
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text(
        'FROM scratch\nCOPY one /a\nCOPY one /b\nENV A=1\nWORKDIR /\nCMD ["/a"]\nLABEL title=app\n'
    )
    assert stagemill("build", "-q", "-t", "app", ".").status == 0
    return stagemill
