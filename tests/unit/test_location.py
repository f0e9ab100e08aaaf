"""What URLs mean; the forms are those of BuildKit's tests of git references, and those that must be refused."""

from __future__ import annotations

from typing import Any

import pytest

from stagemill.location import (
    GitLocation,
    HttpLocation,
    LocationError,
    is_commit,
    parse,
    repository,
    with_checksum,
)


def https(remote: str, **more: Any) -> GitLocation:
    return GitLocation(f"https://{remote}", "https", remote.partition("/")[0], **more)


def ssh(remote: str, host: str, **more: Any) -> GitLocation:
    return GitLocation(remote, "ssh", host, **more)


BUILDKIT = "github.com/moby/buildkit.git"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/foo.git", https("example.com/foo.git")),
        ("HTTPS://Example.com/foo.git", GitLocation("https://Example.com/foo.git", "https", "example.com")),
        ("https://example.com/foo.git#deadbeef", https("example.com/foo.git", ref="deadbeef")),
        ("https://example.com/foo.git#release/1.2", https("example.com/foo.git", ref="release/1.2")),
        ("https://example.com/foo.git#a/b:c/d", https("example.com/foo.git", ref="a/b", subdir="c/d")),
        ("https://example.com/foo.git#:/c//d/.", https("example.com/foo.git", subdir="c/d")),
        ("http://h:8080/foo.git", GitLocation("http://h:8080/foo.git", "http", "h")),
        ("git://example.com/foo", GitLocation("git://example.com/foo", "git", "example.com")),
        ("ssh://git@h:22/foo#v1", ssh("ssh://git@h:22/foo", "h", ref="v1")),
        ("ssh://git:secret@h/foo", ssh("ssh://git@h/foo", "h")),
        ("git@github.com:moby/buildkit", ssh("git@github.com:moby/buildkit", "github.com")),
        ("git@github.com:a/b.git?subdir=/s#v1", ssh("git@github.com:a/b.git", "github.com", ref="v1", subdir="s")),
        ("https://u:p%40@github.com/moby/buildkit.git", https(BUILDKIT, login="u:p@")),
        ("github.com/moby/buildkit#main", https("github.com/moby/buildkit", ref="main", implied=True)),
        ("github.com/a/b?tag=v1", https("github.com/a/b", ref="refs/tags/v1", implied=True)),
        (f"https://{BUILDKIT}?ref=v1.0.0&subdir=/subdir", https(BUILDKIT, ref="v1.0.0", subdir="subdir")),
        (f"https://{BUILDKIT}?tag=refs/tags/v1", https(BUILDKIT, ref="refs/tags/v1")),
        (f"https://{BUILDKIT}?branch=v1.0", https(BUILDKIT, ref="refs/heads/v1.0")),
        (f"https://{BUILDKIT}?ref=a#a", https(BUILDKIT, ref="a")),
        (f"https://{BUILDKIT}?mtime=commit", https(BUILDKIT, mtime="commit")),
        (f"https://{BUILDKIT}?mtime=checkout", https(BUILDKIT, mtime="checkout")),
        (f"https://{BUILDKIT}?commit=0a1b", https(BUILDKIT, checksum="0a1b")),
        (f"https://{BUILDKIT}?checksum=0a1b&fetch-by-commit", https(BUILDKIT, checksum="0a1b", fetch_by_commit=True)),
        (f"https://{BUILDKIT}?fetch-by-commit=false", https(BUILDKIT)),
        (f"https://{BUILDKIT}?keep-git-dir", https(BUILDKIT, keep_git_dir=True)),
        (f"https://{BUILDKIT}?keep-git-dir=0&submodules=F", https(BUILDKIT, keep_git_dir=False, submodules=False)),
        ("https://example.com/", HttpLocation("https://example.com/")),
        ("https://example.com/foo.git/", HttpLocation("https://example.com/foo.git/")),
        ("https://example.com/foo.git.bar?a=b#c", HttpLocation("https://example.com/foo.git.bar?a=b")),
        ("http://github.com/docker/docker.git:#branch", HttpLocation("http://github.com/docker/docker.git:")),
        ("https://me:secret@h/x", HttpLocation("https://h/x", "me:secret")),
        ("./.git", None),
        (".git", None),
        ("custom.xyz/moby/buildkit.git", None),
        ("ftp://example.com/x", None),
        ("a:b", None),
        ("", None),
    ],
)
def test_a_text_means_a_file_a_repository_or_a_path(text: str, expected: HttpLocation | GitLocation | None) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?ref=v1#v2", "ref conflicts: 'v2' vs 'v1'"),
        ("?ref=v1&tag=v2", "ref conflicts: 'v1' vs 'refs/tags/v2'"),
        ("?tag=v1&branch=v1", "branch conflicts with tag"),
        ("?subdir=a#:b", "subdir conflicts: 'b' vs 'a'"),
        ("?ref=", "query 'ref' has no value"),
        ("?ref=a&ref=a", "query 'ref' has multiple values"),
        ("?invalid=1", "unexpected query 'invalid' of a git URL"),
        ("?mtime=x", 'invalid mtime value: \'x\' (must be "checkout" or "commit")'),
        ("?submodules=x", "invalid submodules value: 'x'"),
        ("?checksum=xyz", "invalid checksum xyz for a git URL: it is no commit's name"),
    ],
)
def test_a_query_that_is_wrong_is_an_error(query: str, message: str) -> None:
    with pytest.raises(LocationError) as caught:
        parse(f"https://h/r.git{query}")

    assert caught.value.message == message
    assert caught.value.hint


def test_a_query_that_is_nearly_one_is_proposed() -> None:
    with pytest.raises(LocationError) as caught:
        parse("https://h/r.git?submodule=false")

    assert caught.value.hint == "did you mean submodules?"


@pytest.mark.parametrize(
    "text",
    [
        "https://h/r.git#--upload-pack=x",
        "https://h/r.git?ref=-x",
        "https://h/r.git?ref=%2bmain:refs/heads/x",
        "https://h/r.git?ref=a%20b",
        "https://h/r.git?ref=a..b",
        "https://h/r.git?ref=a%0ab",
        "https://h/r.git#main:../../etc",
        "https://h/r.git?subdir=a/../../b",
        "https://h/r.git#main:.git",
        "https://h/r.git#main:a/.GIT/hooks",
        "ssh://-oProxyCommand=x/r.git",
        "ssh://-x@h/r.git",
        "git@h:-oProxyCommand=x",
        "git@h:",
        "git@h:a\nb",
        "https:///r.git",
        "https://h:99999/r",
        "https://h/a b",
        "https://[::1/x",
        "https://h/\udcff",
        "http://\udcff/x",
        "ssh://[::]@h/r",
        "git@h:\udcff",
    ],
)
def test_what_git_could_take_for_something_else_is_refused(text: str) -> None:
    with pytest.raises(LocationError) as caught:
        parse(text)

    assert caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h/a/b.tar.gz?x=/y", "b.tar.gz"),
        ("https://h/a/", "a"),
        ("https://h/a%20b", "a b"),
        ("https://h/a%2Fb", "b"),
        ("https://h", ""),
        ("https://h/", ""),
        ("https://h/a/..", ""),
        ("https://h/%00", ""),
    ],
)
def test_the_name_of_a_file_is_the_last_of_its_path(url: str, name: str) -> None:
    assert HttpLocation(url).name == name


def test_no_login_is_ever_shown() -> None:
    for text in ("https://me:secret@h/x", "https://secret@h/r.git#v1:d", "ssh://git:secret@h/r"):
        location = parse(text)

        assert "secret" not in f"{location} {location!r}"


def test_a_location_is_shown_with_what_of_it_is_meant() -> None:
    assert str(parse("https://h/r.git?tag=v1&subdir=/d")) == "https://h/r.git#refs/tags/v1:d"
    assert str(parse("git@h:r")) == "git@h:r"


def test_a_repository_is_found_again_by_its_remote() -> None:
    for text in ("https://u:p@h/r.git", "git@h:r", "ssh://git@h:22/r", "github.com/a/b"):
        location = parse(text)
        assert isinstance(location, GitLocation)

        again = repository(location.remote, login=location.login)

        assert (again.remote, again.scheme, again.host) == (location.remote, location.scheme, location.host)
        assert again.login == location.login


def test_a_checksum_beside_the_url_is_the_one_in_it() -> None:
    assert with_checksum(https("h/r.git"), "0a1b").checksum == "0a1b"
    assert with_checksum(https("h/r.git", checksum="0a1b"), "0a1b").checksum == "0a1b"
    for location, checksum in ((https("h/r.git", checksum="0a1b"), "0a"), (https("h/r.git"), "nothex")):
        with pytest.raises(LocationError, match="checksum"):
            with_checksum(location, checksum)


def test_commits_have_forty_or_sixty_four_digits() -> None:
    assert is_commit("a" * 40)
    assert is_commit("0" * 64)
    assert not is_commit("A" * 40)
    assert not is_commit("a" * 41)
