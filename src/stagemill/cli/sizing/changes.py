"""What differs between two images, for people and as JSON: `diff` tells all of it, `size --diff` where the bytes went."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from stagemill.cli.frame import table
from stagemill.cli.sizing.rows import cut, visible
from stagemill.insight.difference import Change, FileChange, ImageDifference, KeyChange, PackageChange, directories
from stagemill.insight.image import ImageSize
from stagemill.oci.document import Json, whole

_SIGNS = {Change.ADDED: "+", Change.REMOVED: "−", Change.CHANGED: "~"}
_DEPTH = 2
_NONE = "(none)"


def sizes(found: ImageDifference, *, top: int) -> str:
    """The growth: all in all, by directory, by package, and what came in most."""
    folders = [(signed(growth), f"/{visible(path)}") for path, growth in directories(found, _DEPTH)]
    packages = [
        (signed(each.growth), str(each.ecosystem), _package(each))
        for each in sorted(found.packages, key=lambda each: (-abs(each.growth), each.name))
    ]
    files = [
        (signed(each.growth), f"/{visible(each.path)}")
        for each in sorted(found.files, key=lambda each: (-abs(each.growth), each.path))
        if each.growth
    ]
    parts = [answer(found)]
    for head, listed in (
        (("ON DISK", "DIRECTORY"), folders),
        (("ON DISK", "KIND", "PACKAGE"), packages),
        (("ON DISK", "FILE"), files),
    ):
        if listed:
            parts += ["", table.render(head, listed[:top], right=(0,)), *_more(len(listed), top)]
    return "\n".join(parts)


def everything(found: ImageDifference, *, top: int | None) -> str:
    """Config, packages and files, each line with a sign: + is new, − is gone, ~ is another."""
    if not found:
        return f"{visible(found.before.name)} and {visible(found.after.name)} have the same files, packages and config"
    parts = [answer(found)]
    files = [_file(each) for each in found.files]
    for title, lines in (
        ("config", [_key(each) for each in found.config]),
        ("packages", [f"{_SIGNS[each.change]} {each.ecosystem} {_package(each)}" for each in found.packages]),
        ("files", files),
    ):
        if lines:
            parts += ["", f"{title}:", *(f"  {line}" for line in lines[:top]), *_more(len(lines), top)]
    return "\n".join(parts)


def answer(found: ImageDifference) -> str:
    """How much more there is to pull and on disk, and how many files that is."""
    before, after = found.before, found.after
    counts = ", ".join(f"{found.count(change):,} {change}" for change in Change)
    return (
        f"{visible(before.name)} → {visible(after.name)}: {signed(after.blob - before.blob)} to pull "
        f"({table.size(before.blob)} → {table.size(after.blob)}), "
        f"{signed(after.shown.size - before.shown.size)} on disk, "
        f"{signed(after.wasted.blob - before.wasted.blob)} of waste; files: {counts}"
    )


def signed(count: int) -> str:
    """A size with its sign."""
    return f"{'−' if count < 0 else '+'}{table.size(abs(count))}" if count else "0 B"


def _more(count: int, top: int | None) -> Iterator[str]:
    if top is not None and count > top:
        yield f"and {count - top:,} more: --top {count}"


def _package(each: PackageChange) -> str:
    before, after = (", ".join(versions) or _NONE for versions in (each.before, each.after))
    if each.change is Change.CHANGED:
        return visible(f"{each.name} {before} → {after}")
    return visible(f"{each.name} {after if each.change is Change.ADDED else before}")


def _file(each: FileChange) -> str:
    path = f"{_SIGNS[each.change]} /{visible(each.path)}"
    if each.facts:
        told = ", ".join(visible(f"{name} {old or _NONE} → {new or _NONE}") for name, old, new in each.facts)
        return f"{path}  {told}"
    return f"{path}  {signed(each.growth)}" if each.growth else path


def _key(each: KeyChange) -> str:
    if each.before is None:
        return f"+ {visible(each.key)}  {_value(each.after)}"
    if each.after is None:
        return f"− {visible(each.key)}  {_value(each.before)}"
    return f"~ {visible(each.key)}  {_value(each.before)} → {_value(each.after)}"


def _value(value: Json) -> str:
    return cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def document(found: ImageDifference) -> dict[str, Json]:
    """For programs: sizes in bytes."""
    return {
        "before": _side(found.before),
        "after": _side(found.after),
        "config": [{"key": each.key, "before": each.before, "after": each.after} for each in found.config],
        "packages": [
            {
                "kind": each.ecosystem,
                "name": whole(each.name),
                "change": each.change,
                "before": _texts(each.before),
                "after": _texts(each.after),
                "growth": each.growth,
            }
            for each in found.packages
        ],
        "files": [
            {
                "path": whole(each.path),
                "change": each.change,
                "growth": each.growth,
                "facts": {name: {"before": whole(old), "after": whole(new)} for name, old, new in each.facts},
            }
            for each in found.files
        ],
    }


def _texts(texts: Sequence[str]) -> list[Json]:
    return [whole(text) for text in texts]


def _side(size: ImageSize) -> Json:
    return {
        "name": size.name,
        "digest": size.digest,
        "pulled": size.blob,
        "size": size.shown.size,
        "files": size.shown.files,
        "waste": size.wasted.blob,
    }
