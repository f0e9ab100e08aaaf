"""Whatever a text says, it is a location, a path, or an error with a hint; and none of it can be an option of git's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stagemill.location import GitLocation, HttpLocation, Location, LocationError, parse, repository

PIECES = st.sampled_from(
    ["https://", "http://", "git://", "ssh://", "git@", "h", ":", "/", "a", ".git", "#", "?", "&", "ref=", "tag=", "-", "..",
     "subdir=", "checksum=", "%2e%2e", "%0a", "é", "@", "u:p@", "[", " ", "keep-git-dir", "=true", "github.com/", "8080"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


def meant(text: str) -> Location | None:
    try:
        return parse(text)
    except LocationError as error:
        explained = bool(error.message and error.hint)
    assert explained
    return None


@given(TEXTS)
@example("https://h/r.git#a:b?c")
def test_every_text_is_a_location_a_path_or_an_explained_error(text: str) -> None:
    location = meant(text)

    assert location is None or isinstance(location, HttpLocation | GitLocation)


@given(TEXTS)
def test_nothing_that_git_is_given_looks_like_an_option_or_leads_out(text: str) -> None:
    location = meant(text)
    if isinstance(location, GitLocation):
        assert not location.remote.startswith("-")
        assert not location.ref.startswith(("-", "+"))
        assert ".." not in location.subdir.split("/")
        assert not any(sign.isspace() or sign < " " for sign in location.remote + location.ref if sign.isascii())


@given(TEXTS)
def test_a_repository_is_found_again_by_its_remote(text: str) -> None:
    location = meant(text)
    if isinstance(location, GitLocation):
        assert repository(location.remote).remote == location.remote


@given(st.from_regex(r"[a-z0-9]{8,16}", fullmatch=True), st.sampled_from(["x", "r.git", "r.git#v1:d", "a/b?c=d"]))
def test_a_password_is_in_no_text_of_a_location(password: str, rest: str) -> None:
    location = parse(f"https://user:{password}@h/{rest}")

    assert location is not None
    assert location.login == f"user:{password}"
    assert password not in f"{location!s}{location!r}"


def test_only_locations_are_found_again() -> None:
    with pytest.raises(AssertionError):
        repository("a/path")
