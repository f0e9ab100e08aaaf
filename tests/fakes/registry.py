"""`FakeRegistry`, a registry on loopback that can be told to misbehave: it serves what it was given, in this process."""

from __future__ import annotations

import base64
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

from fakes.blobs import MemoryBlobs
from fakes.uploads import Uploads
from stagemill.digest import Digest
from stagemill.oci import media_types
from stagemill.oci.image import Image
from stagemill.oci.manifest import Index


@dataclass(frozen=True)
class Seen:
    """A request as it came in, `at` when (seconds since the epoch); header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    at: float = field(default_factory=time.time)


@dataclass(frozen=True)
class Reply:
    """What is sent instead of the right answer.

    `cut` ends the connection after so many bytes of the body, not before `until` is set; `pace` is how many bytes are sent
    at once, and how many seconds before each time.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    until: Event | None = None
    pace: tuple[int, float] | None = None


Fault = Callable[[Reply], Reply]


def status(code: int, *, message: str = "", **headers: str) -> Fault:
    body = json.dumps({"errors": [{"code": "FAULT", "message": message}]}).encode() if message else b""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _right: Reply(code, named, body)


def cut(after: int) -> Fault:
    """The right answer, but the connection breaks after some bytes of it."""
    return lambda right: Reply(right.status, right.headers, right.body, cut=after)


def stall(after: int, *, until: Event) -> Fault:
    """The right answer, but after some bytes of it nothing happens until the test says so."""
    return lambda right: Reply(right.status, right.headers, right.body, cut=after, until=until)


def promising(length: int) -> Fault:
    """The right answer with another Content-Length; where it is too long, the connection ends after the body."""

    def fault(right: Reply) -> Reply:
        end = len(right.body) if length > len(right.body) else None
        return Reply(right.status, {**right.headers, "Content-Length": str(length)}, right.body[:length], cut=end)

    return fault


def flipped(right: Reply) -> Reply:
    """The right answer with its last byte changed."""
    return Reply(right.status, right.headers, right.body[:-1] + bytes([right.body[-1] ^ 1]))


def without(header: str) -> Fault:
    return lambda right: Reply(
        right.status, {name: value for name, value in right.headers.items() if name != header}, right.body
    )


def slow(piece: int, seconds: float) -> Fault:
    """The right answer, so many bytes of it at a time."""
    return lambda right: Reply(right.status, right.headers, right.body, pace=(piece, seconds))


def elsewhere(url: str) -> Fault:
    """Nothing but where else to ask."""
    return lambda _right: Reply(307, {"Location": url})


def deliver(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    """Sends an answer as it is meant to be sent."""
    (handler.send_response_only if "Date" in reply.headers else handler.send_response)(reply.status)
    for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        piece, seconds = reply.pace or (len(reply.body) or 1, 0.0)
        body = reply.body[: reply.cut]
        for start in range(0, len(body), piece):
            time.sleep(seconds)
            handler.wfile.write(body[start : start + piece])
    if reply.cut is not None:
        handler.wfile.flush()
        if reply.until:
            reply.until.wait(60)
        handler.close_connection = True


class Server(ThreadingHTTPServer):
    """One whose threads end with the test."""

    daemon_threads = True
    request_queue_size = 128  # with the usual 5 some of many who connect at once wait for seconds

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what several tests are about."""


class FakeRegistry:
    """Serves while it is entered. `fail(part, fault, …)` spoils the next requests whose path contains `part`.

    A list of tags has at most `page` on each of its pages. `deletes` is what may be deleted: tags, digests, both or nothing.
    With `gives_identity` its token server gives the token `refresh-me` to who wants to stay.
    Each of `breaks` ends the next upload after so many bytes of its body. Tokens in `readers` are good for reading only.
    With `referrers` it lists what says something of a manifest, so many a page; 0 is for a registry that does not.
    """

    def __init__(self, *, auth: str = "", ranges: bool = True, referrers: int = 0) -> None:
        self.auth = auth
        self.referrers = referrers
        self.ranges = ranges
        self.users = {"alice": "secret"}
        self.identity_tokens = {"refresh-me"}
        self.gives_identity = False
        self.page = 1000
        self.deletes = {"tag", "digest"}
        self.tokens = ["token-1"]
        self.blobs = MemoryBlobs()
        self.uploads = Uploads(self.blobs)
        self.breaks: list[int] = []
        self.readers: set[str] = set()
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.requests: list[Seen] = []
        self.connections = 0
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self._server = Server(("127.0.0.1", 0), _handler(self))
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def push(self, repository: str, tag: str, image: Image) -> None:
        """The image's manifest by tag and digest; its blobs have to be in `blobs`."""
        self.put_manifest(repository, tag, image.manifest_bytes, media_type=image.manifest.media_type)

    def push_index(self, repository: str, tag: str, *images: Image) -> bytes:
        for image in images:
            self.push(repository, image.digest, image)
        data = Index(tuple(image.descriptor for image in images)).serialize()
        self.put_manifest(repository, tag, data, media_type=media_types.INDEX)
        return data

    def put_manifest(self, repository: str, tag: str, data: bytes, *, media_type: str) -> None:
        self.manifests[repository, tag] = (media_type, data)
        self.manifests[repository, Digest.of(data)] = (media_type, data)

    def fail(self, part: str, *faults: Fault) -> None:
        self.faults[part] += faults

    def paths(self, part: str = "") -> list[str]:
        """Method and path of what was asked."""
        return [f"{seen.method} {seen.path}" for seen in self.requests if part in seen.path]

    def reply(self, seen: Seen) -> Reply:
        self.requests.append(seen)
        right = self._token(seen) if seen.path.startswith("/token") else self._guarded(seen)
        for part, faults in self.faults.items():
            if part in seen.path and faults:
                return faults.pop(0)(right)
        return right

    def _guarded(self, seen: Seen) -> Reply:
        given = seen.headers.get("authorization", "")
        if self.auth == "basic" and self._user(given) is None:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="fake, with comma"'})
        if self.auth == "bearer" and given not in {f"Bearer {token}" for token in self.tokens}:
            repository = seen.path.removeprefix("/v2/").partition("/manifests")[0].partition("/blobs")[0]
            return self._challenge(f"repository:{repository}:pull")
        if given.removeprefix("Bearer ") in self.readers and seen.method not in {"GET", "HEAD"}:
            repository = seen.path.removeprefix("/v2/").partition("/manifests")[0].partition("/blobs")[0]
            return self._challenge(f"repository:{repository}:push,pull")
        return self._found(seen)

    def _challenge(self, scope: str) -> Reply:
        scope = "" if "::" in scope else f',scope="{scope}"'
        realm = f"http://{self.host}/token?extra=1"
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="fake"{scope}'})

    def _user(self, header: str) -> str | None:
        name, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        known = self.identity_tokens if name == "<token>" else {self.users.get(name)}
        return name if password in known else None

    def _token(self, seen: Seen) -> Reply:
        given = seen.headers.get("authorization", "")
        form = parse_qs(seen.body.decode())
        if given and self._user(given) is None:
            return Reply(401)
        if form and "refresh_token" in form and form["refresh_token"][0] not in self.identity_tokens:
            return Reply(401)
        key = "access_token" if form else "token"
        answer = {key: self.tokens[-1]}
        if self.gives_identity and "offline_token=true" in seen.path:
            answer["refresh_token"] = "refresh-me"
        return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def _found(self, seen: Seen) -> Reply:
        path = urlsplit(seen.path).path.removeprefix("/v2/")
        if not path:
            return Reply(200, {}, b"{}")
        if "/blobs/uploads/" in path:
            return self._upload(seen, path)
        if "/manifests/" in path and seen.method == "PUT":
            repository, tag = path.split("/manifests/")
            return self._put(repository, tag, seen)
        if "/manifests/" in path and seen.method == "DELETE":
            return self._delete(*path.split("/manifests/"))
        if "/manifests/" in path:
            return self._manifest(*path.split("/manifests/"))
        if "/referrers/" in path and self.referrers:
            repository, subject = path.split("/referrers/")
            return self._referrers(repository, subject, parse_qs(urlsplit(seen.path).query))
        if path.endswith("/tags/list"):
            return self._tags(path.removesuffix("/tags/list"), parse_qs(urlsplit(seen.path).query))
        if "/blobs/" in path:
            return self._blob(path.partition("/blobs/")[2], seen.headers.get("range", ""))
        return Reply(404)

    def _tags(self, name: str, asked: dict[str, list[str]]) -> Reply:
        tags = sorted(tag for repository, tag in self.manifests if repository == name and ":" not in tag)
        if not tags:
            return status(404, message="repository name not known to registry")(Reply())
        rest = [tag for tag in tags if tag > asked.get("last", [""])[0]]
        shown = rest[: self.page]
        link = f'</v2/{name}/tags/list?last={shown[-1]}&n={self.page}>; rel="next"' if len(rest) > self.page else ""
        return Reply(200, {"Link": link} if link else {}, json.dumps({"name": name, "tags": shown}).encode())

    def _delete(self, repository: str, name: str) -> Reply:
        if ("digest" if ":" in name else "tag") not in self.deletes:
            return status(405, message="The operation is unsupported.")(Reply())
        if (repository, name) not in self.manifests:
            return status(404, message="manifest unknown")(Reply())
        data = self.manifests.pop((repository, name))
        if ":" in name:
            for key in [key for key, other in self.manifests.items() if key[0] == repository and other == data]:
                del self.manifests[key]
        return Reply(202)

    def _put(self, repository: str, tag: str, seen: Seen) -> Reply:
        known = self.manifests.get((repository, tag), ("", b""))[1]
        if seen.headers.get("if-match") not in {None, f'"{Digest.of(known)}"'}:
            return Reply(412)
        self.put_manifest(repository, tag, seen.body, media_type=seen.headers["content-type"])
        subject = json.loads(seen.body).get("subject")
        listed = {"OCI-Subject": subject["digest"]} if subject and self.referrers else {}
        return Reply(201, {"Docker-Content-Digest": Digest.of(seen.body), **listed})

    def _referrers(self, repository: str, subject: str, query: dict[str, list[str]]) -> Reply:
        found = []
        for (where, name), (media_type, data) in sorted(self.manifests.items()):
            document = json.loads(data)
            if where == repository and name == Digest.of(data) and document.get("subject", {}).get("digest") == subject:
                kept = {key: document[key] for key in ("annotations", "artifactType") if key in document}
                found.append({"mediaType": media_type, "digest": name, "size": len(data), **kept})
        start = int(query.get("after", ["0"])[0])
        end = start + self.referrers
        page = {"schemaVersion": 2, "mediaType": media_types.INDEX, "manifests": found[start:end]}
        more = {"Link": f'</v2/{repository}/referrers/{subject}?after={end}>; rel="next"'} if found[end:] else {}
        return Reply(200, {"Content-Type": media_types.INDEX, **more}, json.dumps(page).encode())

    def _upload(self, seen: Seen, path: str) -> Reply:
        if seen.method == "POST":
            return Reply(*self.uploads.start(path.partition("/blobs/")[0], urlsplit(seen.path).query))
        return Reply(*self.uploads.go_on(seen.method, seen.path, seen.headers, seen.body))

    def _manifest(self, repository: str, tag: str) -> Reply:
        if (repository, tag) not in self.manifests:
            return status(404, message="manifest unknown")(Reply())
        media_type, data = self.manifests[repository, tag]
        digest = Digest.of(data)
        return Reply(200, {"Content-Type": media_type, "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}, data)

    def _blob(self, digest: str, wanted: str) -> Reply:
        data = self.blobs.data.get(Digest(digest))
        if data is None:
            return status(404, message="blob unknown to registry")(Reply())
        if not (wanted and self.ranges):
            return Reply(200, {}, data)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(data):
            return Reply(416)
        return Reply(206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:])


def _handler(registry: FakeRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            registry.connections += 1

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if registry.breaks and length and "/blobs/uploads/" in self.path:
                body = self.rfile.read(registry.breaks.pop(0))
                registry.requests.append(Seen(self.command, self.path, headers, body))
                registry.uploads.broke(self.path, body)
                self.close_connection = True
                return
            reply = registry.reply(Seen(self.command, self.path, headers, self.rfile.read(length)))
            deliver(self, reply)

        def log_message(self, *args: object) -> None:
            pass

    for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
        setattr(Handler, f"do_{method}", Handler._answer)

    return Handler
