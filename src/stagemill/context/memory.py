"""`Memory`: what the files of a directory were found to be, from one build to the next."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property
from typing import Protocol

from stagemill.context.directory import DirectoryContext
from stagemill.context.ignore import IgnoreRules
from stagemill.context.seen import Found, Seen
from stagemill.digest import Digest
from stagemill.files.content import Content, content
from stagemill.files.select import Sources

_MOST_FOUND = 256


class Memo(Protocol):
    """A file that outlives the build; what cannot be read is empty."""

    def read(self) -> bytes: ...

    def write(self, body: bytes, /) -> None: ...


class Memory:
    """What is remembered of a directory under one set of ignore rules.

    The directory is looked at once, when somebody asks for the first time, and either is exactly as an earlier build saw it,
    or has to be read. What `keep` was told is there for the next build after `save`.
    """

    def __init__(self, view: DirectoryContext, memo: Memo, *, ignore: IgnoreRules | None) -> None:
        self._view = view
        self._memo = memo
        self._rules = Digest.of_value([rule.text for rule in ignore.rules]).hex if ignore else ""
        self._kept: dict[str, Found] = {}

    @property
    def value(self) -> Digest | None:
        """What names the directory as an earlier build saw it, if that is exactly how it is now: two builds that have the
        same value would read the same of it, so long as they ask the same. A walk, and no more, the first time.
        """
        return self._recalled.value if self._recalled else None

    def recalled(self, select: Sources) -> Content | None:
        """What an earlier build found a selection to be; None where nobody knows, or something changed."""
        found = self._before.found.get(_key(select)) if self._before else None
        if found is None or self._recalled is None:
            return None
        return Content(found.digest, lambda: content(self._view, select, owners=False).each_part(), found.empty)

    def keep(self, select: Sources, found: Content) -> None:
        """Takes down what a selection was found to be just now."""
        if len(self._kept) < _MOST_FOUND:
            self._kept[_key(select)] = Found(found.digest, found.empty)

    def save(self) -> Digest | None:
        """The next build can recall what this one saw. The `value` that it will have then, if nothing changes; None where
        that cannot be told. Nothing is written where nothing was found out.
        """
        if self._kept:
            before = self._recalled
            found = {**before.found, **self._kept} if before else self._kept
            self._before = self._recalled = self._view.seen(found, rules=self._rules, before=before)
            self._kept = {}
            if self._recalled:
                self._memo.write(self._recalled.to_bytes())
        return self.value

    @cached_property
    def _before(self) -> Seen | None:
        """What the latest build saw by the same rules."""
        with suppress(ValueError):
            seen = Seen.from_bytes(self._memo.read())
            return seen if seen.rules == self._rules else None
        return None

    @cached_property
    def _recalled(self) -> Seen | None:
        return self._before if self._before and self._view.recall(self._before) else None


def _key(select: Sources) -> str:
    return json.dumps([select.patterns, select.excludes, select.parents])
