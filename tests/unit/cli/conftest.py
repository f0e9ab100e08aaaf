"""The command line in this process, with a store and a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.program import Call, caller, surround


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; the environment says where the store is, and nothing else that counts."""
    path = tmp_path / "folder"
    path.mkdir()
    surround(monkeypatch, home=tmp_path, store=tmp_path / "store", folder=path)
    return path


@pytest.fixture
def stagemill(folder: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Calls the program in `folder`; `stdin` is what a pipe gives it."""
    return caller(monkeypatch, capfdbinary)


@pytest.fixture
def app(folder: Path, stagemill: Call) -> Call:
    """The program, whose store has the image `app` of two layers."""
    (folder / "one").write_text("1")
    (folder / "Dockerfile").write_text(
        'FROM scratch\nCOPY one /a\nCOPY one /b\nENV A=1\nWORKDIR /\nCMD ["/a"]\nLABEL title=app\n'
    )
    assert stagemill("build", "-q", "-t", "app", ".").status == 0
    return stagemill
