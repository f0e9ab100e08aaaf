"""What a row's builds talk to: `Server`, with files and git repositories on loopback, and `Agent`, an agent of ssh.

Paths below /git/ are git's own smart protocol, spoken by `git http-backend`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

from conformance import folder

_PERSON = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_DATES = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}


class Server:
    """Serves while it is entered. `files` are the row's `http` table; repositories lie in `root`."""

    def __init__(self, files: Mapping[str, Any], root: Path) -> None:
        self.files = files
        self.root = root
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/git/"):
                self._git()
                return
            file = server.files.get(path.lstrip("/"))
            if file is None:
                self.send_error(404)
                return
            etag = file.get("etag")
            unchanged = etag is not None and self.headers.get("If-None-Match") == etag
            self.send_response(304 if unchanged else 200)
            for name in ("etag", "last-modified", "content-type", "content-disposition"):
                if name in file:
                    self.send_header(name, file[name])
            body = b"" if unchanged else folder.data(file)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self._git()

        def _git(self) -> None:
            """The common gateway interface (RFC 3875), as far as git needs it."""
            place = urlsplit(self.path)
            environment = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(server.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": place.path.removeprefix("/git"),
                "QUERY_STRING": place.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, check=True, timeout=30
            )
            head, _, answer = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


class Agent:
    """An agent of ssh without a key, at a socket, while it is entered."""

    def __init__(self, path: Path) -> None:
        self._server = _UnixServer(str(path), _Keyless)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _UnixServer(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


class _Keyless(StreamRequestHandler):
    """Answers each request with a list of no keys (SSH_AGENT_IDENTITIES_ANSWER)."""

    def handle(self) -> None:
        while head := self.rfile.read(4):
            self.rfile.read(int.from_bytes(head, "big"))
            self.wfile.write(b"\0\0\0\5\x0c\0\0\0\0")


def make_repository(path: Path, table: Mapping[str, Any]) -> dict[str, str]:
    """A bare repository with the commits of a row's `git` table; the commit of each tag and branch.

    `format` is sha1 or sha256. A commit has `files`, and may have a `tag` and a `branch` that it is on.
    """
    path.mkdir(parents=True)
    work = path.with_suffix(".work")
    _git(path, "init", "-q", "--bare", "-b", "main", f"--object-format={table.get('format', 'sha1')}", ".")
    _git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
    work.mkdir()
    _git(work, "init", "-q", "-b", "main", f"--object-format={table.get('format', 'sha1')}", ".")
    for commit in table["commits"]:
        if branch := commit.get("branch"):
            _git(work, "checkout", "-q", "-B", branch)
        folder.write(work, commit["files"])
        _git(work, "add", "-A")
        _git(work, "commit", "-q", "-m", "a commit")
        if tag := commit.get("tag"):
            _git(work, "tag", "-a", "-m", "a tag", tag)
    _git(work, "push", "-q", "--mirror", str(path))
    lines = _git(path, "for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)").splitlines()
    return {words[0]: words[-1] for words in (line.split() for line in lines)}


def _git(place: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1", **_PERSON, **_DATES}
    done = subprocess.run(
        ["git", *arguments], cwd=place, env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout
