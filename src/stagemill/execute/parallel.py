"""Several things at once, in threads: where one fails, or somebody presses Ctrl-C, the others stop."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event


@contextmanager
def threads(count: int, *, name: str, stopped: Event) -> Iterator[ThreadPoolExecutor]:
    """A pool that has ended after the block. `stopped` is set where the block fails, for its work to look at.

    Ctrl-C waits for nobody: who reads from a network may see `stopped` late.
    """
    pool = ThreadPoolExecutor(count, thread_name_prefix=name)
    try:
        yield pool
    except BaseException as error:
        stopped.set()
        pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()
