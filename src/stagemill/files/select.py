"""What the sources of a COPY select from a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Protocol

from stagemill.errors import StagemillError
from stagemill.files.exclusion import Exclusion, Inclusion
from stagemill.files.glob import expand, is_pattern
from stagemill.files.paths import clean, join, resolve, split
from stagemill.files.view import Entry, FileView
from stagemill.files.walk import walk
from stagemill.values import dataclass

PIVOT = "/./"


class Sources(Protocol):
    """What an instruction selects; every `Selection` of a graph is one.

    `patterns` are paths or patterns below the tree's root. With `parents` each is `root/./rest`: the paths below `root`
    that `rest` matches (`**` too, and all below what it matches) keep their names from `root` on. `excludes` leave out
    paths below each directory that is selected, and files that a pattern meets, by their name.
    """

    @property
    def patterns(self) -> tuple[str, ...]: ...
    @property
    def excludes(self) -> tuple[str, ...]: ...
    @property
    def parents(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Filter:
    """Which paths below a directory are selected; they are relative to it."""

    include: Inclusion | None
    exclude: Exclusion | None

    def keeps(self, path: str) -> bool:
        return (self.include is None or self.include.included(path)) and not (
            self.exclude is not None and self.exclude.excluded(path)
        )

    def may_keep_below(self, path: str) -> bool:
        """Whether something may be selected below a directory that is not."""
        if self.exclude and self.exclude.excluded(path) and not self.exclude.may_reinclude_below(path):
            return False
        return self.include is None or self.include.included(path) or self.include.may_include_below(path)


@dataclass(frozen=True, slots=True)
class Match:
    """A selected path, with its symlinks followed, and the name it was selected by (`""` for the root).

    `only` says what of a directory is selected, where not all of it is; `pattern` which source selected the path.
    """

    path: str
    name: str
    only: Filter | None = field(default=None, compare=False)
    pattern: str = field(default="", compare=False)


class MissingSourceError(StagemillError):
    """A source that is no pattern does not exist; `there` says what is in its place, for want of a better hint."""

    def __init__(self, pattern: str, *, hint: str | None = None, there: str | None = None) -> None:
        super().__init__(f'"/{clean(pattern)}" was not found', hint=hint)
        self.pattern = pattern
        self.there = there


def matches(view: FileView, sources: Sources) -> list[Match]:
    """What each source selects, in order. A pattern that matches nothing selects nothing; a source without a sign of a
    pattern names a path that must exist (MissingSourceError).
    """
    exclude = Exclusion.of(sources.excludes, name="--exclude") if sources.excludes else None
    find = _below_pivot if sources.parents else _matches
    return [match for pattern in sources.patterns for match in find(view, pattern, exclude)]


def walked(view: FileView, match: Match) -> Iterator[tuple[str, str, Entry]]:
    """(path, name in the copy, entry) of all that a match selects, parents first.

    A directory's own name is empty and those of what is in it begin below it; anything else has the name of the match.
    """
    top = view.lstat(match.path)
    if top is None:
        return
    if top.kind != "dir":
        yield match.path, match.name, top
    elif match.only is None:
        skipped = len(match.path) + 1 if match.path else 0
        for path, entry in walk(view, match.path):
            yield path, path[skipped:], entry
    else:
        yield match.path, "", top
        for name, entry in _filtered(view, match.path, match.only):
            yield join(match.path, name), name, entry


def _filtered(view: FileView, top: str, only: Filter) -> Iterator[tuple[str, Entry]]:
    """What is selected below a directory; a directory that is not comes along for the sake of something in it."""
    waiting: dict[str, Entry] = {}
    pending = list(reversed(view.listdir(top)))
    while pending:
        name = pending.pop()
        path = join(top, name)
        entry = view.lstat(path)
        if entry is None:
            continue
        kept = only.keeps(name)
        if kept:
            for above in [above for above in waiting if name.startswith(f"{above}/")]:
                yield above, waiting.pop(above)
            yield name, entry
        if entry.kind == "dir" and (kept or only.may_keep_below(name)):
            if not kept:
                waiting = {above: waiting[above] for above in waiting if name.startswith(f"{above}/")} | {name: entry}
            pending += [join(name, child) for child in reversed(view.listdir(path))]


def _matches(view: FileView, pattern: str, exclude: Exclusion | None) -> list[Match]:
    only = Filter(None, exclude) if exclude else None
    if is_pattern(pattern):
        found = [_match(view, path, only, pattern) for path in expand(view, pattern)]
        return [match for match in found if not (exclude and _is_excluded_file(view, match, exclude))]
    path = clean(pattern)
    return [Match(_existing(view, path, pattern), split(path)[1], only, pattern)]


def _match(view: FileView, path: str, only: Filter | None, pattern: str) -> Match:
    """A link that a pattern meets is followed, unless it leads nowhere: then it is selected itself."""
    real = resolve(view, path)
    return Match(real if view.lstat(real) else path, split(path)[1], only, pattern)


def _is_excluded_file(view: FileView, match: Match, exclude: Exclusion) -> bool:
    entry = view.lstat(match.path)
    return entry is not None and entry.kind != "dir" and exclude.excluded(match.name)


def _below_pivot(view: FileView, source: str, exclude: Exclusion | None) -> list[Match]:
    """The directories whose paths are kept from there on, each with what is selected below it."""
    root, _, rest = source.partition(PIVOT)
    if is_pattern(root):
        roots = [resolve(view, path) for path in expand(view, root)]
    else:
        roots = [_existing(view, clean(root), source)]
        if not is_pattern(rest):
            _refuse_links(view, roots[0], rest)
            _existing(view, join(clean(root), rest), source, follow_last=False)
    only = Filter(Inclusion(rest), exclude)
    return [Match(path, "", only, source) for path in roots if _is_directory(view, path)]


def _refuse_links(view: FileView, root: str, rest: str) -> None:
    """A path that is kept as it is written cannot lead through a symlink."""
    names = rest.split("/")
    for depth in range(1, len(names)):
        path = join(root, "/".join(names[:depth]))
        entry = view.lstat(path)
        if entry and entry.kind == "symlink":
            raise StagemillError(
                f'--parents cannot keep the path through "/{path}", which is a symbolic link to {entry.target}',
                hint="name the path that the link leads to, or copy without --parents",
            )


def _is_directory(view: FileView, path: str) -> bool:
    entry = view.lstat(path)
    return entry is not None and entry.kind == "dir"


def _existing(view: FileView, path: str, pattern: str, *, follow_last: bool = True) -> str:
    """Where a path leads; MissingSourceError where that is nowhere."""
    real = resolve(view, path, follow_last=follow_last)
    if view.lstat(real) is None:
        from stagemill.files.near import dangling, meant_flag, near_name, there  # noqa: PLC0415  only errors need it

        near = near_name(view, path)
        hint = meant_flag(path) or dangling(view, path) or (f"did you mean {near}?" if near else None)
        raise MissingSourceError(pattern, hint=hint, there=there(view, path))
    return real
