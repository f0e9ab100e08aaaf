"""ADD of URLs by the real command line: who gets to see a login, and what becomes of a build that is stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from fakes.mill import Mill
from fakes.registry import stall, status
from fakes.web import FakeWeb, Page

pytestmark = pytest.mark.root

SECRET = "correct-horse-battery-staple-0123456789"
FORMS = (SECRET, b64encode(SECRET.encode()).decode()[:-4], SECRET[::-1])
MONDAY = "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


def found(directory: Path) -> str:
    """The files below a directory that hold the secret, as it is, in base64 or backwards."""
    done = subprocess.run(
        ["grep", "-rlaE", "|".join(FORMS), str(directory)], capture_output=True, text=True, check=False
    )
    return done.stdout


def watched(mill: Mill, tmp_path: Path) -> tuple[Mill, Path]:
    """The same with a git that writes down, before and after its work, what everybody on this machine could see."""
    log, real = tmp_path / "seen", shutil.which("git")
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\ncat /proc/[0-9]*/cmdline >> {log} 2> /dev/null\n'
                      f'{real} "$@"\nstatus=$?\ncat /proc/[0-9]*/cmdline >> {log} 2> /dev/null\n'
                      f"grep -rlaf {tmp_path / 'token'} {mill.root} >> {log}\nexit $status\n")  # fmt: skip
    script.chmod(0o755)
    return replace(mill, settings={"PATH": f"{script.parent}:{os.environ['PATH']}"}), log


@pytest.mark.parametrize("how", ["secret", "url"])
def test_a_login_is_nowhere_but_where_it_belongs(mill: Mill, web: FakeWeb, tmp_path: Path, how: str) -> None:
    """Looks through command lines and the store while git works, and then the image, its history, metadata and output."""
    (tmp_path / "token").write_text(SECRET)
    named = web.has_repository(tmp_path / "web", "r.git", [{"files": {"foo": "first"}, "tag": "v1", "branch": "main"}])
    web.pages["/file"] = Page(b"content", modified=MONDAY)
    login = f"me:{SECRET}@" if how == "url" else ""
    place = web.url.replace("//", f"//{login}")
    mill, log = watched(mill, tmp_path)
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(
        f"FROM busybox\nADD {place}/file /a/\n"
        f"ADD --keep-git-dir {place}/r.git#v1 /b\nADD {place}/r.git#{named['v1']} /c\n"
    )
    secrets = [
        f"--secret=id={name},src={tmp_path / 'token'}" for name in ("HTTP_AUTH_TOKEN_127.0.0.1", "GIT_AUTH_TOKEN")
    ]
    arguments = ("-t", "app", "-o", "type=oci,dest=app.tar", "--metadata-file", "meta", "--iidfile", "iid")
    given = secrets if how == "secret" else []

    ran = mill.ok("build", "--progress=rawjson", "-f", str(dockerfile), *arguments, *given, ".")

    assert {seen.headers.get("authorization") is not None for seen in web.requests} == {True}
    assert log.read_bytes() != b""
    seen = {
        "command lines, and the store meanwhile": log.read_text(errors="replace"),
        "output": ran.out + ran.err,
        "history": mill.ok("history", "--no-trunc", "app").out,
        "inspect": json.dumps(mill.inspect("app")),
        "store": found(mill.root),
        "folder": found(mill.folder),
    }
    assert {where for where, text in seen.items() if any(form in text for form in FORMS)} == set()
    assert (seen["store"], seen["folder"]) == ("", "")
    assert str(mill.root / "blobs") not in seen["command lines, and the store meanwhile"]
    assert mill.cat("app", "/a/file", "/b/foo", "/c/foo") == "contentfirstfirst"


def test_a_login_that_is_refused_is_not_told(mill: Mill, web: FakeWeb, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET)
    web.has_repository(tmp_path / "web", "r.git", [{"files": {"foo": "first"}, "branch": "main"}])
    web.authorization = "Bearer other"
    secrets = [
        f"--secret=id={name},src={tmp_path / 'token'}" for name in ("HTTP_AUTH_TOKEN_127.0.0.1", "GIT_AUTH_TOKEN")
    ]

    for source in ("file", "r.git"):
        (mill.folder / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/{source} /a/\n")
        said = mill.fail("build", *secrets, ".")

        assert "--> Dockerfile:2\n" in said
        assert "hint: check the secret" in said
        assert not any(form in said for form in FORMS)


def test_a_build_that_is_stopped_while_it_downloads_ends(mill: Mill, web: FakeWeb) -> None:
    go_on = Event()
    web.pages["/large"] = Page(bytes(1 << 20))
    web.fail("/large", stall(1000, until=go_on))
    (mill.folder / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/large /\n")

    with mill.start("build", ".") as process:
        while not web.requests:
            Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    go_on.set()

    assert process.returncode == 130
    assert b"Traceback" not in err
    assert mill.ok("store", "check").out.endswith("all whole\n")


def test_a_limit_of_the_configuration_is_kept_to(mill: Mill, web: FakeWeb) -> None:
    web.pages["/large"] = Page(bytes(2048))
    (mill.folder / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/large /\n")
    config = mill.folder.parent / "config.toml"
    config.write_text('[download]\nlimit = "1k"\n')

    assert f"error: {web.url}/large is larger than 1024 bytes\n" in mill.fail("build", ".")
    config.write_text('[download]\nlimit = "2KiB"\n')
    mill.ok("build", ".")


@pytest.mark.parametrize(("given", "asked"), [((), 4), (("--retry", "1"), 2), (("--retry", "0"), 1)])
def test_a_server_that_fails_is_asked_so_often_again(
    mill: Mill, web: FakeWeb, given: tuple[str, ...], asked: int
) -> None:
    web.pages["/file"] = Page(b"content")
    web.fail("/", *[status(503)] * 4)
    image = f"{web.host}/team/app:1"

    for text in (f"FROM scratch\nADD {web.url}/file /\n", f"FROM {image}\n"):
        (mill.folder / "Dockerfile").write_text(text)
        before = len(web.requests)
        web.faults["/"] = [status(503)] * 4
        mill.fail("build", *given, "--retry-delay", "1ms", ".")
        assert len(web.requests) - before == asked


def test_a_short_disturbance_is_survived(mill: Mill, web: FakeWeb) -> None:
    web.pages["/file"] = Page(b"content")
    web.fail("/file", *[status(503)] * 5)
    (mill.folder / "Dockerfile").write_text(f"FROM busybox\nADD {web.url}/file /\n")

    mill.ok("build", "--retry", "5", "--retry-delay", "1ms", "-t", "app", ".")

    assert mill.cat("app", "/file") == "content"
