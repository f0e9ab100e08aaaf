"""Whatever a tree and patterns are, what is selected is what the patterns say of each path alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.tree import MemoryTree
from stagemill.files.exclusion import Exclusion
from stagemill.files.select import matches, walked
from stagemill.files.walk import walk
from stagemill.graph.vertex import Selection

PATHS = st.lists(st.sampled_from(["a", "b", "c.x"]), min_size=1, max_size=4).map("/".join)
WORDS = st.sampled_from(["a", "b", "*", "*.x", "**", "?"])
PATTERNS = st.tuples(st.sampled_from(["", "!"]), st.lists(WORDS, min_size=1, max_size=3).map("/".join)).map("".join)


def tree(paths: set[str]) -> MemoryTree:
    """Files at these paths, but for those that are a directory of others."""
    return MemoryTree({path: "" for path in paths if not any(other.startswith(f"{path}/") for other in paths)})


def selected(view: MemoryTree, sources: Selection) -> list[str]:
    return [name for match in matches(view, sources) for _, name, _ in walked(view, match) if name]


@settings(deadline=None)
@given(st.sets(PATHS), st.lists(PATTERNS, min_size=1, max_size=4))
def test_excludes_select_what_they_keep_and_the_directories_above_it(paths: set[str], excludes: list[str]) -> None:
    view, rules = tree(paths), Exclusion.of(excludes, name="x")

    kept = {path for path, _ in walk(view) if path and not rules.excluded(path)}

    above = {path[:end] for path in kept for end in range(len(path)) if path[end] == "/"}
    assert selected(view, Selection(("",), tuple(excludes))) == [path for path, _ in walk(view) if path in kept | above]


@settings(deadline=None)
@given(st.sets(PATHS), st.lists(WORDS, min_size=1, max_size=3).map("/".join))
def test_parents_select_what_matches_all_below_it_and_the_directories_above_it(paths: set[str], pattern: str) -> None:
    view, rules = tree({*paths, "a/z"}), Exclusion.of([pattern], name="x")
    everything = [path for path, _ in walk(view) if path]
    if not any(sign in pattern for sign in "*?") and pattern not in everything:
        return

    kept = {path for path in everything if rules.excluded(path)}

    above = {path[:end] for path in kept for end in range(len(path)) if path[end] == "/"}
    assert selected(view, Selection((f"/./{pattern}",), parents=True)) == [
        path for path in everything if path in kept | above
    ]
