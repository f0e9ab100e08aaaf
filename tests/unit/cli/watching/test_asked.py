"""What --watch does not go together with; the golden pages have the words for the usual ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from fakes.program import Call


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--watch", "-"), "the context is standard input"),
        (("--watch", "https://host/a.git"), "the context is a URL"),
        (("--watch", "-f", "-", "."), "-f is standard input"),
        (("--watch", "-f", "https://host/Dockerfile", "."), "-f is a URL"),
        (("--watch", "-o", "-", "."), "one archive after another"),
        (("--watch", "--check", "."), "--check answers a question"),
        (("--watch", "-o", ".", "."), "which --watch watches"),
        (("--on-success", "true", "."), "--on-success is for --watch"),
    ],
)
def test_it_is_refused_with_the_reason(stagemill: Call, folder: Path, arguments: tuple[str, ...], why: str) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")

    said = stagemill("build", *arguments)

    assert said.status == 2
    assert why in said.err
    assert "hint: " in said.err


def test_without_watchfiles_it_says_how_to_have_it(
    stagemill: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "watchfiles" else find(name))

    said = stagemill("build", "--watch", ".")

    assert said.status == 1
    assert said.err == (
        "error: --watch needs watchfiles, which is not installed\nhint: pip install 'stagemill[watch]'\n"
    )
