"""`Browser`: a real Chromium without a window, spoken to over a pipe: pages, what their scripts say, keys, pictures. Not a fake."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 60  # seconds
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-dev-shm-usage", "--disable-extensions", "--disable-sync",
    "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
_QUIET = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
_PLACED = 'into=$1 out=$2; shift 2; exec chromium "$@" 3<&"$into" 4>&"$out"'
_CODES = {"Enter": 13, "Escape": 27, "Backspace": 8, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39}


@dataclass
class Browser:
    """One tab. `complaints` are all that the page wrote to the console or threw, `asked` the addresses that it asked for."""

    _out: int
    _into: int
    _session: str = ""
    _count: int = 0
    _rest: bytes = b""
    _loaded: bool = False
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        if not self._session:
            target = self.send("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.send(f"{domain}.enable")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.value("window.before = true")
        self._loaded = False
        self.send("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + LONGEST
        while not self._loaded:  # who asks a page that goes away gets an error
            self._note(self._receive(end))
        self._until(lambda: self.value("!window.before && document.readyState === 'complete'"))

    def value(self, expression: str) -> Any:
        """What an expression gives; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def work(self, expression: str) -> float:
        """The seconds that the page's thread works for an expression, without those in which others have the processor."""
        self.send("Performance.enable", timeDomain="threadTicks")
        before = self._worked()
        self.value(expression)
        return self._worked() - before

    def _worked(self) -> float:
        metrics = self.send("Performance.getMetrics")["metrics"]
        (found,) = (float(each["value"]) for each in metrics if each["name"] == "TaskDuration")
        return found

    def press(self, key: str) -> None:
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        code = {"windowsVirtualKeyCode": _CODES[key]} if key in _CODES else {}
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **code)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._into, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            answer = self._receive(end)
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)
        raise TimeoutError(method)

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._out], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self._out, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("chromium says nothing any more")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") in _QUIET:
            self.complaints.append(json.dumps(event["params"]))
        elif event.get("method") == "Network.requestWillBeSent":
            self.asked.append(event["params"]["request"]["url"])
        elif event.get("method") == "Page.loadEventFired":
            self._loaded = True

    def _until(self, holds: Any) -> None:
        end = time.monotonic() + LONGEST
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.02)


@contextmanager
def browsing(home: Path) -> Iterator[Browser]:
    """Chromium with a profile of its own in `home`; it ends with the block."""
    read_by_it, into = os.pipe()
    out, written_by_it = os.pipe()

    process = subprocess.Popen(
        ["bash", "-c", _PLACED, "bash", str(read_by_it), str(written_by_it), *_FLAGS, f"--user-data-dir={home}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        pass_fds=(read_by_it, written_by_it),
        env={**os.environ, "HOME": str(home)},
    )
    os.close(read_by_it)
    os.close(written_by_it)
    try:
        yield Browser(out, into)
    finally:
        os.close(into)
        os.close(out)
        process.terminate()
        process.wait(LONGEST)
