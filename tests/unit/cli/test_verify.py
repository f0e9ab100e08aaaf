"""`stagemill verify`: what is refused before anything is built; tests/integration/test_verify.py has the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.program import Call

TEXT = "FROM scratch\nCOPY a /a\n"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["-"], "what comes through a pipe is there only once", "name a directory, and the Dockerfile with -f FILE"),
        (
            ["-f", "-", "."],
            "what comes through a pipe is there only once",
            "name a directory, and the Dockerfile with -f FILE",
        ),
        (
            ["--platform", "linux/amd64,linux/arm64", "."],
            "only one platform can be verified at a time",
            "write --platform OS/ARCH",
        ),
        (
            ["--vary=umask", "--against", "app", "."],
            "--vary is for two builds, and --against for one",
            "leave one of them out",
        ),
        (["--vary", "umsk", "."], "invalid --vary 'umsk'", "did you mean umask?"),
        (
            ["--source-date-epoch", "now", "."],
            "invalid --source-date-epoch 'now'",
            "give seconds since 1970, such as 1700000000",
        ),
    ],
)
def test_what_cannot_be_verified_is_wrong_usage(
    stagemill: Call, folder: Path, arguments: list[str], message: str, hint: str
) -> None:
    (folder / "Dockerfile").write_text(TEXT)

    said = stagemill("verify", *arguments)

    assert (said.status, said.stdout) == (2, b"")
    assert f"error: {message}\nhint: {hint}\n" in said.err


def test_a_mistake_in_the_dockerfile_is_told_before_anything_is_built(stagemill: Call, folder: Path) -> None:
    (folder / "Dockerfile").write_text(TEXT)

    said = stagemill("verify", ".")

    assert said.status == 1
    assert 'error: "/a": not found in the build context\n --> Dockerfile:2' in said.err
    assert "verify:" not in said.err


@pytest.mark.root
def test_it_is_told_what_is_done_and_the_verdict_alone_is_printed(stagemill: Call, folder: Path) -> None:
    (folder / "Dockerfile").write_text(TEXT)
    (folder / "a").write_text("A")

    said = stagemill("verify", "--vary=umask", ".")

    assert said.status == 0, said.err
    assert said.out.splitlines()[0].startswith("the same: two builds are sha256:")
    assert said.out.splitlines()[2] == "varied: umask"
    assert [line for line in said.err.splitlines() if line.startswith("verify: ")] == [
        "verify: the first build",
        "verify: the second build",
    ]
