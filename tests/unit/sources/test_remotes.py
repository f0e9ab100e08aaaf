"""One answer in a build, however many ask for it at the same time."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import folder
from conformance.servers import make_repository
from fakes.asking import Builds
from fakes.web import FakeWeb, Page
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import SourceError
from stagemill.location import GitLocation, HttpLocation, parse, repository
from stagemill.sources.policy import Policy, Rule, Selector, Updates
from stagemill.sources.remotes import Remotes

MODIFIED = "Fri, 11 Nov 2011 11:11:11 GMT"
ARCHIVE = folder.data({"tar": [{"name": "a", "text": "x", "mtime": 5}, {"name": "b", "text": "y", "mtime": 9}]})


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


class TestDates:
    def test_that_of_a_file_is_when_it_was_changed_last(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/foo"] = Page(b"content", modified=MODIFIED)

        assert build().dated(HttpLocation(f"{web.url}/foo")) == 1321009871

    def test_that_of_an_archive_is_the_one_of_its_newest_file_where_the_server_says_none(
        self, build: Builds, web: FakeWeb
    ) -> None:
        web.pages["/t.tar"] = Page(ARCHIVE)
        web.pages["/dated.tar"] = Page(ARCHIVE, modified=MODIFIED)
        web.pages["/foo"] = Page(b"content")
        remotes = build()

        assert remotes.dated(HttpLocation(f"{web.url}/t.tar")) == 9
        assert remotes.dated(HttpLocation(f"{web.url}/dated.tar")) == 1321009871
        assert remotes.dated(HttpLocation(f"{web.url}/foo")) is None

    def test_is_asked_for_once(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/t.tar"] = Page(ARCHIVE)
        remotes, location = build(), HttpLocation(f"{web.url}/t.tar")

        assert (remotes.dated(location), remotes.http(location).mtime, remotes.dated(location)) == (9, 0, 9)
        assert web.paths() == ["GET /t.tar"]

    def test_what_is_not_of_the_checksum_has_none(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/foo"] = Page(b"content")

        with pytest.raises(SourceError, match="digest mismatch"):
            build().dated(HttpLocation(f"{web.url}/foo"), checksum=Digest.of(b"other"))

    @pytest.mark.parametrize("partial", ["true", "false"])
    def test_that_of_a_commit_is_its_own_whether_or_not_the_server_can_leave_its_files_out(
        self, partial: str, build: Builds, hub: Callable[[], str], tmp_path: Path
    ) -> None:
        place = tmp_path / "hub" / "repo.git"
        make_repository(place, {"commits": [{"files": {"foo": "x"}, "branch": "main"}]})
        subprocess.run(["git", "config", "uploadpack.allowFilter", partial], cwd=place, check=True)
        location = parse(f"{hub()}/repo.git")

        assert isinstance(location, GitLocation)
        assert build().dated(location) == 1700000000
        assert build().dated(replace(location, ref="main")) == 1700000000


class TestPolicy:
    def test_another_file_is_had_under_the_name_of_the_first(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/b"] = Page(b"content")
        rule = Rule("rule 1", "CONVERT", Selector("http://nowhere/a"), Updates(f"{web.url}/b"))

        found = build(policy=Policy((rule,))).http(HttpLocation("http://nowhere/a"))

        assert (found.name, found.url, found.content) == ("a", f"{web.url}/b", Digest.of(b"content"))

    def test_what_is_denied_is_not_asked_for(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/a"] = Page(b"content")
        remotes = build(policy=Policy((Rule("rule 1", "DENY", Selector("*")),)))

        for ask in (
            lambda: remotes.http(HttpLocation(f"{web.url}/a")),
            lambda: remotes.dated(HttpLocation(f"{web.url}/a")),
            lambda: remotes.git(repository(f"{web.url}/a.git")),
            lambda: remotes.admit_files("context"),
        ):
            with pytest.raises(SourceError, match="is denied by the source policy: rule 1"):
                ask()
        assert (web.paths(), build.heard) == ([], [])

    def test_another_commit_is_had(self, build: Builds, hub: Callable[[], str], tmp_path: Path) -> None:
        commits = [{"files": {"foo": "x"}, "branch": "main", "tag": "v1"}, {"files": {"foo": "y"}, "tag": "v2"}]
        named = make_repository(tmp_path / "hub" / "repo.git", {"commits": commits})
        place = f"{hub()}/repo.git".partition("://")[2]
        rule = Rule("rule 1", "CONVERT", Selector("git://*#v1"), Updates("git://$1#v2"))

        found = build(policy=Policy((rule,))).git(repository(f"http://{place}#v1"))

        assert (found.commit, found.ref) == (named["v2"], "refs/tags/v2")
