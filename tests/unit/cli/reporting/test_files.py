"""Which files of a result came, went or changed since an earlier build, by the layers of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fakes.pasts import Drawn, build
from stagemill.cli.reporting import files as module
from stagemill.cli.reporting.files import files
from stagemill.cli.reporting.sizes import Sizes
from stagemill.digest import Digest
from stagemill.execute.tree import Tree, TreeLayer
from stagemill.files.view import Entry
from stagemill.insight.why.past import Past, PastStage
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.store.records import Record
from stagemill.store.store import Store


def a(path: str, text: str = "x", mode: int = 0o644, mtime: int = 0, link: object = None) -> IndexEntry:
    return IndexEntry(path, Entry("file", mode, 0, 0, len(text), mtime, node=link), Digest.of(text.encode()))


def folder(path: str, *, opaque: bool = False) -> IndexEntry:
    return IndexEntry(path, Entry("dir", 0o755, 0, 0, 0, 0), opaque=opaque)


def whiteout(path: str) -> IndexEntry:
    return IndexEntry(path, Entry("char", 0, 0, 0, 0, 0), whiteout=True)


def layer(store: Store, *entries: IndexEntry) -> TreeLayer:
    with store.layers.workspace() as workspace:
        return TreeLayer("layer", workspace.commit(LayerIndex([folder(""), *entries]).serialize()))


def made(store: Store, number: int, *layers: TreeLayer) -> Past:
    """A build of `app` whose RUN has given these layers."""
    one = Drawn()
    one.base()
    key = one.run(f"RUN number {number}")
    result = Tree(layers).serialize()
    store.records.put(Record(Digest(key), Digest(key), result, "{}", "RUN", 1.0))
    past = build(number, one.graph(stages=[PastStage("app", 1, (), {}, "busybox")]))
    return replace(past, title="app")


def compared(store: Store, before: Past, after: Past) -> Any:
    return files(after, before, Sizes(store))


@pytest.fixture
def base(store: Store) -> TreeLayer:
    return layer(store, folder("etc"), a("etc/passwd", "root"), folder("usr"), a("usr/a", "12345"), a("usr/b", "1234"))


def test_files_that_came_went_and_changed_are_told_the_largest_first(store: Store, base: TreeLayer) -> None:
    before = made(store, 1, base, layer(store, a("same"), a("old", "123"), a("changed", "1"), a("mode", "12")))
    top = layer(store, a("same", mtime=7), a("changed", "2" * 9), a("mode", "12", 0o755), folder("new"), a("new/f", ""))
    after = made(store, 2, base, top)

    (found,) = compared(store, before, after)

    assert (found["target"], found["new"], found["gone"], found["changed"], found["more"]) == ("app", 1, 1, 2, 0)
    assert found["bytes"] == [20, 25]
    assert found["files"] == [
        {"path": "/changed", "change": "changed", "how": "content (1 → 9 bytes)", "before": 1, "after": 9},
        {"path": "/old", "change": "gone", "how": "", "before": 3, "after": None},
        {"path": "/mode", "change": "changed", "how": "mode 644 → 755", "before": 2, "after": 2},
        {"path": "/new/f", "change": "new", "how": "", "before": None, "after": 0},
    ]


def test_what_a_layer_takes_away_of_the_base_is_gone(store: Store, base: TreeLayer) -> None:
    before = made(store, 1, base)
    after = made(store, 2, base, layer(store, whiteout("etc"), folder("usr", opaque=True), a("usr/c", "123")))

    (found,) = compared(store, before, after)

    assert [(one["path"], one["change"]) for one in found["files"]] == [
        ("/usr/a", "gone"), ("/etc/passwd", "gone"), ("/usr/b", "gone"), ("/usr/c", "new"),
    ]  # fmt: skip


def test_a_file_in_the_place_of_a_directory_hides_what_was_in_it(store: Store, base: TreeLayer) -> None:
    before, after = made(store, 1, base), made(store, 2, base, layer(store, a("usr", "link")))

    (found,) = compared(store, before, after)

    assert [(one["path"], one["change"], one["how"]) for one in found["files"]] == [
        ("/usr/a", "gone", ""), ("/usr", "changed", "dir → file"), ("/usr/b", "gone", ""),
    ]  # fmt: skip


def test_the_same_layers_hold_the_same_files(store: Store, base: TreeLayer) -> None:
    assert compared(store, made(store, 1, base), made(store, 2, base)) == [
        {"target": "app", "new": 0, "gone": 0, "changed": 0, "bytes": None, "files": [], "more": 0}
    ]


def test_of_a_base_that_nobody_has_read_only_what_stands_on_it_is_compared(store: Store) -> None:
    base = TreeLayer("chain", Digest.of(b"never unpacked"))
    before, after = made(store, 1, base, layer(store, a("f", "1"))), made(store, 2, base, layer(store, a("g", "1")))

    (found,) = compared(store, before, after)

    assert (found["new"], found["gone"], found["bytes"]) == (1, 1, None)


def test_a_layer_that_is_gone_is_not_guessed_at(store: Store, base: TreeLayer) -> None:
    before, after = made(store, 1, base), made(store, 2, base, TreeLayer("layer", Digest.of(b"pruned")))

    assert compared(store, before, after) == []


def test_of_many_the_largest_are_named_and_the_others_counted(
    store: Store, base: TreeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    before = made(store, 1, base)
    after = made(store, 2, base, layer(store, *(a(f"file{number}", "x" * number) for number in range(5))))

    (found,) = compared(store, before, after)

    assert [one["path"] for one in found["files"]] == ["/file4", "/file3"]
    assert (found["new"], found["more"]) == (5, 3)


def test_a_stage_without_steps_has_the_files_of_the_one_below(store: Store, base: TreeLayer) -> None:
    def ending(past: Past) -> Past:
        stages = (*past.graph.stages, PastStage("end", 9, (), {}, "app"))
        return replace(past, title="end", graph=replace(past.graph, stages=stages))

    before, after = made(store, 1, base), made(store, 2, base, layer(store, a("f")))

    (found,) = compared(store, ending(before), ending(after))

    assert (found["target"], found["new"]) == ("end", 1)
    assert compared(store, before, ending(after)) == []


def test_a_stage_may_end_with_a_step_that_stands_under_another_stage(store: Store, base: TreeLayer) -> None:
    def sharing(past: Past) -> Past:
        made = next(step.digest for step in past.graph.steps.values() if step.kind == "run")
        stages = (*past.graph.stages, PastStage("twin", 9, (), {}, "busybox", shared=((made, 10),)))
        return replace(past, title="twin", graph=replace(past.graph, stages=stages))

    before, after = made(store, 1, base), made(store, 2, base, layer(store, a("f")))

    (found,) = compared(store, sharing(before), sharing(after))

    assert (found["target"], found["new"]) == ("twin", 1)
