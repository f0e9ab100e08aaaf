"""`stagemill login`: asked, kept, and told in docker's words."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.mill import SOURCE
from fakes.program import Call
from fakes.registry import FakeRegistry

WARNING = "WARNING! Your credentials are stored unencrypted in '{path}'."


@pytest.fixture(params=["basic", "bearer"])
def registry(request: pytest.FixtureRequest) -> Iterator[FakeRegistry]:
    with FakeRegistry(auth=request.param) as running:
        yield running


@pytest.fixture
def basic() -> Iterator[FakeRegistry]:
    with FakeRegistry(auth="basic") as running:
        yield running


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def logins(path: Path) -> Any:
    return json.loads(path.read_text())["auths"]


class TestLogin:
    def test_a_password_from_a_pipe_is_tried_and_kept(
        self, stagemill: Call, registry: FakeRegistry, tmp_path: Path
    ) -> None:
        said = stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"secret\r\n")

        path = tmp_path / ".docker/config.json"
        assert (said.status, said.out) == (0, "Login Succeeded\n")
        assert WARNING.format(path=path) in said.err
        assert logins(path) == {registry.host: {"auth": packed("alice:secret")}}
        assert path.stat().st_mode & 0o777 == 0o600

    def test_one_on_the_command_line_is_warned_of(self, stagemill: Call, basic: FakeRegistry) -> None:
        said = stagemill("login", "-u", "alice", "-p", "secret", basic.host)

        assert (said.status, said.out) == (0, "Login Succeeded\n")
        assert "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n" in said.err

    def test_a_wrong_one_is_refused_and_not_kept(self, stagemill: Call, registry: FakeRegistry, tmp_path: Path) -> None:
        said = stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"hush-hush")

        assert (said.status, said.out) == (1, "")
        assert f"error: {registry.host} does not let you in: " in said.err
        assert "hush-hush" not in said.err
        assert not (tmp_path / ".docker").exists()

    def test_the_token_that_a_registry_gives_is_kept_instead(self, stagemill: Call, tmp_path: Path) -> None:
        with FakeRegistry(auth="bearer") as registry:
            registry.gives_identity = True
            stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"secret")

        entry = {"auth": packed("alice:"), "identitytoken": "refresh-me"}
        assert logins(tmp_path / ".docker/config.json") == {registry.host: entry}

    @pytest.mark.parametrize("way", ["--authfile", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "--config"])
    def test_the_file_may_be_another(
        self, stagemill: Call, basic: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        path = tmp_path / "other/config.json"
        before = ["--config", str(path.parent)] if way == "--config" else []
        after = ["--authfile", str(path)] if way == "--authfile" else []
        monkeypatch.setenv("DOCKER_CONFIG", str(path.parent if way == "DOCKER_CONFIG" else tmp_path / "none"))
        if way == "REGISTRY_AUTH_FILE":
            monkeypatch.setenv(way, str(path))

        said = stagemill(*before, "login", "-u", "alice", "--password-stdin", *after, basic.host, stdin=b"secret")

        assert said.status == 0, said.err
        assert list(logins(path)) == [basic.host]

    def test_a_login_that_is_there_is_tried_again(self, stagemill: Call, registry: FakeRegistry) -> None:
        stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"secret")

        said = stagemill("login", registry.host)

        assert (said.status, said.out) == (0, "Login Succeeded\n")
        assert said.err == "Authenticating with existing credentials of alice...\n"
        registry.users["alice"] = "another"
        assert stagemill("login", registry.host).status == 1

    def test_a_part_of_a_registry_has_its_own(self, stagemill: Call, basic: FakeRegistry, tmp_path: Path) -> None:
        stagemill("login", "-u", "alice", "--password-stdin", f"{basic.host}/team", stdin=b"secret")

        assert list(logins(tmp_path / ".docker/config.json")) == [f"{basic.host}/team"]

    def test_a_registry_that_asks_nobody_has_checked_nothing(self, stagemill: Call) -> None:
        with FakeRegistry() as registry:
            said = stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"x")

        assert said.status == 0
        assert f"note: {registry.host} asks nobody who they are: the login was not checked\n" in said.err

    def test_a_variable_that_counts_more_is_told_of(
        self, stagemill: Call, basic: FakeRegistry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = json.dumps({"auths": {basic.host: {"auth": packed("bob:x")}}})
        monkeypatch.setenv("DOCKER_AUTH_CONFIG", text)

        said = stagemill("login", "-u", "alice", "--password-stdin", basic.host, stdin=b"secret")

        assert f"note: DOCKER_AUTH_CONFIG has another login for {basic.host}, which counts more\n" in said.err

    @pytest.mark.parametrize(
        ("arguments", "status", "message"),
        [
            ((), 1, "cannot perform an interactive login from a non TTY device"),
            (("-u", "me"), 1, "cannot perform an interactive login from a non TTY device"),
            (("--password-stdin",), 1, "must provide --username with --password-stdin"),
            (("-p", "x"), 1, "must provide --username with --password"),
            (("-u", "me", "-p", "x", "--password-stdin"), 1, "--password and --password-stdin are mutually exclusive"),
            (("-u", "me", "--password-stdin"), 1, "password is empty"),
            (("-u", "me", "--password-stdin", "--authfile", "."), 2, "--authfile . is a directory"),
            (("Bad Host!",), 2, "'Bad Host!' is no registry"),
        ],
    )
    def test_what_cannot_be_is_told(
        self, stagemill: Call, arguments: tuple[str, ...], status: int, message: str
    ) -> None:
        said = stagemill("login", *arguments)

        assert (said.status, said.out) == (status, "")
        assert f"error: {message}" in said.err
        assert "hint: " in said.err


def test_who_sits_at_a_terminal_is_asked(folder: Path, basic: FakeRegistry, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "stagemill", "login", basic.host],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        cwd=folder,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    said = b""
    for question, answer in ((b"Username: ", b"alice\n"), (b"Password: ", b"secret\n"), (b"Login Succeeded", b"")):
        end = time.monotonic() + 60
        while question not in said and time.monotonic() < end:
            said += os.read(leader, 1000)
        os.write(leader, answer)
    process.wait(60)
    os.close(leader)

    assert process.returncode == 0, said
    assert b"secret" not in said
    assert list(logins(tmp_path / ".docker/config.json")) == [basic.host]


class TestWhatIsKeptIsUsed:
    def test_a_pull_needs_nothing_more(self, stagemill: Call, registry: FakeRegistry) -> None:
        name = f"{registry.host}/team/none:1"
        before = stagemill("pull", name).err
        stagemill("login", "-u", "alice", "--password-stdin", registry.host, stdin=b"secret")
        after = stagemill("pull", name).err

        assert ("needs a login" in before) is (registry.auth == "basic")
        assert "there is no image" in after
