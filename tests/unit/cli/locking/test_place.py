"""Where a lock lies, and the command that writes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stagemill.cli.frame.values import Values
from stagemill.cli.locking import place
from stagemill.cli.locking.place import LockFlag
from stagemill.errors import ContextError, UsageError
from stagemill.lock.entries import Lock
from stagemill.lock.kept import Remedy


def where(context: str, file: str | None = None, *, named: str = "") -> str:
    return os.fspath(LockFlag(named, Remedy()).place(context, file, flag="--locked"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("Dockerfile", "dev.Dockerfile", "sub/Containerfile"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("FROM scratch\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("context", "file", "found"),
    [
        (".", None, "stagemill.lock"),
        ("sub", None, "sub/stagemill.lock"),
        (".", "Dockerfile", "stagemill.lock"),
        (".", "sub/Containerfile", "sub/stagemill.lock"),
        (".", "dev.Dockerfile", "dev.Dockerfile.lock"),
        ("sub", "../dev.Dockerfile", "sub/../dev.Dockerfile.lock"),
        ("gone", None, "gone/stagemill.lock"),
    ],
)
def test_it_lies_beside_the_dockerfile(folder: Path, context: str, file: str | None, found: str) -> None:
    (folder / "gone").mkdir()

    assert where(context, file) == found


def test_an_absolute_dockerfile_has_one_even_where_the_context_is_elsewhere(folder: Path) -> None:
    assert where("https://host.example/x.git", str(folder / "Dockerfile")) == str(folder / "stagemill.lock")


@pytest.mark.parametrize(
    ("context", "file"),
    [("-", None), (".", "-"), ("https://host.example/x.git", None), (".", "https://host.example/Dockerfile")],
)
def test_a_dockerfile_from_elsewhere_has_none(folder: Path, context: str, file: str | None) -> None:
    assert folder.is_dir()
    with pytest.raises(UsageError, match="not one of this machine") as caught:
        where(context, file)
    assert caught.value.hint == "name a file: --locked=FILE"
    assert where(context, file, named="x/y.lock") == "x/y.lock"


def test_a_link_in_the_context_leads_nowhere_else(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "mine"
    (folder / "stagemill.lock").symlink_to(outside)

    with pytest.raises(ContextError, match="leads out of the build context"):
        where(".")
    (folder / "stagemill.lock").unlink()
    (folder / "stagemill.lock").symlink_to("sub/own.lock")
    assert where(".") == "stagemill.lock"


def remedy(lock: str = "", **given: object) -> str:
    return place.remedy(Values({"context": ".", **given}), file=lock).add


def test_the_command_has_the_flags_that_say_what_is_built() -> None:
    assert remedy() == "stagemill lock --add ."
    assert (
        remedy(
            "a b",
            file="x/Dockerfile",
            target=("app=name:1", "test"),
            build_arg=("A=1 2", "B"),
            platform=("linux/amd64,linux/arm64",),
            all_platforms=True,
            all_stages=False,
            sbom="generator=scanner",
            no_cache=True,
            authfile="auth.json",
            creds="me:secret",
            tls_verify="false",
            context="sub dir",
        )
        == "stagemill lock --add -f x/Dockerfile --build-arg 'A=1 2' --build-arg B --platform linux/amd64,linux/arm64 "
        "--authfile auth.json --target app --target test --all-platforms --sbom=generator=scanner --tls-verify=false "
        "--lock-file='a b' 'sub dir'"
    )


def test_a_flag_of_one_target_is_the_same() -> None:
    assert remedy(target="app", sbom="true") == "stagemill lock --add --target app ."


class TestFiles:
    def test_one_that_is_not_there_is_none(self, tmp_path: Path) -> None:
        assert place.read(tmp_path / "stagemill.lock") is None

    def test_one_that_is_written_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "stagemill.lock"
        (tmp_path / "real").write_text("")
        path.symlink_to("real")

        place.write(path, "version = 1\n")

        assert place.read(path) == Lock()
        assert path.is_symlink()
        assert sorted(item.name for item in tmp_path.iterdir()) == ["real", "stagemill.lock"]

    def test_what_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"cannot read the lock .*: is a directory"):
            place.read(tmp_path)
        (tmp_path / "x").write_bytes(b"\xff")
        with pytest.raises(UsageError, match="it is no UTF-8"):
            place.read(tmp_path / "x")
