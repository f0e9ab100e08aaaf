"""`RawJson`: events in the shape of BuildKit's SolveStatus, one JSON object per line.

Times are RFC 3339; what a process wrote, and warnings, are base64, as Go writes bytes. Source: moby/buildkit
client/graph.go.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from threading import Lock
from typing import TypeAlias, assert_never

from stagemill import events
from stagemill.cli.progress.out import Out
from stagemill.digest import Digest

_Status: TypeAlias = dict[str, str | int | bool | list[str]]

_CANCELLED = "context canceled"
"""By the end of this message readers of BuildKit's status tell a step that was stopped from one that failed."""


class RawJson:
    """A listener that writes every event at once."""

    def __init__(self, out: Out) -> None:
        self._out = out
        self._lock = Lock()
        self._steps: dict[Digest, tuple[str, float]] = {}
        self._parts: dict[tuple[Digest, str], float] = {}

    def __call__(self, event: events.Event) -> None:
        with self._lock:
            kind, status = self._status(event)
            self._out.write(json.dumps({kind: [status]}, separators=(",", ":")) + "\n")

    def _status(self, event: events.Event) -> tuple[str, _Status]:
        match event:
            case events.Started() | events.Cached() | events.Finished() | events.Failed():
                return "vertexes", self._vertex(event)
            case events.Transfer():
                return "statuses", self._transfer(event)
            case events.Output(step, stream, data, at):
                number = 1 if stream == "stdout" else 2
                return "logs", {"vertex": step, "stream": number, "data": _base64(data), "timestamp": _time(at)}
            case events.Notice(text, _):
                short, *detail = text.split("\n")
                warning: _Status = {"level": 1, "short": _base64(_utf8(short))}
                return "warnings", warning | ({"detail": [_base64(_utf8(line)) for line in detail]} if detail else {})
            case _:
                assert_never(event)

    def _vertex(self, event: events.Started | events.Cached | events.Finished | events.Failed) -> _Status:
        step = event.step
        if isinstance(event, events.Started | events.Cached):
            self._steps[step] = (event.name, event.at)
        name, started = self._steps.get(step, ("", event.at))
        status: _Status = {"digest": step, "name": name, "started": _time(started)}
        if not isinstance(event, events.Started):
            status["completed"] = _time(event.at)
        if isinstance(event, events.Cached):
            status["cached"] = True
        if isinstance(event, events.Failed):
            status["error"] = _CANCELLED if event.cancelled else event.message
        return status

    def _transfer(self, event: events.Transfer) -> _Status:
        started = self._parts.setdefault((event.step, event.part), event.at)
        status: _Status = {"id": event.part, "vertex": event.step}
        if event.total:
            status["total"] = event.total
        status |= {"current": event.current, "timestamp": _time(event.at), "started": _time(started)}
        return status | ({"completed": _time(event.at)} if event.done else {})


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
