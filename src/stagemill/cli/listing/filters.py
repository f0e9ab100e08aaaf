"""`ImageFilters`: which images `--filter` lets through. Source: the reference of `docker image ls`, and moby's filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime

from stagemill.cli.frame.command import TRUTHS
from stagemill.cli.named import kept
from stagemill.dockerfile import durations
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import ContextError, UsageError
from stagemill.files.glob import compiled
from stagemill.oci.image_index import AnyImage
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

KEYS = ("before", "dangling", "label", "reference", "since", "until")


@dataclass(frozen=True, slots=True)
class ImageFilters:
    """References: any of them has to match; all else has to hold at once. Times are in seconds since the epoch."""

    references: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    dangling: bool | None = None
    before: float | None = None
    after: float | None = None

    @classmethod
    def parse(cls, texts: Iterable[str], *, created: Callable[[str], float], now: float) -> ImageFilters:
        """`KEY=VALUE` each; `created` says when an image was made that is named. Raises UsageError."""
        found = _Found()
        for text in texts:
            key, equals, value = text.partition("=")
            if key not in KEYS or not equals or not value:
                near = nearest(key, KEYS)
                hint = (
                    f"did you mean {near}=…?"
                    if near and near != key
                    else f"write KEY=VALUE; keys are {', '.join(KEYS)}"
                )
                raise UsageError(f"invalid --filter {text!r}", hint=hint)
            found.values.setdefault(key, []).append(value)
        dangling = {_truth(value) for value in found.of("dangling")}
        earliest = [*map(created, found.of("before")), *(_moment(value, now) for value in found.of("until"))]
        latest = [*map(created, found.of("since"))]
        return cls(
            references=tuple(map(_pattern, found.of("reference"))),
            labels=tuple(found.of("label")),
            dangling=dangling.pop() if len(dangling) == 1 else None,
            before=min(earliest, default=None),
            after=max(latest, default=None),
        )

    def names(self, names: Iterable[str]) -> list[str]:
        """Those of an image's full names that are to be shown."""
        return [name for name in names if not self.references or any(_matches(name, text) for text in self.references)]

    def takes(self, item: AnyImage | None, names: Iterable[str]) -> bool:
        """Whether an image is to be shown. What cannot be read has no labels and no time; of several one's labels count."""
        if self.dangling is not None and self.dangling == any(True for _ in names):
            return False
        image = kept.main(item) if item else None
        labels = image.config.config.labels if image else {}
        created = kept.created(item) if item else None
        return (
            all(_has(labels, text) for text in self.labels)
            and (self.before is None or (created is not None and created < self.before))
            and (self.after is None or (created is not None and created > self.after))
        )


@dataclass(slots=True)
class _Found:
    values: dict[str, list[str]] = field(default_factory=dict)

    def of(self, key: str) -> list[str]:
        return self.values.get(key, [])


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except ContextError as error:
        raise UsageError(f"invalid --filter 'reference={text}': {error}", hint=error.hint) from error
    return text


def _truth(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise UsageError(f"invalid --filter 'dangling={text}'", hint="write dangling=true or dangling=false")
    return TRUTHS[text.lower()]


def _has(labels: Mapping[str, str], text: str) -> bool:
    name, equals, value = text.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _moment(text: str, now: float) -> float:
    """A date, a time, seconds since the epoch, or how long ago."""
    try:
        return now - durations.parse(text) / 1e9
    except ValueError:
        pass
    if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text):
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        hint = "write until=24h for how long ago, until=2024-12-31, or until=2024-12-31T12:00:00Z"
        raise UsageError(f"invalid --filter 'until={text}'", hint=hint) from error


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern fits the name as people write it, with its tag or without, or is the whole of it."""
    reference = Reference.parse(name)
    if pattern in {name, f"{reference.registry}/{reference.repository}"}:
        return True
    test = compiled(pattern)
    return any(test.fullmatch(text) for text in (reference.familiar, kept.repository(reference)))
