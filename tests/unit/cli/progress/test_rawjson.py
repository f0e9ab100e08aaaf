from __future__ import annotations

import io
import json
from typing import Any

import pytest

from stagemill import events
from stagemill.cli.progress.out import Out
from stagemill.cli.progress.rawjson import RawJson
from stagemill.digest import Digest

A = Digest("sha256:" + "a" * 64)
T0, T1 = 1_700_000_000.0, 1_700_000_001.25
ISO0, ISO1 = "2023-11-14T22:13:20.000000Z", "2023-11-14T22:13:21.250000Z"
VERTEX = {"digest": A, "name": "[1/2] RUN make", "started": ISO0}


def written(*reported: events.Event) -> list[Any]:
    stream = io.StringIO()
    listener = RawJson(Out(stream))
    for event in reported:
        listener(event)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


STARTED = events.Started(A, "[1/2] RUN make", T0, "builder")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.Finished(A, T1), VERTEX | {"completed": ISO1}),
        (events.Failed(A, "exit code 2", T1), VERTEX | {"completed": ISO1, "error": "exit code 2"}),
        (events.Failed(A, "canceled", T1, cancelled=True), VERTEX | {"completed": ISO1, "error": "context canceled"}),
    ],
    ids=["finished", "failed", "cancelled"],
)
def test_a_step_is_a_vertex_when_it_starts_and_when_it_ends(event: events.Event, expected: Any) -> None:
    assert written(STARTED, event) == [{"vertexes": [VERTEX]}, {"vertexes": [expected]}]


def test_a_cached_step_is_a_vertex_that_is_over() -> None:
    assert written(events.Cached(A, "[1/2] RUN make", T0)) == [
        {"vertexes": [VERTEX | {"completed": ISO0, "cached": True}]}
    ]


def test_output_is_base64_byte_for_byte() -> None:
    assert written(events.Output(A, "stdout", b"\xffhello\n", T0), events.Output(A, "stderr", b"", T1)) == [
        {"logs": [{"vertex": A, "stream": 1, "data": "/2hlbGxvCg==", "timestamp": ISO0}]},
        {"logs": [{"vertex": A, "stream": 2, "data": "", "timestamp": ISO1}]},
    ]


def test_a_transfer_is_a_status() -> None:
    first, last = written(
        events.Transfer(A, "sha256:abc", 0, 30, T0),
        events.Transfer(A, "sha256:abc", 30, 30, T1, done=True),
    )

    base = {"id": "sha256:abc", "vertex": A, "total": 30, "started": ISO0}
    assert first == {"statuses": [base | {"current": 0, "timestamp": ISO0}]}
    assert last == {"statuses": [base | {"current": 30, "timestamp": ISO1, "completed": ISO1}]}


def test_a_total_that_nobody_knows_is_left_out() -> None:
    [status] = written(events.Transfer(A, "context", 5, None, T0))

    assert "total" not in status["statuses"][0]


def test_a_notice_is_a_warning() -> None:
    assert written(events.Notice("short", T0), events.Notice("short\ndetail", T0)) == [
        {"warnings": [{"level": 1, "short": "c2hvcnQ="}]},
        {"warnings": [{"level": 1, "short": "c2hvcnQ=", "detail": ["ZGV0YWls"]}]},
    ]
