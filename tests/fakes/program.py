"""`Said`: what the program printed when it was called within the test's own process. Not a fake: all is done for real."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from fakes.mill import CONFIG
from stagemill.cli.main import run

_OURS = ("STAGEMILL", "XDG_", "BUILDKIT_", "DOCKER_", "SOURCE_DATE_EPOCH", "NO_COLOR")


@dataclass(frozen=True)
class Said:
    """What a command printed, and its status."""

    status: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()


Call: TypeAlias = Callable[..., Said]


def surround(monkeypatch: pytest.MonkeyPatch, *, home: Path, store: Path, folder: Path) -> None:
    """The environment says where the store and the home are, and nothing else that counts; the test works in the folder."""
    for name in [name for name in os.environ if name.startswith(_OURS) or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    (home / "config.toml").write_text(CONFIG)
    monkeypatch.setenv("STAGEMILL_ROOT", str(store))
    monkeypatch.setenv("STAGEMILL_CONFIG", str(home / "config.toml"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(folder)


def caller(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Calls the program in the working directory; `stdin` is what a pipe gives it."""

    def call(*arguments: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = capfdbinary.readouterr()
        return Said(status, out, err.decode(errors="replace"))

    return call
