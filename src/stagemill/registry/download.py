"""`Download`: the bytes of a blob as a stream that goes on where it broke off."""

from __future__ import annotations

from collections.abc import Callable

from stagemill.errors import StagemillError
from stagemill.registry.exchange import Response, TransportError
from stagemill.registry.retry import Sender

_SKIP = 1 << 20


class Download:
    """A Reader over `connect(offset)`, which opens the blob anew, from that byte on where the server can (status 206).

    A break is survived as long as bytes keep coming; `sender.retries` of them in a row without one raise what `fail`
    makes of the last. A stream that ends early, and does so again, ends.
    """

    def __init__(
        self,
        connect: Callable[[int], Response],
        *,
        size: int,
        sender: Sender,
        fail: Callable[[TransportError], StagemillError],
    ) -> None:
        self._connect = connect
        self._size = size
        self._fail = fail
        self._sender = sender
        self._offset = 0
        self._response: Response | None = connect(0)
        self._delays = sender.retries.delays()

    def read(self, size: int, /) -> bytes:
        while True:
            self._sender.check()
            try:
                data = (self._response or self._resume()).read(size)
            except TransportError as error:
                self._sender.check()
                if not (error.again and self._wait()):
                    raise self._fail(error) from error
                continue
            if data:
                self._offset += len(data)
                self._delays = self._sender.retries.delays()
            if data or self._offset >= self._size or not size or not self._wait():
                return data

    def close(self) -> None:
        """Ends the transfer, wherever it is."""
        if self._response:
            self._response.close()
            self._response = None

    def _resume(self) -> Response:
        response = self._response = self._connect(self._offset)
        if response.status == 206:
            self._check_range(response)
            return response
        left = self._offset
        while left and (data := response.read(min(left, _SKIP))):
            left -= len(data)
        return response

    def _check_range(self, response: Response) -> None:
        """Source: RFC 9110 section 14.4."""
        found = response.header("Content-Range")
        if not found.startswith(f"bytes {self._offset}-"):
            raise TransportError(f"asked for the bytes from {self._offset} on, it sent {found!r}", again=False)

    def _wait(self) -> bool:
        """Waits before the next try; whether there is one."""
        self.close()
        delay = next(self._delays, None)
        if delay is not None:
            self._sender.check()
            self._sender.pause(delay)
        return delay is not None
