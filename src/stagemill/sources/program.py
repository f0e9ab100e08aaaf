"""`Git`: the git program of this machine, cut off from its settings, its hooks, its credentials and its terminal.

What a repository says is not to be trusted: no protocol but those of the network, no hook, no filter, no file outside of
the work tree. Secrets reach git in its environment only, and never come out of here in a message.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from shutil import which
from typing import IO

from stagemill.errors import CancelledError, SourceError, redacted
from stagemill.regex import regex
from stagemill.values import dataclass

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_MOST_OUTPUT = 1 << 20
_TICK = 0.1  # seconds between two looks at whether the build was stopped
_LONGEST_SILENCE = 60  # seconds
_VERSION = regex(r"git version ([0-9]+)\.([0-9]+)")
_OLDEST = (2, 31)
_CONFIG = {
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "protocol.git.allow": "always",
    "core.hooksPath": "/dev/null",
    "core.attributesFile": "/dev/null",
    "core.fsmonitor": "false",
    "core.autocrlf": "false",
    "core.symlinks": "true",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.logAllRefUpdates": "false",
    "credential.helper": "",
    "init.defaultBranch": "master",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "advice.detachedHead": "false",
    "safe.directory": "*",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": str(_LONGEST_SILENCE),
}


class GitFailure(Exception):  # noqa: N818  # a fact about one command; the error is made by who knows what was wanted
    """A git command ended badly; `said` is what it wrote, without secrets."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Access:
    """How a repository may be reached. `header` is an Authorization for URLs that begin with `scope`.

    `agent` is the socket of an SSH agent, `known_hosts` a file with the keys of servers, `ca` one with certificates.
    """

    header: str = field(default="", repr=False)
    scope: str = ""
    agent: Path | None = None
    known_hosts: Path | None = None
    ca: Path | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git in `scratch`, a directory for its own use. `environment` has PATH and the proxies; `stopped` is asked often."""

    scratch: Path
    environment: Mapping[str, str]
    access: Access
    stopped: Callable[[], bool]

    def run(self, *arguments: str, within: Path | None = None) -> str:
        """What git wrote to standard output, at most a MiB of it.

        Raises GitFailure where it ends badly, SourceError where there is no git, CancelledError.
        """
        program = which("git", path=self.environment.get("PATH", os.defpath))
        if program is None:
            hint = "install git (such as `apt-get install git`), or use a URL of an archive"
            raise SourceError("repositories need the program git, and there is none on this machine", hint=hint)
        _check_version(program)
        with tempfile.TemporaryFile(dir=self.scratch) as out, tempfile.TemporaryFile(dir=self.scratch) as err:
            status = self._wait([program, *arguments], within or self.scratch, out=out, err=err)
            if status:
                raise GitFailure(self._cleaned(_text(err)) or f"git ended with status {status}")
            return _text(out)

    def _wait(self, command: Sequence[str], directory: Path, *, out: IO[bytes], err: IO[bytes]) -> int:
        with subprocess.Popen(
            command,
            cwd=directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            umask=0o022,
            process_group=0,
        ) as process:
            try:
                while process.poll() is None:
                    self._check()
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_TICK)
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode

    def _check(self) -> None:
        if self.stopped():
            raise CancelledError("the download was stopped")

    def _environment(self) -> dict[str, str]:
        config = {**_CONFIG, **self._access()}
        kept = {
            name: value for name in _PROXIES for name in (name, name.upper()) if (value := self.environment.get(name))
        }
        return {
            **kept,
            "PATH": self.environment.get("PATH", os.defpath),
            "HOME": "/dev/null",
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_CEILING_DIRECTORIES": os.path.realpath(self.scratch.parent),
            "GIT_SSH_COMMAND": self._ssh(),
            "GIT_SSH_VARIANT": "ssh",
            "GIT_CONFIG_COUNT": str(len(config)),
            **{f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(config)},
            **{f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(config.values())},
            **({"SSH_AUTH_SOCK": str(self.access.agent)} if self.access.agent else {}),
        }

    def _access(self) -> dict[str, str]:
        """A login is for its own host: git would take it along to where it is redirected."""
        access = self.access
        found: dict[str, str] = {}
        if access.header:
            found[f"http.{access.scope}.extraHeader"] = f"Authorization: {access.header}"
            found["http.followRedirects"] = "false"
        if access.ca:
            found["http.sslCAInfo"] = str(access.ca)
        if access.insecure:
            found["http.sslVerify"] = "false"
        return found

    def _ssh(self) -> str:
        """The keys are the agent's. A server whose key is known must have it; others are believed, as in BuildKit."""
        known = [
            str(self.scratch / "known_hosts"),
            *([str(self.access.known_hosts)] if self.access.known_hosts else []),
        ]
        options = [
            "BatchMode=yes",
            "IdentityFile=none",
            "ConnectTimeout=30",
            f"ServerAliveInterval={_LONGEST_SILENCE}",
            "StrictHostKeyChecking=accept-new",
            "UserKnownHostsFile=" + " ".join(f'"{path}"' for path in known),
        ]
        return shlex.join(["ssh", "-F", "/dev/null", *(part for option in options for part in ("-o", option))])

    def _cleaned(self, text: str) -> str:
        """Without what git should not have said: logins in URLs, and the header."""
        secret = self.access.header.rpartition(" ")[2]
        text = text.replace(secret, "…") if secret else text
        return redacted(text).replace(f"{self.scratch}/", "").strip()


@lru_cache(maxsize=4)
def _check_version(program: str) -> None:
    """An older git would not read its settings from the environment, and so not keep to them."""
    said = subprocess.run([program, "--version"], env={}, capture_output=True, text=True, check=False).stdout
    match = _VERSION.match(said)
    if not match or (int(match[1]), int(match[2])) < _OLDEST:
        wanted = ".".join(map(str, _OLDEST))
        raise SourceError(f"{program} is {said.strip() or 'no git'}, want version {wanted}", hint="update git")


def _text(file: IO[bytes]) -> str:
    """The end of what was written."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MOST_OUTPUT))
    return file.read(_MOST_OUTPUT).decode("utf-8", "replace")
