"""The URLs that stand in a Dockerfile as they are, asked for all at once before planning comes to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from stagemill.dockerfile.tree import Add
from stagemill.errors import StagemillError
from stagemill.location import HttpLocation, LocationError, parse
from stagemill.plan.fetched import checksum_of_file, may_be_a_path, wanted
from stagemill.plan.resolver import Sources
from stagemill.regex import regex

_PARALLEL = 8
_NOT_PLAIN = regex(r"[$'\"\\`]")


@contextmanager
def asked_ahead(instructions: Iterable[Add], sources: Sources) -> Iterator[None]:
    """While the block runs, several URLs are asked for at once; leaving it waits for none of them.

    The sources remember their answers, errors too: planning gets them at the place where they belong.
    """
    questions = [question for node in instructions for question in _questions(node, sources)]
    if len(questions) < 2:
        yield
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  few builds read several URLs

    pool = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="url")
    try:
        for question in questions:
            pool.submit(_ask, question)
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _questions(node: Add, sources: Sources) -> Iterator[Callable[[], object]]:
    """What planning will ask; nothing where a variable has a part in it, or something is wrong."""
    checksum = node.checksum.text if node.checksum else ""
    if any(_NOT_PLAIN.search(text) for text in (checksum, *(word.text for word in node.sources))):
        return
    with suppress(LocationError):
        for word in node.sources:
            location = parse(word.text)
            if isinstance(location, HttpLocation):
                digest = checksum_of_file(checksum) if checksum else None
                yield partial(sources.http, location, checksum=digest)
            elif location and not may_be_a_path(location):
                yield partial(sources.git, wanted(node, location, checksum))


def _ask(question: Callable[[], object]) -> None:
    with suppress(StagemillError):
        question()
