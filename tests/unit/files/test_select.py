from __future__ import annotations

import pytest

from fakes.tree import MemoryTree, link
from stagemill.errors import StagemillError
from stagemill.files.select import Match, MissingSourceError, matches, walked
from stagemill.graph.vertex import Selection

TREE = MemoryTree(
    {
        "package.json": "{}",
        "package-lock.json": "{}",
        "store/v1/f": "payload",
        "current": link("/store/v1"),
        "alias.json": link("package.json"),
        "gone.txt": link("nowhere"),
    }
)


def selected(*patterns: str) -> list[Match]:
    return matches(TREE, Selection(patterns))


def test_sources_are_selected_in_order_with_the_names_they_were_written_with() -> None:
    actual = selected("store/v1", "package*.json")

    assert actual == [
        Match("store/v1", "v1"),
        Match("package-lock.json", "package-lock.json"),
        Match("package.json", "package.json"),
    ]


def test_a_source_path_leads_through_links_and_a_link_named_itself_is_followed() -> None:
    actual = selected("current/f", "current", "alias.json", "al*")

    assert actual == [
        Match("store/v1/f", "f"),
        Match("store/v1", "current"),
        Match("package.json", "alias.json"),
        Match("package.json", "alias.json"),
    ]


def test_the_whole_tree_has_no_name() -> None:
    assert selected("") == [Match("", "")]


def test_a_pattern_that_matches_nothing_selects_nothing() -> None:
    assert selected("nosuch*", "store/*/g") == []


def test_a_link_that_leads_nowhere_is_selected_itself_by_a_pattern() -> None:
    assert selected("gone*") == [Match("gone.txt", "gone.txt")]


def test_a_missing_literal_is_an_error_with_a_near_name() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("./packag.json")

    assert caught.value.pattern == "./packag.json"
    assert caught.value.message == '"/packag.json" was not found'
    assert caught.value.hint == "did you mean package.json?"


def test_without_a_near_name_there_is_what_the_directory_has() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("store/v2/")

    assert (caught.value.hint, caught.value.there) == (None, "in store there is v1")


def test_a_missing_literal_without_a_near_name_has_no_hint() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("qqqqqq")

    assert caught.value.hint is None


def test_a_link_that_leads_nowhere_is_missing() -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected("gone.txt")

    assert caught.value.message == '"/gone.txt" was not found'


WEB = MemoryTree(
    {
        "skip": "",
        "take": "",
        "d/x.1": "",
        "d/x.2": "",
        "d/s/y.1": "",
        "d/s/t/z.1": "",
        "d/s/t/z.2": "",
        "d/empty/x.1": "",
        "m/n/a.conf": "",
        "m/n2/b.conf": "",
        "m/r.md": "",
        "m/n/z/s.md": "",
        "alias": link("m"),
        "file": "",
    }
)


def named(*patterns: str, excludes: tuple[str, ...] = (), parents: bool = False) -> list[str]:
    """The names that things have in the copy, in the order in which they get there."""
    found = matches(WEB, Selection(patterns, excludes, parents))
    return [name for match in found for _, name, _ in walked(WEB, match) if name]


def test_excludes_are_relative_to_each_directory_that_is_a_source() -> None:
    assert named("d", excludes=("*.1",)) == ["empty", "empty/x.1", "s", "s/t", "s/t/z.1", "s/t/z.2", "s/y.1", "x.2"]
    assert named("d", "m", excludes=("**/*.1", "n", "**/*.md")) == [
        "empty", "s", "s/t", "s/t/z.2", "x.2", "n2", "n2/b.conf",
    ]  # fmt: skip


def test_a_directory_that_is_left_out_comes_along_for_what_an_exception_keeps_in_it() -> None:
    assert named("d", excludes=("**", "!s/t/z.2")) == ["s", "s/t", "s/t/z.2"]
    assert named("d", excludes=("*", "!x.2")) == ["x.2"]


def test_excludes_leave_out_files_that_a_pattern_meets_and_not_those_that_are_named() -> None:
    assert named("*k*", "file", excludes=("skip", "file")) == ["take", "file"]


def test_excludes_do_not_leave_out_a_directory_that_is_a_source() -> None:
    assert [match.path for match in matches(WEB, Selection(("d*",), ("d*", "*")))] == ["d"]
    assert named("d*", excludes=("*",)) == []


def test_parents_keep_the_path_of_what_is_selected_and_bring_the_directories_above_it() -> None:
    assert named("/./m/n/a.conf", parents=True) == ["m", "m/n", "m/n/a.conf"]
    assert named("m/./n/*.conf", parents=True) == ["n", "n/a.conf"]
    assert named("m/./n*/*.conf", parents=True) == ["n", "n/a.conf", "n2", "n2/b.conf"]
    assert named("/./m/**/*.md", parents=True) == ["m", "m/n", "m/n/z", "m/n/z/s.md", "m/r.md"]
    assert named("m/./", parents=True) == ["n", "n/a.conf", "n/z", "n/z/s.md", "n2", "n2/b.conf", "r.md"]


def test_before_the_pivot_links_are_followed_and_patterns_select_several_directories() -> None:
    assert named("alias/./n/a.conf", parents=True) == ["n", "n/a.conf"]
    assert named("m/n*/./*.conf", parents=True) == ["a.conf", "b.conf"]
    assert named("file/./*", "f*/./*", parents=True) == []


def test_after_the_pivot_a_link_is_a_link() -> None:
    assert named("/./alias", parents=True) == ["alias"]
    with pytest.raises(StagemillError) as caught:
        named("/./alias/n/a.conf", parents=True)

    assert caught.value.message == '--parents cannot keep the path through "/alias", which is a symbolic link to m'
    assert caught.value.hint == "name the path that the link leads to, or copy without --parents"


def test_excludes_of_parents_are_relative_to_the_pivot() -> None:
    assert named("m/./n", excludes=("n/z",), parents=True) == ["n", "n/a.conf"]
    assert named("/./m/n", excludes=("n/z", "m/n/a.conf"), parents=True) == ["m", "m/n", "m/n/z", "m/n/z/s.md"]


@pytest.mark.parametrize("source", ["/./m/nosuch", "nosuch/./*", "m/./n/nosuch"])
def test_what_parents_name_without_a_pattern_must_exist(source: str) -> None:
    with pytest.raises(MissingSourceError) as caught:
        named(source, parents=True)

    assert caught.value.pattern == source


def test_a_pattern_of_parents_may_match_nothing() -> None:
    assert named("m/./nosuch*", "nosuch*/./x", parents=True) == []


@pytest.mark.parametrize("dash", ["\u2013", "\u2014"])
def test_a_long_dash_is_recognized_as_a_flag(dash: str) -> None:
    with pytest.raises(MissingSourceError) as caught:
        selected(f"{dash}chown=app")

    assert caught.value.hint == "did you mean the flag --chown=app? there is a long dash where -- is due"
