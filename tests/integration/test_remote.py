"""ADD of URLs by the real command line: what becomes of a build that is stopped, and how much it takes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Event

import pytest

from fakes.mill import Mill
from fakes.registry import stall
from fakes.web import FakeWeb, Page

pytestmark = pytest.mark.root


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running


def test_a_build_that_is_stopped_while_it_downloads_ends(mill: Mill, web: FakeWeb) -> None:
    go_on = Event()
    web.pages["/large"] = Page(bytes(1 << 20))
    web.fail("/large", stall(1000, until=go_on))
    (mill.folder / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/large /\n")

    with mill.start("build", ".") as process:
        while not web.requests:
            Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    go_on.set()

    assert process.returncode == 130
    assert b"Traceback" not in err
    assert mill.ok("store", "check").out.endswith("all whole\n")


def test_a_limit_of_the_configuration_is_kept_to(mill: Mill, web: FakeWeb) -> None:
    web.pages["/large"] = Page(bytes(2048))
    (mill.folder / "Dockerfile").write_text(f"FROM scratch\nADD {web.url}/large /\n")
    config = mill.folder.parent / "config.toml"
    config.write_text('[download]\nlimit = "1k"\n')

    assert f"error: {web.url}/large is larger than 1024 bytes\n" in mill.fail("build", ".")
    config.write_text('[download]\nlimit = "2KiB"\n')
    mill.ok("build", ".")
