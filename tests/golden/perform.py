"""What a page's command prints: performed in this process, in a folder of its own, on a store that has busybox.

`with` may name `registry` (it asks for a login; `{registry}` is its host), `skopeo`'s like: nothing else listens anywhere. What
differs from run to run, paths and ports and digests, is printed as a name for it.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fakes.blobs import make_image
from fakes.mill import CONFIG
from fakes.registry import FakeRegistry
from golden.page import Page
from integration.conftest import make_archive
from stagemill.cli.main import run

_OURS = ("STAGEMILL", "XDG_", "BUILDKIT_", "DOCKER_", "SOURCE_DATE_EPOCH", "NO_COLOR", "COLUMNS", "SSH_AUTH_SOCK")
_BASE = 'FROM scratch\nADD tree.tar /\nCMD ["sh"]\n'


class Stage:
    """Where pages are performed: `home` is an empty directory for the store and for a folder for each page."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._store = home / "store"
        (home / "config.toml").write_text(CONFIG)
        first = home / "first"
        first.mkdir()
        make_archive(first / "tree.tar")
        (first / "Dockerfile").write_text(_BASE)
        status, _, said = self._call(["build", "-q", "-t", "busybox", "."], first, {}, b"")
        assert status == 0, said

    def perform(self, page: Page, name: str) -> Page:
        """The page with what is printed now."""
        folder = self._home / name / "app"
        folder.mkdir(parents=True)
        with ExitStack() as stack:
            names = {"{folder}": str(folder)}
            if "registry" in page.needs:
                names["{registry}"] = stack.enter_context(_registry()).host
            for path, data in page.files.items():
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_filled(data.decode("latin-1"), names).encode("latin-1"))
            if script := page.special.get("setup"):
                subprocess.run(["sh", "-e", "-c", script.decode()], cwd=folder, check=True, capture_output=True)
            arguments = [_filled(argument, names) for argument in page.arguments]
            status, out, err = self._call(arguments, folder, page.environment, page.special.get("stdin", b""))
        self._forget()
        known = {value: key for key, value in names.items() if key == "{registry}"}
        return page.outcome(
            error=self._plain(err, folder, known), output=self._plain(out, folder, known), status=status
        )

    def check(self) -> str:
        """What `store check` says of the store that all pages had."""
        return self._call(["store", "check"], self._home, {}, b"")[1]

    def _forget(self) -> None:
        """Removes what the page has named: the next one might be asked whether it meant that."""
        names = self._call(
            ["images", "-f", "dangling=false", "--format", "{{.Repository}}:{{.Tag}}"], self._home, {}, b""
        )[1].split()
        if others := [name for name in names if name != "busybox:latest"]:
            status, _, said = self._call(["rmi", *others], self._home, {}, b"")
            assert status == 0, said

    def _call(
        self, arguments: list[str], folder: Path, environment: Mapping[str, str], stdin: bytes
    ) -> tuple[int, str, str]:
        own = {
            "STAGEMILL_ROOT": str(self._store),
            "STAGEMILL_CONFIG": str(self._home / "config.toml"),
            "HOME": str(self._home),
        }
        with _surroundings({**own, "BUILDKIT_PROGRESS": "quiet", **environment}, folder), _streams(stdin) as (out, err):
            status = run(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
            return status, _text(out), _text(err)

    def _plain(self, text: str, folder: Path, known: Mapping[str, str]) -> str:
        for value, name in known.items():
            text = text.replace(value, name)
        text = (
            text.replace(str(folder), "/home/me/app")
            .replace(str(self._store), "/store")
            .replace(str(self._home), "/home/me")
        )
        text = re.sub(r"127\.0\.0\.1:(?!1\b)\d+", "127.0.0.1:PORT", text)
        text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
        text = re.sub(r"(?m)^(#\d+ (?:DONE )?)\d+\.\d+(s?)", r"\g<1>0.0\2", text)
        return re.sub(r"stagemill-[\w-]*[\w]{8}\b(?=\.txt)", "stagemill-crash", text)


@contextmanager
def _registry() -> Iterator[FakeRegistry]:
    with FakeRegistry(auth="basic") as running:
        image = make_image(running.blobs, {"etc/motd": b"hello\n"})
        running.push("team/app", "1.0", image)
        yield running


@contextmanager
def _surroundings(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    before, place = dict(os.environ), os.getcwd()
    kept = {name: value for name, value in before.items() if not name.startswith(_OURS) and "proxy" not in name.lower()}
    os.environ.clear()
    os.environ.update({**kept, "LC_ALL": "C.UTF-8", **environment})
    os.chdir(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(place)


@contextmanager
def _streams(stdin: bytes) -> Iterator[tuple[int, int]]:
    """Descriptors of files that get what is written to the process's streams."""
    saved = [os.dup(number) for number in (1, 2)]
    before = sys.stdin, sys.stdout, sys.stderr
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        try:
            yield out.fileno(), err.fileno()
        finally:
            sys.stdout.close()
            sys.stderr.close()
            sys.stdin, sys.stdout, sys.stderr = before
            for number, descriptor in zip((1, 2), saved, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


def _text(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read().decode(errors="replace")


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text
