"""Says what a receipt has to say in a form that takes more than printing lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

from stagemill import events
from stagemill.cli.progress import open_progress
from stagemill.digest import Digest


def retell(mode: str, said: Sequence[Sequence[str]], seconds: Sequence[float]) -> None:
    """`seconds` are what each archive took."""
    with open_progress(mode, sys.stderr) as listener:
        for event in _events(said, seconds):
            listener(event)


def _events(said: Sequence[Sequence[str]], seconds: Sequence[float]) -> Iterator[events.Event]:
    now = time.time()
    for kind, text, stage, digest in said:
        if kind == "notice":
            yield events.Notice(text, now)
            continue
        step = Digest(digest)
        if kind == "cached":
            yield events.Cached(step, text, now, stage)
        else:
            yield events.Started(step, text, now, stage)
            yield events.Finished(step, now + (seconds[int(kind)] if kind.isdigit() else 0.0))
