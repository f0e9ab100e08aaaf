"""Files at URLs: found, kept, asked for again, and refused."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import pytest

from fakes.asking import Builds
from fakes.registry import cut, flipped, stall, status
from fakes.web import FakeWeb, Page
from stagemill import events
from stagemill.digest import Digest
from stagemill.errors import CancelledError, CorruptError, SourceError
from stagemill.graph.operations import Http
from stagemill.location import HttpLocation
from stagemill.store.store import Store

MONDAY = "Mon, 01 Jan 2024 00:00:00 GMT"
CONTENT = Digest.of(b"content")
LARGE = b"0123456789abcdef" * (1 << 16)


def refused(build: Builds, location: HttpLocation, checksum: Digest | None = None, **settings: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        build(**settings).http(location, checksum=checksum)
    return caught.value


def asked(web: FakeWeb, header: str) -> list[str]:
    return [seen.headers.get(header, "") for seen in web.requests]


def test_a_file_has_its_digest_its_name_and_its_time(build: Builds, web: FakeWeb, store: Store) -> None:
    web.pages["/d/foo"] = Page(b"content", modified=MONDAY)

    found = build().http(HttpLocation(f"{web.url}/d/foo?x=y"))

    assert (found.content, found.name, found.mtime) == (CONTENT, "foo", 1704067200)
    assert store.blobs.read(CONTENT) == b"content"
    assert asked(web, "user-agent") == ["stagemill/test"]


@pytest.mark.parametrize(
    "modified", ["", "yesterday", "Mon, 01 Jan 1900 00:00:00 GMT", "Mon, 01 Jan 9999 00:00:00 GMT"]
)
def test_a_file_without_a_time_it_can_have_has_the_first_one(build: Builds, web: FakeWeb, modified: str) -> None:
    web.pages["/foo"] = Page(b"content", modified=modified)

    assert build().http(HttpLocation(f"{web.url}/foo")).mtime == 0


@pytest.mark.parametrize(
    ("page", "header", "value"),
    [
        (Page(b"content", etag='W/"v1"', modified=MONDAY), "if-none-match", 'W/"v1"'),
        (Page(b"content", modified=MONDAY), "if-modified-since", MONDAY),
    ],
)
def test_a_known_file_is_asked_about_and_kept(build: Builds, web: FakeWeb, page: Page, header: str, value: str) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.pages["/foo"] = page
    first = build().http(location)

    assert build().http(location) == first
    assert build().http(location).mtime == first.mtime == 1704067200
    assert asked(web, header) == ["", value, value]


def test_a_server_that_sends_what_is_known_all_the_same_is_not_listened_to(build: Builds, web: FakeWeb) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.preconditions = False
    web.pages["/foo"] = Page(LARGE, etag='W/"v1"')
    first = build().http(location)
    web.pages["/foo"] = Page(flipped_bytes(LARGE), etag='"v1"')

    assert build().http(location).content == first.content


def flipped_bytes(data: bytes) -> bytes:
    return data[:-1] + b"?"


def test_a_file_that_changed_is_fetched(build: Builds, web: FakeWeb, store: Store) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.pages["/foo"] = Page(b"old", etag='"1"')
    build().http(location)
    web.pages["/foo"] = Page(b"content", etag='"2"')

    assert build().http(location).content == CONTENT
    assert store.blobs.read(CONTENT) == b"content"


def test_a_known_file_that_is_lost_is_fetched(build: Builds, web: FakeWeb, store: Store) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.pages["/foo"] = Page(b"content", etag='"1"')
    build().http(location)
    store.blobs.remove(CONTENT)

    build().http(location)

    assert asked(web, "if-none-match") == ["", ""]
    assert store.blobs.read(CONTENT) == b"content"


def test_with_a_checksum_and_the_file_nobody_is_asked(build: Builds, web: FakeWeb, store: Store) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.pages["/foo"] = Page(b"content", modified=MONDAY)
    build().http(location)
    store.blobs.put(b"of another")

    assert build().http(location, checksum=CONTENT).mtime == 1704067200
    assert build().http(location, checksum=Digest.of(b"of another")).mtime == 0
    assert len(web.requests) == 1


def test_another_file_than_that_of_the_checksum_is_an_error_with_both(
    build: Builds, web: FakeWeb, store: Store
) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.pages["/foo"] = Page(b"content", etag='"1"')
    wanted = Digest.of(b"other")

    error = refused(build, location, wanted)

    assert error.message == f"digest mismatch for {location}: it is {CONTENT}, expected {wanted}"
    assert error.hint == "correct --checksum if the new file is meant, else find out who changed it"
    assert list(store.blobs.all()) == []
    build().http(location)
    assert refused(build, location, wanted).message == error.message


def test_a_redirect_is_followed_and_a_login_stays_behind(build: Builds, web: FakeWeb) -> None:
    with FakeWeb() as other:
        web.pages["/foo"] = Page(redirect=f"{other.url}/there/bar")
        other.pages["/there/bar"] = Page(b"content")

        found = build(secrets={"HTTP_AUTH_TOKEN_127.0.0.1": b"secret"}).http(HttpLocation(f"{web.url}/foo"))

        assert (found.content, found.name) == (CONTENT, "foo")
        assert asked(web, "authorization") == ["Bearer secret"]
        assert asked(other, "authorization") == [""]


@pytest.mark.parametrize(
    ("secrets", "login", "header"),
    [
        ({"HTTP_AUTH_TOKEN_127.0.0.1": b"abc\n"}, "", "Bearer abc"),
        ({"HTTP_AUTH_HEADER_127.0.0.1": b"Digest abc"}, "", "Digest abc"),
        ({"HTTP_AUTH_TOKEN_127.0.0.1": b"abc", "HTTP_AUTH_HEADER_127.0.0.1": b"x"}, "", "Bearer abc"),
        ({"HTTP_AUTH_TOKEN_other": b"abc"}, "me:pw", "Basic bWU6cHc="),
    ],
)
def test_a_login_is_a_secret_or_in_the_url(
    build: Builds, web: FakeWeb, secrets: dict[str, bytes], login: str, header: str
) -> None:
    web.authorization = header
    web.pages["/foo"] = Page(b"content")

    assert build(secrets=secrets).http(HttpLocation(f"{web.url}/foo", login)).content == CONTENT


def test_who_is_refused_is_told_how_to_log_in(build: Builds, web: FakeWeb) -> None:
    location = HttpLocation(f"{web.url}/foo")
    web.authorization = "Bearer right"

    without = refused(build, location)
    wrong = refused(build, location, secrets={"HTTP_AUTH_TOKEN_127.0.0.1": b"wrong-token"})

    assert without.message == f"{location} was refused (status 401)"
    assert without.hint == "it may want a token: --secret id=HTTP_AUTH_TOKEN_127.0.0.1,env=VARIABLE"
    assert wrong.message == f"{location} was refused in spite of a login (status 401)"
    assert "wrong-token" not in f"{wrong.message} {wrong.hint}"


def test_a_secret_that_is_no_header_is_not_sent_and_not_shown(build: Builds, web: FakeWeb) -> None:
    error = refused(build, HttpLocation(f"{web.url}/foo"), secrets={"HTTP_AUTH_TOKEN_127.0.0.1": b"two\r\nX: lines"})

    assert error.message == "the secret HTTP_AUTH_TOKEN_127.0.0.1 is no text of one line"
    assert web.requests == []


def test_what_is_not_there_is_named(build: Builds, web: FakeWeb) -> None:
    error = refused(build, HttpLocation(f"{web.url}/nosuch"))

    assert error.message == f"there is nothing at {web.url}/nosuch (status 404)"
    assert error.hint == "correct the URL"


def test_a_server_that_is_not_there_is_named(build: Builds) -> None:
    error = refused(build, HttpLocation("http://127.0.0.1:1/foo"))

    assert error.message == "cannot fetch http://127.0.0.1:1/foo: connection refused"
    assert error.hint == "check the URL, the network and the proxy settings"


def test_a_server_in_trouble_is_asked_again(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(b"content")
    web.fail("/foo", status(503), status(500))

    assert build().http(HttpLocation(f"{web.url}/foo")).content == CONTENT
    assert build.pauses == [1, 2]


def test_one_that_stays_in_trouble_is_an_error(build: Builds, web: FakeWeb) -> None:
    web.fail("/foo", *[status(503)] * 4)

    error = refused(build, HttpLocation(f"{web.url}/foo"))

    assert error.message == f"{web.url}/foo was answered with status 503"
    assert error.hint == "try again later"


def test_a_file_that_breaks_off_is_fetched_from_its_beginning(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(LARGE)
    web.fail("/foo", cut(1000), cut(500_000))

    assert build().http(HttpLocation(f"{web.url}/foo")).content == Digest.of(LARGE)


def test_one_that_always_breaks_off_is_an_error(build: Builds, web: FakeWeb, store: Store) -> None:
    web.pages["/foo"] = Page(LARGE)
    web.fail("/foo", *[cut(1000)] * 4)

    error = refused(build, HttpLocation(f"{web.url}/foo"))

    assert error.message == f"cannot fetch {web.url}/foo: the connection broke off"
    assert list(store.blobs.all()) == []


def test_a_file_that_is_too_large_is_not_fetched(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(LARGE)

    error = refused(build, HttpLocation(f"{web.url}/foo"), limit=lambda: 1000)

    assert error.message == f"{web.url}/foo is larger than 1000 bytes"
    assert error.hint == "raise limit in [download] of config.toml"
    assert build(limit=lambda: len(LARGE)).http(HttpLocation(f"{web.url}/foo")).content == Digest.of(LARGE)


def test_a_url_is_asked_for_once_in_a_build_and_so_is_one_that_fails(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(b"content")
    remotes = build()

    for _ in range(2):
        remotes.http(HttpLocation(f"{web.url}/foo"))
        with pytest.raises(SourceError):
            remotes.http(HttpLocation(f"{web.url}/nosuch"))

    assert web.paths() == ["GET /foo", "GET /nosuch"]
    told = [event for event in build.heard if isinstance(event, events.Started | events.Failed | events.Finished)]
    assert [type(event).__name__ for event in told] == ["Started", "Finished", "Started", "Failed"]


def test_a_stopped_build_waits_for_no_file(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(LARGE)
    go_on, errors = Event(), list[BaseException]()
    web.fail("/foo", stall(1000, until=go_on))
    remotes = build()

    def fetch() -> None:
        try:
            remotes.http(HttpLocation(f"{web.url}/foo"))
        except CancelledError as error:
            errors.append(error)

    thread = Thread(target=fetch)
    thread.start()
    while not web.requests:
        Event().wait(0.01)
    Event().wait(0.1)
    remotes.close()
    thread.join(60)
    go_on.set()

    assert [str(error) for error in errors] == ["the transfer was stopped"]


class TestFetch:
    def op(self, web: FakeWeb) -> Http:
        return Http(CONTENT, "foo", f"{web.url}/foo")

    def test_a_lost_file_is_brought_again(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/foo"] = Page(b"content")

        assert Path(build().fetch(self.op(web))).read_bytes() == b"content"

    def test_another_one_is_an_error(self, build: Builds, web: FakeWeb) -> None:
        web.pages["/foo"] = Page(b"other")

        with pytest.raises(SourceError, match="digest mismatch"):
            build().fetch(self.op(web))

    def test_a_torn_one_is_thrown_away(self, build: Builds, web: FakeWeb, store: Store) -> None:
        store.blobs.put(b"content")
        store.blobs.path(CONTENT).write_bytes(b"cont?nt")

        with pytest.raises(CorruptError):
            build().fetch(self.op(web))

        assert list(store.blobs.all()) == []


def test_a_wrong_byte_is_found_by_the_checksum(build: Builds, web: FakeWeb) -> None:
    web.pages["/foo"] = Page(b"content")
    web.fail("/foo", flipped)

    assert "digest mismatch" in refused(build, HttpLocation(f"{web.url}/foo"), CONTENT).message
