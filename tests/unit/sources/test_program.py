"""How git is run: with settings of ours and nobody else's, and with secrets where no other user sees them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from threading import Event, Thread

import pytest

from stagemill.errors import CancelledError, SourceError
from stagemill.sources.program import Access, Git, GitFailure

SECRET = "Basic c2VjcmV0"


def never() -> bool:
    return False


def program(folder: Path, body: str, *, version: str = "2.39.5") -> dict[str, str]:
    """An environment in which `git` is a shell script."""
    path = folder / "bin" / "git"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo git version {version} && exit\n{body}\n')
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{os.environ['PATH']}"}


def settings(environment: dict[str, str]) -> dict[str, str]:
    """What git is told by GIT_CONFIG_COUNT and its like."""
    count = int(environment["GIT_CONFIG_COUNT"])
    return {environment[f"GIT_CONFIG_KEY_{n}"]: environment[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}


def seen(folder: Path, access: Access, **more: str) -> tuple[str, dict[str, str]]:
    """The arguments that git got, and its environment."""
    environment = program(folder, f'echo "$@" > {folder}/arguments; env -0 > {folder}/environment')
    Git(folder, {**environment, **more}, access, never).run("ls-remote", "--", "https://h/r.git")
    lines = (folder / "environment").read_bytes().decode().split("\0")
    return (folder / "arguments").read_text(), dict(line.split("=", 1) for line in lines if line)


def test_a_login_is_in_the_environment_alone_and_for_its_own_place(tmp_path: Path) -> None:
    arguments, environment = seen(tmp_path, Access(header=SECRET, scope="https://h/r.git"))

    assert arguments == "ls-remote -- https://h/r.git\n"
    assert settings(environment)["http.https://h/r.git.extraHeader"] == f"Authorization: {SECRET}"
    assert settings(environment)["http.followRedirects"] == "false"


def test_nothing_of_this_machine_or_user_reaches_git(tmp_path: Path) -> None:
    hostile = {"GIT_DIR": "/x", "GIT_SSH": "/x", "GIT_EXTERNAL_DIFF": "/x", "HOME": "/root", "SSH_AUTH_SOCK": "/x"}

    _, environment = seen(tmp_path, Access(), **hostile, LD_PRELOAD="/x.so", HTTPS_PROXY="http://p:1", no_proxy="a")

    assert environment.keys() & {*hostile, "LD_PRELOAD"} == {"HOME"}
    assert environment["HOME"] == environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert (environment["GIT_CONFIG_NOSYSTEM"], environment["GIT_TERMINAL_PROMPT"]) == ("1", "0")
    assert (environment["HTTPS_PROXY"], environment["no_proxy"]) == ("http://p:1", "a")


def test_only_protocols_of_the_network_are_spoken_and_no_hook_runs(tmp_path: Path) -> None:
    _, environment = seen(tmp_path, Access())

    told = settings(environment)
    allowed = {key for key, value in told.items() if key.startswith("protocol.") and value == "always"}
    assert told["protocol.allow"] == "never"
    assert allowed == {f"protocol.{name}.allow" for name in ("http", "https", "ssh", "git")}
    assert (told["core.hooksPath"], told["credential.helper"]) == ("/dev/null", "")


def test_certificates_are_those_of_the_configuration(tmp_path: Path) -> None:
    _, environment = seen(tmp_path, Access(ca=Path("/ca.pem"), insecure=True))

    assert settings(environment)["http.sslCAInfo"] == "/ca.pem"
    assert settings(environment)["http.sslVerify"] == "false"


def test_ssh_has_the_agents_keys_and_no_configuration(tmp_path: Path) -> None:
    _, environment = seen(tmp_path, Access(agent=Path("/agent"), known_hosts=Path("/known hosts")))

    words = shlex.split(environment["GIT_SSH_COMMAND"])
    assert environment["SSH_AUTH_SOCK"] == "/agent"
    assert words[:3] == ["ssh", "-F", "/dev/null"]
    assert {"BatchMode=yes", "IdentityFile=none", "StrictHostKeyChecking=accept-new"} < set(words)
    assert f'UserKnownHostsFile="{tmp_path}/known_hosts" "/known hosts"' in words


def test_a_failure_says_what_git_said_without_secrets(tmp_path: Path) -> None:
    body = f'echo "fatal: c2VjcmV0 of https://u:pw@h/r in {tmp_path}/tree" >&2; exit 128'
    git = Git(tmp_path, program(tmp_path, body), Access(header=SECRET, scope="https://h"), never)

    with pytest.raises(GitFailure) as caught:
        git.run("fetch")

    assert caught.value.said == "fatal: … of https://h/r in tree"


def test_a_silent_failure_has_its_status(tmp_path: Path) -> None:
    with pytest.raises(GitFailure, match="git ended with status 3"):
        Git(tmp_path, program(tmp_path, "exit 3"), Access(), never).run("fetch")


def test_without_git_there_is_a_hint(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Git(tmp_path, {"PATH": str(tmp_path)}, Access(), never).run("fetch")

    assert caught.value.message == "repositories need the program git, and there is none on this machine"
    assert caught.value.hint == "install git (such as `apt-get install git`), or use a URL of an archive"


def test_a_git_that_does_not_read_its_environment_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Git(tmp_path, program(tmp_path, "", version="2.30.9"), Access(), never).run("fetch")

    assert caught.value.message == f"{tmp_path}/bin/git is git version 2.30.9, want version 2.31"
    assert caught.value.hint == "update git"


def test_a_build_that_is_stopped_ends_git_and_its_children(tmp_path: Path) -> None:
    stop, raised = Event(), list[CancelledError]()
    environment = program(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait")
    git = Git(tmp_path, environment, Access(), stop.is_set)

    def run() -> None:
        try:
            git.run("fetch")
        except CancelledError as error:
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    child = tmp_path / "child"
    while not (child.exists() and child.read_text().strip()):
        Event().wait(0.01)
    stop.set()
    thread.join(60)

    assert [str(error) for error in raised] == ["the download was stopped"]
    for _ in range(6000):
        if not is_alive(child.read_text().strip()):
            break
        Event().wait(0.01)
    else:
        pytest.fail("the child lives on")


def is_alive(process: str) -> bool:
    """One that is only waited for is not."""
    try:
        return Path("/proc", process, "stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
