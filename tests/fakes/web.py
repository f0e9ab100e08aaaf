"""`FakeWeb`, files on loopback that can be told to misbehave, and git repositories among them, as plain files."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.servers import make_repository
from fakes.registry import FakeRegistry, Reply, Seen


@dataclass(frozen=True)
class Page:
    """A file, and the headers that it is sent with. `redirect` sends on to another URL instead."""

    body: bytes = b""
    etag: str = ""
    modified: str = ""
    redirect: str = ""

    @property
    def headers(self) -> dict[str, str]:
        named = {"ETag": self.etag, "Last-Modified": self.modified, "Location": self.redirect}
        return {name: value for name, value in named.items() if value}


class FakeWeb(FakeRegistry):
    """Serves `pages` by path while it is entered; who does not send `authorization`, if it is set, gets 401."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Page] = {}
        self.authorization = ""
        self.preconditions = True

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def speak(self, context: ssl.SSLContext) -> None:
        """https from now on; it must not be entered yet."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def has_repository(self, folder: Path, name: str, commits: list[Mapping[str, Any]]) -> dict[str, str]:
        """A repository at /`name`, of which git asks for single files; the commit of each tag and branch."""
        bare = folder / name
        named = make_repository(bare, {"commits": commits})
        subprocess.run(["git", "-C", str(bare), "update-server-info"], check=True)
        for path in bare.rglob("*"):
            if path.is_file():
                self.pages[f"/{name}/{path.relative_to(bare)}"] = Page(path.read_bytes())
        return named

    def _guarded(self, seen: Seen) -> Reply:
        if self.authorization and seen.headers.get("authorization") != self.authorization:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="fake"'})
        page = self.pages.get(urlsplit(seen.path).path)
        if page is None:
            return Reply(404)
        if page.redirect:
            return Reply(302, page.headers)
        if self.preconditions and _is_known(page, seen):
            return Reply(304, page.headers)
        return Reply(200, page.headers, page.body)


def _is_known(page: Page, seen: Seen) -> bool:
    if page.etag and seen.headers.get("if-none-match") == page.etag:
        return True
    return bool(page.modified) and seen.headers.get("if-modified-since") == page.modified
