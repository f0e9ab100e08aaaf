"""`--timings` and `--trace`: what a build's time went into, as a table, and as a file for a browser's trace viewer.

Source of the file's form: Chrome's "Trace Event Format", complete events, which chrome://tracing and Perfetto read.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from stagemill.cli.frame.table import render
from stagemill.cli.results.exports import write_atomically
from stagemill.errors import UsageError
from stagemill.timings import Timings, recording

MEANINGS: Mapping[str, str] = {
    "start": "Python, the command line, and most modules",
    "import": "loading the other modules",
    "parse": "reading the Dockerfile",
    "plan": "from the Dockerfile to steps",
    "resolve": "finding out what base images are",
    "look up": "asking the cache",
    "walk": "listing the context",
    "hash": "reading files of the context for their digests",
    "select": "what a COPY takes, and the digest of that",
    "pull": "bringing layers from a registry",
    "unpack": "making directories of layers",
    "copy": "COPY, ADD and WORKDIR",
    "sandbox": "around the process of a RUN",
    "run": "the processes of RUN themselves",
    "settle": "finding what a RUN changed",
    "index": "reading what a step changed",
    "pack": "digests of layers and their blobs, and writing these",
    "tar": "reading files into archives",
    "compress": "compressing them, in threads",
    "expand": "taking blocks of earlier archives",
    "assemble": "the image's config and manifest",
    "export": "writing the result",
    "push": "sending it",
    "step": "a step, less all of this",
    "wait": "the main thread, while steps are made",
    "rest": "what nobody measures",
}


@contextmanager
def timed(*, table: bool, trace: str | None) -> Iterator[None]:
    """Measures the block, if somebody asks: writes the table to standard error at its end, and the trace to a file."""
    if not table and trace is None:
        yield
        return
    if trace is not None and not Path(trace).absolute().parent.is_dir():
        raise UsageError(
            f"cannot write --trace {trace}: no such directory", hint="name a file in a directory that is there"
        )
    began = _began()
    with recording(began) as timings:
        timings.add("start", began, time.perf_counter())
        try:
            with timings.part("rest"):
                yield
        finally:
            ended = time.perf_counter()
            if trace is not None:
                write_atomically(Path(trace), json.dumps(chrome(timings)).encode())
            if table:
                show(timings, ended, sys.stderr)


def _began() -> float:
    """When this process began, on the clock of timings. Source: proc(5), field 22 of /proc/[pid]/stat, in ticks since boot."""
    ticks = float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.perf_counter() - max(age, 0.0)


def show(timings: Timings, ended: float, out: TextIO) -> None:
    """The table. Parts of threads that work side by side add up to more than the clock on the wall."""
    whole = ended - timings.began
    rows = [
        (name, f"{total.seconds:.3f}", f"{total.seconds / whole:.0%}", str(total.calls), MEANINGS[name])
        for name, total in timings.totals.items()
    ]
    table = render(("PART", "SECONDS", "SHARE", "CALLS", "WHAT"), rows, right=(1, 2, 3))
    processors = len(os.sched_getaffinity(0))
    out.write(f"\n{whole:.3f} s on {processors} processors; each part less those inside it:\n{table}\n")


def chrome(timings: Timings) -> dict[str, object]:
    """The spans as Chrome's trace events: microseconds since the program began, threads by their names."""
    process = os.getpid()
    names = [
        {"ph": "M", "name": "thread_name", "pid": process, "tid": thread, "args": {"name": name}}
        for thread, name in sorted(timings.threads.items())
    ]
    spans = [
        {
            "ph": "X",
            "name": span.detail or span.name,
            "cat": span.name,
            "ts": round((span.begin - timings.began) * 1e6),
            "dur": round(span.seconds * 1e6),
            "pid": process,
            "tid": span.thread,
        }
        for span in sorted(timings.spans, key=lambda span: (span.thread, span.begin, -span.seconds))
    ]
    return {"displayTimeUnit": "ms", "traceEvents": [*names, *spans]}
