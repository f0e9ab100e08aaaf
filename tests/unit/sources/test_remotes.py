"""One answer in a build, however many ask for it at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fakes.asking import Builds
from fakes.web import FakeWeb, Page
from stagemill import events
from stagemill.location import HttpLocation
from stagemill.sources.remotes import Remotes


def test_many_who_ask_at_once_are_one_request(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(b"content")
    remotes: Remotes = build()

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: remotes.http(HttpLocation(f"{web.url}/foo")), range(8)))

    assert len(found) == 1
    assert web.paths() == ["GET /foo"]


def test_a_download_is_told_to_its_end(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(b"content")

    build().http(HttpLocation(f"{web.url}/foo", "me:secret"))

    started, transfer, finished = build.heard
    assert isinstance(started, events.Started)
    assert started.name == f"[internal] load {web.url}/foo"
    assert isinstance(transfer, events.Transfer)
    assert (transfer.current, transfer.total, transfer.done) == (7, 7, True)
    assert isinstance(finished, events.Finished)


def test_what_was_never_used_is_closed_all_the_same(build: Builds) -> None:
    build().close()

    assert build.heard == []
