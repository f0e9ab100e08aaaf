"""`files`: which files of its results a build has otherwise than an earlier one. Layers that both have are not compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from stagemill.cli.reporting.sizes import Sizes
from stagemill.insight.purity import OPAQUE, ways
from stagemill.insight.why.past import Past
from stagemill.layer.index import IndexEntry, LayerIndex
from stagemill.oci.document import JsonObject, whole
from stagemill.values import dataclass

MOST = 100
"""Of each result the largest files that came, went or changed; of the others only how many there are."""


@dataclass(frozen=True, slots=True)
class _Difference:
    path: str
    change: str
    before: IndexEntry | None
    after: IndexEntry | None
    how: str = ""

    @property
    def weight(self) -> int:
        """The bytes of the larger one."""
        return max(_size(self.before) or 0, _size(self.after) or 0)


def files(now: Past, before: Past, sizes: Sizes) -> list[JsonObject]:
    """For each stage that both builds were asked for, and whose layers are still here in both."""
    old, new = (dict(_results(past)) for past in (before, now))
    compared = ((title, _compared(old[title], step, sizes)) for title, step in new.items() if title in old)
    return [{"target": whole(title), **found} for title, found in compared if found is not None]


def _results(past: Past) -> Iterator[tuple[str, str]]:
    """The steps whose files are those of a target, one for each platform."""
    for title in past.title.split():
        steps = dict(_last(past, title))
        for platform, step in steps.items():
            yield f"{title} for {platform}" if platform and len(steps) > 1 else title, step


def _last(past: Past, title: str) -> Iterator[tuple[str, str]]:
    """By platform; of a stage without steps of its own those that its FROM names. The last one of a platform counts."""
    seen: set[str] = set()
    while title not in seen:
        seen.add(title)
        stage = past.graph.stage(title)
        own = [step for step in past.graph.steps.values() if step.stage == title]
        if stage and stage.shared:
            own += [replace(past.graph.steps[key], line=line) for key, line in stage.shared if key in past.graph.steps]
            own.sort(key=lambda step: step.line)
        if own:
            yield from ((step.platform, step.digest) for step in own)
            return
        title = (stage.parent or stage.begins) if stage else title


def _compared(before: str, after: str, sizes: Sizes) -> JsonObject | None:
    """None where the layers of one of them are not known."""
    trees = [sizes.tree(before), sizes.tree(after)]
    old, new = (tree.layers if tree else () for tree in trees)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    above = [[sizes.index(layer) for layer in layers[same:]] for layers in (old, new)]
    if None in trees or any(None in indexes for indexes in above):
        return None
    base = [sizes.index(layer) for layer in old[:same]] if old != new else []
    below = _laid({}, base)
    one, other = (_laid(below, indexes) for indexes in above)
    found = sorted(_differences(one, other), key=lambda each: (-each.weight, each.path))
    return {
        **{change: sum(each.change == change for each in found) for change in ("new", "gone", "changed")},
        "bytes": [_total(one), _total(other)] if old != new and None not in base else None,
        "files": [_row(each) for each in found[:MOST]],
        "more": max(0, len(found) - MOST),
    }


def _laid(below: dict[str, IndexEntry], layers: Iterable[LayerIndex | None]) -> dict[str, IndexEntry]:
    """The entries that are seen once the layers lie on `below`; of a base that nobody has read nothing is known, and both
    builds have the same of it. Source: OCI image-spec layer.md, "Whiteouts".
    """
    seen = dict(below)
    for layer in filter(None, layers):
        gone = {item.path for item in layer if item.whiteout}
        emptied = {item.path for item in layer if item.opaque or item.entry.kind != "dir"} & seen.keys()
        if gone or emptied:
            seen = {path: item for path, item in seen.items() if not _is_hidden(path, gone, emptied)}
        seen.update((item.path, item) for item in layer if not item.whiteout)
    return seen


def _is_hidden(path: str, gone: set[str], emptied: set[str]) -> bool:
    if path in gone:
        return True
    while path:
        path = path.rpartition("/")[0]
        if path in gone or path in emptied:
            return True
    return False


def _differences(before: dict[str, IndexEntry], after: dict[str, IndexEntry]) -> Iterator[_Difference]:
    """A directory that came or went is not named where something in it is, and what a directory hides is no change."""
    paths = [path for path in {*before, *after} if path and before.get(path) is not after.get(path)]
    parents = {path.rpartition("/")[0] for path in paths}
    for path in paths:
        old, new = before.get(path), after.get(path)
        if old and new:
            if how := [way for way in ways(old, new) if way != OPAQUE]:
                yield _Difference(path, "changed", old, new, ", ".join(how))
        elif path not in parents:
            yield _Difference(path, "new" if new else "gone", old, new)


def _size(item: IndexEntry | None) -> int | None:
    return item.entry.size if item and item.entry.kind == "file" else None


def _total(entries: dict[str, IndexEntry]) -> int:
    """A file of several names counts once."""
    return sum(item.entry.size for item in entries.values() if item.link is None)


def _row(found: _Difference) -> JsonObject:
    return {
        "path": f"/{whole(found.path)}",
        "change": found.change,
        "how": whole(found.how),
        "before": _size(found.before),
        "after": _size(found.after),
    }
