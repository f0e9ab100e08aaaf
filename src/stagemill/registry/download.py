"""`Download`: the bytes of a blob as a stream that goes on where it broke off."""

from __future__ import annotations

from collections.abc import Callable

from stagemill.errors import StagemillError
from stagemill.registry.exchange import Response, TransportError
from stagemill.registry.retry import Sender, far_enough

_SKIP = 1 << 20
_WHILE = 60.0  # seconds of waiting, after which it is looked at how much has come
_LEAST = 60 << 10  # bytes that have to have come by then: a kibibyte a second


class Download:
    """A Reader over `connect(offset)`, which opens the blob anew, from that byte on where the server can (status 206).

    It begins at `start`. A break is survived as long as bytes keep coming; `sender.retries` of them in a row that did not
    bring it far raise what `fail` makes of the last. A stream that crawls counts as broken. One that ends early, and does
    so again, ends.
    """

    def __init__(
        self,
        connect: Callable[[int], Response],
        *,
        size: int,
        sender: Sender,
        fail: Callable[[TransportError], StagemillError],
        start: int = 0,
    ) -> None:
        self._connect = connect
        self._size = size
        self._fail = fail
        self._sender = sender
        self._offset = start
        self._borne = start  # how far it had come when patience was last renewed
        self._waited = 0.0
        self._came = 0
        self._response: Response | None = None if start else connect(0)
        self._delays = sender.retries.delays()

    def read(self, size: int, /) -> bytes:
        while True:
            if self._response is None and self._offset >= self._size:
                return b""
            self._sender.check()
            try:
                data = self._receive(size)
            except TransportError as error:
                self._sender.check()
                if self._offset >= self._size:
                    return b""  # nothing is missing: what broke was the end of the answer
                if not (error.again and self._wait()):
                    raise self._fail(error) from error
                continue
            self._offset += len(data)
            if far_enough(self._borne, self._offset, self._size):
                self._borne = self._offset
                self._delays = self._sender.retries.delays()
            if data or self._offset >= self._size or not size or not self._wait():
                return data

    def close(self) -> None:
        """Ends the transfer, wherever it is."""
        if self._response:
            self._response.close()
            self._response = None

    def _receive(self, size: int) -> bytes:
        """What comes next. Raises TransportError where it is too little for the time that was waited for it."""
        response = self._response or self._resume()
        if self._waited >= _WHILE:
            came, self._waited, self._came = self._came, 0.0, 0
            if came < _LEAST:
                raise TransportError(f"it sent only {came} bytes in {_WHILE:.0f} seconds", again=True)
        began = self._sender.clock()
        data = response.read(size)
        self._waited += self._sender.clock() - began
        self._came += len(data)
        return data

    def _resume(self) -> Response:
        response = self._response = self._connect(self._offset)
        self._waited, self._came = 0.0, 0
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
