from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from fakes.tree import MemoryTree, Node, directory, file, link
from stagemill.digest import Digest
from stagemill.files.content import Content, brief, content, differing
from stagemill.files.select import MissingSourceError
from stagemill.graph.vertex import Selection


def key(tree: MemoryTree, *patterns: str, owners: bool = True) -> Content:
    return content(tree, Selection(patterns or ("src",)), owners=owners)


BASE: dict[str, Node | str] = {"src/a": "one", "src/d/b": "two", "src/l": link("a")}


def test_parts_have_the_paths_of_all_that_is_selected() -> None:
    tree = MemoryTree({**BASE, "x/y.txt": ""})

    actual = [name for name, _ in key(tree, "src", "x/y.txt").parts]

    assert actual == ["src", "src/a", "src/d", "src/d/b", "src/l", "x/y.txt"]


@pytest.mark.parametrize(
    "change",
    [
        {"src/a": "other"},
        {"src/a": file("one", mode=0o755)},
        {"src/a": file("one", uid=7)},
        {"src/a": file("one", xattrs=(("user.note", b"x"),))},
        {"src/l": link("d")},
        {"src/d": directory(mode=0o700)},
        {"src/new": ""},
        {"src/a": directory()},
    ],
)
def test_what_lands_in_the_image_changes_the_digest(change: dict[str, Node | str]) -> None:
    assert key(MemoryTree({**BASE, **change})).digest != key(MemoryTree(BASE)).digest


@pytest.mark.parametrize(
    "change",
    [
        {"src/a": file("one", mtime_ns=5)},
        {"src/d": directory(mtime_ns=5)},
        {"src": directory(mode=0o700, uid=3)},
        {"elsewhere": "x"},
    ],
)
def test_times_the_top_directory_and_other_files_do_not_change_the_digest(change: dict[str, Node | str]) -> None:
    assert key(MemoryTree({**BASE, **change})) == key(MemoryTree(BASE))


def test_owners_count_only_where_they_are_asked_for() -> None:
    mine, yours = MemoryTree(BASE), MemoryTree({**BASE, "src/a": file("one", uid=7)})

    assert key(mine, owners=False) == key(yours, owners=False)


def test_parts_say_which_file_differs() -> None:
    before = dict(key(MemoryTree(BASE)).parts)
    after = dict(key(MemoryTree({**BASE, "src/d/b": "changed"})).parts)

    assert [name for name in before if before[name] != after[name]] == ["src/d/b"]


def test_the_name_of_a_directory_source_does_not_count_but_that_of_a_file_does() -> None:
    tree = MemoryTree({"one/f": "x", "two/f": "x", "p": "x", "q": "x"})

    assert key(tree, "one").digest == key(tree, "two").digest
    assert key(tree, "p").digest != key(tree, "q").digest


def test_the_order_of_sources_counts_since_the_last_one_wins() -> None:
    tree = MemoryTree({"one/f": "x", "two/f": "y"})

    assert key(tree, "one", "two").digest != key(tree, "two", "one").digest


def test_hard_links_within_the_selection_count_and_others_do_not() -> None:
    def tree(first: object, second: object) -> MemoryTree:
        return MemoryTree({"src/a": file("x", node=first), "src/b": file("x", node=second)})

    assert key(tree(1, 1)).digest != key(tree(1, 2)).digest
    assert key(tree(1, 2)) == key(tree(None, None))


def test_a_file_that_is_selected_twice_is_no_hard_link_of_itself() -> None:
    plain, linked = (MemoryTree({"src/a": file("x", node=node), "src/b": "x"}) for node in (None, 1))

    assert key(linked, "src", "src/a") == key(plain, "src", "src/a")


def test_a_selection_of_nothing_has_a_digest() -> None:
    assert key(MemoryTree(BASE), "no*").parts == ()


def test_a_missing_source_is_an_error() -> None:
    with pytest.raises(MissingSourceError) as caught:
        key(MemoryTree(BASE), "nothing")

    assert caught.value.message == '"/nothing" was not found'


def test_the_digest_of_a_content_is_for_ever() -> None:
    tree = MemoryTree(
        {
            "src/a": file(b"\xffbytes", mode=0o4755, uid=1, gid=2, xattrs=(("user.n", b"\x00"),)),
            "src/\udcff": link("t\udcfe"),
            "src/dev": Node(replace(directory().entry, kind="char", mode=0o666, device=(1, 3))),
            "src/same": file("x", node=9),
            "src/too": file("x", node=9),
        }
    )

    assert key(tree).digest == "sha256:1451038674c28bd7ee037998dbb4215857d49b9bccc752fcf193cde3655b132e"


def test_what_is_left_out_does_not_change_the_digest() -> None:
    def of(tree: MemoryTree) -> Content:
        return content(tree, Selection(("src",), ("**/*.log",)), owners=True)

    assert (
        of(MemoryTree({**BASE, "src/d/x.log": "1"}))
        == of(MemoryTree({**BASE, "src/d/x.log": "2"}))
        == of(MemoryTree(BASE))
    )
    assert of(MemoryTree({**BASE, "src/d/x": "1"})) != of(MemoryTree(BASE))


def test_names_and_directories_that_parents_keep_count() -> None:
    def of(nodes: dict[str, Node | str], source: str = "/./src/*") -> Content:
        return content(MemoryTree(nodes), Selection((source,), (), parents=True), owners=True)

    assert [name for name, _ in of(BASE).parts] == ["", "src", "src/a", "src/d", "src/d/b", "src/l"]
    assert of(BASE) == of({**BASE, "other": ""})
    assert of(BASE).digest != of({**BASE, "src": directory(mode=0o700)}).digest
    assert of(BASE).digest != of(BASE, "src/./*").digest


def test_patterns_that_select_nothing_are_told() -> None:
    tree = MemoryTree({"a": "", "d/x": ""})

    assert content(tree, Selection(("a", "b*", "d/*"), ("x",)), owners=True).empty == ("b*", "d/*")
    assert content(tree, Selection(("d",), ("*",)), owners=True).empty == ()
    assert content(tree, Selection(("/./d/*", "d/./y*"), parents=True), owners=True).empty == ("d/./y*",)


def test_brief_facts_tell_what_differs() -> None:
    def facts(node: Node | str) -> str:
        return brief(dict(key(MemoryTree({"d/f": node}), "d").parts)["d/f"])

    plain = facts("one")
    assert len(plain) < 60
    assert differing(plain, facts("one")) == ()
    assert differing(plain, facts("two")) == ("content",)
    assert differing(plain, facts("longer")) == ("content",)
    assert differing(plain, facts(file("one", mode=0o755))) == ("mode",)
    assert differing(plain, facts(file("one", uid=7))) == ("owner",)
    assert differing(plain, facts(file("one", xattrs=(("user.note", b"x"),)))) == ("attributes",)
    assert differing(plain, facts(link("one"))) == ("type",)
    assert differing(facts(link("one")), facts(link("two"))) == ("target",)


def test_facts_that_are_no_facts_stay_as_they_are() -> None:
    assert brief(".") == "."


def test_thousands_of_files_are_keyed_as_the_canonical_form_of_their_list() -> None:
    view = MemoryTree({f"d{number % 7}/file{number}": str(number) for number in range(2500)})

    found = content(view, Selection(("", "d1", "d2/file2")), owners=False)

    groups = [
        [
            [path.removeprefix(start), hashlib.sha256(facts.encode()).hexdigest()]
            for path, facts in content(view, Selection((name,)), owners=False).parts
        ]
        for name, start in (("", ""), ("d1", "d1/"), ("d2/file2", "d2/"))
    ]
    groups[1] = [["" if name == "d1" else name, facts] for name, facts in groups[1]]
    assert len(groups[0]) > 2500
    assert found.digest == Digest.of_value([sorted_as_walked(group) for group in groups])


def sorted_as_walked(group: list[list[str]]) -> list[list[str]]:
    """Parts in the order of a walk: by the components of their paths."""
    return sorted(group, key=lambda part: part[0].split("/") if part[0] else [])
