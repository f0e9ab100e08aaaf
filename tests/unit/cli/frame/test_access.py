"""The flags that say how registries are reached."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.connecting import pushed
from fakes.program import Call
from fakes.registry import FakeRegistry, status
from stagemill.cli.frame.access import Access

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="layers have root's files")


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry(auth="basic") as running:
        pushed(running)
        yield running


@needs_root
@pytest.mark.root
class TestWhoAsks:
    def test_creds_are_for_the_registry_of_the_image(self, stagemill: Call, registry: FakeRegistry) -> None:
        name = f"{registry.host}/team/app:1.0"

        assert stagemill("pull", name).status == 1
        assert stagemill("pull", "--creds", "alice:secret", name).status == 0

    def test_so_they_are_where_it_is_asked_what_is_said_of_it(self, stagemill: Call, registry: FakeRegistry) -> None:
        name = f"docker://{registry.host}/team/app:1.0"

        assert stagemill("attestations", name).status == 1
        assert stagemill("attestations", "--creds", "alice:secret", name).status == 0

    def test_a_file_of_logins_can_be_named(self, stagemill: Call, registry: FakeRegistry, folder: Path) -> None:
        auths = {registry.host: {"auth": "YWxpY2U6c2VjcmV0"}}
        (folder / "auth.json").write_text(json.dumps({"auths": auths}))

        assert stagemill("pull", "--authfile", "auth.json", f"{registry.host}/team/app:1.0").status == 0

    @pytest.mark.parametrize("flag", ["--creds", "--authfile", "REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG"])
    def test_so_can_a_build(
        self, stagemill: Call, registry: FakeRegistry, folder: Path, monkeypatch: pytest.MonkeyPatch, flag: str
    ) -> None:
        (folder / "Dockerfile").write_text(f"FROM {registry.host}/team/app:1.0\nLABEL a=b\n")
        text = json.dumps({"auths": {registry.host: {"auth": "YWxpY2U6c2VjcmV0"}}})
        (folder / "auth.json").write_text(text)
        if flag.startswith("--"):
            flags = [flag, "alice:secret" if flag == "--creds" else "auth.json"]
        else:
            flags = []
            monkeypatch.setenv(flag, text if flag == "DOCKER_AUTH_CONFIG" else str(folder / "auth.json"))

        said = stagemill("build", *flags, "--push", "-t", f"{registry.host}/team/new:1", ".")

        assert said.status == 0, said.err
        assert ("team/new", "1") in registry.manifests

    def test_a_password_is_in_nothing_that_is_printed_or_pushed(
        self, stagemill: Call, registry: FakeRegistry, folder: Path, tmp_path: Path
    ) -> None:
        registry.users["alice"] = "hush-hush"
        (folder / "Dockerfile").write_text(f"FROM {registry.host}/team/app:1.0\nLABEL a=b\n")
        flags = ["--creds", "alice:hush-hush", "--debug", "--progress", "rawjson", "--provenance=mode=max"]

        good = stagemill("build", *flags, "--push", "-t", f"{registry.host}/team/new:1", ".")
        registry.fail("team/new", *[status(403, message="denied")] * 9)
        bad = stagemill("build", *flags, "--push", "-t", f"{registry.host}/team/new:2", ".")

        assert (good.status, bad.status) == (0, 1), good.err
        files = [path for path in (tmp_path / "store").rglob("*") if path.is_file() and not path.is_symlink()]
        kept = [*(path.read_bytes() for path in files), *(data for _, data in registry.manifests.values())]
        for text in (
            good.stdout,
            bad.stdout,
            good.err.encode(),
            bad.err.encode(),
            *registry.blobs.data.values(),
            *kept,
        ):
            assert b"hush-hush" not in text
            assert b"YWxpY2U6aHVzaC1odXNo" not in text


class TestHowOften:
    def test_a_pull_is_tried_as_often_as_that(self, stagemill: Call, registry: FakeRegistry) -> None:
        registry.fail("/manifests/", *[status(503)] * 9)

        said = stagemill(
            "pull", "--retry", "4", "--retry-delay", "0s", "--creds", "alice:secret", f"{registry.host}/team/app:1.0"
        )

        assert said.status == 1
        assert len(registry.paths("/manifests/")) == 5
        assert "answered status 503" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--creds", "me"), "--creds has no password, and there is no terminal to ask for it"),
        (("--creds", ":hush-hush"), "invalid --creds: it has no user"),
        (("--tls-verify=maybe",), "invalid --tls-verify 'maybe'"),
        (("--retry", "-1"), "invalid --retry: -1 is not in the range x>=0"),
        (("--authfile", "/"), "--authfile / is a directory"),
        (("--authfile", "none"), "--authfile: there is no file none"),
        (("--cert-dir", "none"), "there is no directory none"),
    ],
)
def test_what_cannot_be_is_told(stagemill: Call, arguments: tuple[str, ...], message: str) -> None:
    said = stagemill("pull", *arguments, "127.0.0.1:1/app")

    assert said.status in {1, 2}
    assert f"error: {message}" in said.err
    assert "hint: " in said.err
    assert "hush-hush" not in said.err


def test_credentials_of_a_command_line_are_not_shown() -> None:
    assert "hush-hush" not in repr(Access(creds="alice:hush-hush"))


def test_creds_for_one_registry_are_given_to_no_other() -> None:
    given = Access(creds="alice:secret", host="index.docker.io").config(Path("/none"), {"HOME": "/none"}).credentials

    assert given("docker.io/library/debian") is not None
    assert given("mirror.example/library/debian") is None
