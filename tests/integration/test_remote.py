"""ADD of URLs by the real command line: what becomes of a build that is stopped, and how much it takes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Event

import pytest

from fakes.mill import Mill
from fakes.registry import stall, status
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


@pytest.mark.parametrize(("given", "asked"), [((), 4), (("--retry", "1"), 2), (("--retry", "0"), 1)])
def test_a_server_that_fails_is_asked_so_often_again(
    mill: Mill, web: FakeWeb, given: tuple[str, ...], asked: int
) -> None:
    web.pages["/file"] = Page(b"content")
    web.fail("/", *[status(503)] * 4)
    image = f"{web.host}/team/app:1"

    for text in (f"FROM scratch\nADD {web.url}/file /\n", f"FROM {image}\n"):
        (mill.folder / "Dockerfile").write_text(text)
        before = len(web.requests)
        web.faults["/"] = [status(503)] * 4
        mill.fail("build", *given, "--retry-delay", "1ms", ".")
        assert len(web.requests) - before == asked


def test_a_short_disturbance_is_survived(mill: Mill, web: FakeWeb) -> None:
    web.pages["/file"] = Page(b"content")
    web.fail("/file", *[status(503)] * 5)
    (mill.folder / "Dockerfile").write_text(f"FROM busybox\nADD {web.url}/file /\n")

    mill.ok("build", "--retry", "5", "--retry-delay", "1ms", "-t", "app", ".")

    assert mill.cat("app", "/file") == "content"
