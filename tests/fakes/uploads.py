"""`Uploads`: the half of `FakeRegistry` that takes blobs: sessions that start, grow and end, as a registry's do."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

from fakes.blobs import MemoryBlobs
from stagemill.digest import Digest


@dataclass
class Uploads:
    """`largest` is how many bytes a request may have, `least` how many it says a piece must have; `keeps` is whether it
    has what came of a request that broke off. `mountable` are repositories with blobs that others may take over, `base`
    stands before the paths that it gives out.
    """

    blobs: MemoryBlobs
    largest: int = 1 << 40
    least: int = 0
    keeps: bool = True
    base: str = ""
    open: dict[str, bytearray] = field(default_factory=dict)
    mountable: set[tuple[str, str]] = field(default_factory=set)
    numbers: count[int] = field(default_factory=count)

    def start(self, repository: str, query: str) -> tuple[int, dict[str, str]]:
        asked = parse_qs(query)
        if "mount" in asked and (asked["from"][0], asked["mount"][0]) in self.mountable:
            return 201, {"Location": f"/v2/{repository}/blobs/{asked['mount'][0]}"}
        name = f"u{next(self.numbers)}"
        self.open[name] = bytearray()
        headers = {"Location": self._place(repository, name), "Range": "0-0"}
        return 202, {**headers, **({"OCI-Chunk-Min-Length": str(self.least)} if self.least else {})}

    def go_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        parts = urlsplit(path)
        repository, _, name = parts.path.removeprefix("/v2/").partition("/blobs/uploads/")
        data = self.open.get(name)
        if data is None:
            return 404, {}
        if len(body) > self.largest:
            return 413, {}
        if method == "PATCH" and not headers.get("content-range", "").startswith(f"{len(data)}-"):
            return 416, {"Range": f"0-{max(len(data) - 1, 0)}", "Location": self._place(repository, name)}
        data += body
        if method == "PUT":
            digest = parse_qs(parts.query)["digest"][0]
            if Digest.of(bytes(data)) != digest:
                return 400, {}
            self.blobs.put(bytes(data))
            del self.open[name]
            return 201, {"Docker-Content-Digest": digest}
        status = 204 if method == "GET" else 202
        return status, {"Location": self._place(repository, name), "Range": f"0-{max(len(data) - 1, 0)}"}

    def broke(self, path: str, body: bytes) -> None:
        """A request ended after some bytes of its body."""
        name = urlsplit(path).path.rpartition("/")[2]
        if self.keeps and name in self.open:
            self.open[name] += body

    def _place(self, repository: str, name: str) -> str:
        return f"{self.base}/v2/{repository}/blobs/uploads/{name}?state=x"
