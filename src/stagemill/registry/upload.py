"""`Upload`: one blob on its way into a repository: as one stream, and where that is not taken or breaks off, in pieces.

Source: OCI distribution-spec, "Pushing Blobs": "POST then PUT" and "Pushing a blob in chunks".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlsplit

from stagemill.errors import CorruptError
from stagemill.oci.blobs import CHUNK, BlobSource, Reader, chunks
from stagemill.oci.descriptor import Descriptor
from stagemill.regex import regex
from stagemill.registry.exchange import Payload, Response
from stagemill.registry.failure import Failure
from stagemill.registry.link import Link, Question
from stagemill.registry.retry import far_enough

_PIECE = 16 << 20
_SMALLEST_PIECE = 1 << 20
_LARGEST_PIECE = 128 << 20
_RANGE = regex(r"(?:bytes=)?0-(\d{1,18})")
_BYTES = {"Content-Type": "application/octet-stream"}
_TOO_LARGE = 413
_OUT_OF_ORDER = 416


class Upload:
    """A disturbance is survived as long as the registry comes to have more of the blob; each one that does not bring it
    far costs an attempt.
    """

    def __init__(self, link: Link, descriptor: Descriptor, source: BlobSource, *, place: str = "") -> None:
        """`place` is where to send to, where that is known already."""
        self._link = link
        self._descriptor = descriptor
        self._source = source
        self._place = place
        self._offset = 0
        self._furthest = 0
        self._piece = 0  # bytes of one request; 0 for all of them

    def run(self) -> bool:
        """The repository has the blob. Whether that was this upload's doing. Raises Failure, and what the source raises."""
        delays = self._link.sender.retries.delays()
        while True:
            try:
                self._send()
            except Failure as problem:
                if problem.status == _TOO_LARGE and self._piece != _SMALLEST_PIECE:
                    self._piece = max(_SMALLEST_PIECE, self._piece // 4 or _PIECE)
                    self._look()
                    continue
                if far_enough(self._furthest, self._offset, self._descriptor.size):
                    self._furthest = self._offset
                    delays = self._link.sender.retries.delays()
                if not (self._may_pass(problem) and self._wait(problem.wait, delays)):
                    raise
                if self._link.knows(self._descriptor):
                    return False
                self._look()
            else:
                return True

    def _may_pass(self, problem: Failure) -> bool:
        """Whether another attempt may go better, also because the registry has forgotten this one."""
        forgotten = problem.kind == "missing" and bool(self._place)
        return problem.again or forgotten or problem.status == _OUT_OF_ORDER

    def _wait(self, asked: float, delays: Iterator[float]) -> bool:
        """Waits before the next attempt; whether there is one."""
        delay = next(delays, None)
        if delay is not None:
            self._link.sender.check()
            self._link.sender.pause(asked or delay)
        return delay is not None

    def _look(self) -> None:
        """Finds out up to where the registry has the blob; where it does not know, it begins anew."""
        place, self._place, self._offset = self._place, "", 0
        if not place:
            return
        try:
            response = self._link.tell(Question("GET", url=place))
        except Failure:
            return
        self._place = place
        self._take(response, otherwise=0)
        if self._offset:
            self._piece = self._piece or _PIECE

    def _take(self, response: Response, *, otherwise: int) -> None:
        """What an answer says: where to go on, and how much of the blob there is; an empty upload has the range `0-0`."""
        if not self._place or response.header("Location"):
            self._place = self._link.place(response)
        match = _RANGE.fullmatch(response.header("Range").strip())
        last = int(match[1]) if match else otherwise - 1
        self._offset = last + 1 if 0 < last < self._descriptor.size else 0
        if self._piece and (least := response.header("OCI-Chunk-Min-Length")).isdigit():
            self._piece = max(self._piece, min(int(least), _LARGEST_PIECE))

    def _send(self) -> None:
        if not self._place:
            self._take(self._link.begin(once=True), otherwise=0)
        if not self._piece:
            self._finish(Payload(self._descriptor.size, self._whole))
            return
        with self._source.open(self._descriptor) as reader:
            _skip(reader, self._offset)
            while self._offset < self._descriptor.size:
                self._send_piece(_read(reader, self._piece))
            _skip(reader, 1)  # the end, where a source that checks its bytes says whether they were right
        self._finish(b"")

    def _whole(self) -> Iterable[bytes]:
        with self._source.open(self._descriptor) as reader:
            for data in chunks(reader):
                self._link.sender.check()
                yield data

    def _send_piece(self, data: bytes) -> None:
        start, end = self._offset, self._offset + len(data)
        headers = {**_BYTES, "Content-Range": f"{start}-{end - 1}"}
        question = Question("PATCH", url=self._place, headers=headers, body=data, once=True)
        self._take(self._link.tell(question), otherwise=end)
        if self._offset != end:
            where = f"has {self._offset} bytes of the blob after {end} were sent"
            raise Failure(self._link.endpoint, "answer", where, again=True)

    def _finish(self, body: bytes | Payload) -> None:
        joint = "&" if urlsplit(self._place).query else "?"
        url = f"{self._place}{joint}digest={quote(self._descriptor.digest)}"
        self._link.tell(Question("PUT", url=url, headers=_BYTES, body=body, once=True))


def _read(reader: Reader, size: int) -> bytes:
    """So many bytes, fewer at the end. Raises CorruptError where it comes too early."""
    parts: list[bytes] = []
    while size and (data := reader.read(min(size, CHUNK))):
        parts.append(data)
        size -= len(data)
    if not parts:
        raise CorruptError("a blob ends before its size says so", hint="get it again, or make it again")
    return b"".join(parts)


def _skip(reader: Reader, size: int) -> None:
    while size and (data := reader.read(min(size, CHUNK))):
        size -= len(data)
