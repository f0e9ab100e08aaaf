"""`FakeActions`, the cache service of GitHub's Actions on loopback, as its second protocol has it, and the storage that it uses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fakes.registry import FakeRegistry, Reply, Seen

_CALLS = "/some/where/twirp/github.actions.results.api.v1.CacheService/"


@dataclass
class Entry:
    """What was begun with a key; it can be found when it was `finished`."""

    data: bytes | None = None
    finished: bool = False


class FakeActions(FakeRegistry):
    """Serves while it is entered. Keys are for ever: nobody begins an entry twice."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], Entry] = {}
        self.token = "the job's token"

    @property
    def url(self) -> str:
        return f"http://{self.host}/some/where/"

    @property
    def keys(self) -> list[str]:
        return [key for (key, _), entry in self.entries.items() if entry.finished]

    def _guarded(self, seen: Seen) -> Reply:
        if seen.path.startswith(_CALLS):
            if seen.headers.get("authorization") != f"Bearer {self.token}":
                return Reply(401, body=b'{"code":"unauthenticated","msg":"no"}')
            asked = json.loads(seen.body)
            assert (seen.method, seen.headers["content-type"]) == ("POST", "application/json")
            assert 0 < len(asked["key"]) <= 512
            assert "," not in asked["key"]
            assert asked["version"]
            call = {"CreateCacheEntry": self._create, "FinalizeCacheEntryUpload": self._finish}
            return call.get(seen.path.removeprefix(_CALLS), self._look_up)(asked)
        return self._stored(seen)

    def _create(self, asked: dict[str, Any]) -> Reply:
        key = asked["key"], asked["version"]
        if key in self.entries:
            return Reply(409, body=b'{"code":"already_exists","msg":"cache entry with the same key exists"}')
        self.entries[key] = Entry()
        return _said(ok=True, signed_upload_url=self._signed(*key))

    def _finish(self, asked: dict[str, Any]) -> Reply:
        entry = self.entries[asked["key"], asked["version"]]
        assert entry.data is not None
        assert not entry.finished
        assert asked["size_bytes"] == len(entry.data)
        entry.finished = True
        return _said(ok=True, entry_id="1")

    def _look_up(self, asked: dict[str, Any]) -> Reply:
        """The entry of the key, or else the latest whose key begins like one of the others."""
        there = [
            key for (key, version), entry in self.entries.items() if entry.finished and version == asked["version"]
        ]
        exact = [key for key in there if key == asked["key"]]
        others = [key for start in asked["restore_keys"] for key in reversed(there) if key.startswith(start)]
        for key in (*exact, *others):
            url = self._signed(key, asked["version"])
            return _said(ok=True, signed_download_url=url, matched_key=key)
        return _said(ok=False, signed_download_url="", matched_key="")

    def _signed(self, key: str, version: str) -> str:
        return f"http://{self.host}/storage/{version}/{key}?sig=secret"

    def _stored(self, seen: Seen) -> Reply:
        """The storage, which knows nobody but whoever has a signed URL."""
        url = urlsplit(seen.path)
        assert parse_qs(url.query) == {"sig": ["secret"]}
        assert "authorization" not in seen.headers
        _, _, version, key = url.path.split("/")
        entry = self.entries[key, version]
        if seen.method == "PUT":
            assert seen.headers["x-ms-blob-type"] == "BlockBlob"
            entry.data = seen.body
            return Reply(201)
        assert entry.data is not None
        wanted = seen.headers.get("range")
        if wanted is None:
            return Reply(200, body=entry.data)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        end = len(entry.data)
        return Reply(206, {"Content-Range": f"bytes {start}-{end - 1}/{end}"}, entry.data[start:])


def _said(**answer: object) -> Reply:
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())
