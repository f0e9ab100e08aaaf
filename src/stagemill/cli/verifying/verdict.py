"""`Verdict`: what a verification found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby

from stagemill.dockerfile.source import printable
from stagemill.errors import Excerpt
from stagemill.values import dataclass
from stagemill.verify import today
from stagemill.verify.difference import Cause, Change, FileDifference, FirstByte, KeyDifference, LayerDifference
from stagemill.verify.variation import Variation
from stagemill.verify.verification import Found

_PRESENCE = {"not there": "only in the first", "there": "only in the second"}
_MOST = 20  # files of one step and cause that are listed; JSON has all


@dataclass(frozen=True, slots=True)
class Verdict:
    """`against` is the name of the image that a build was compared with, empty where there were two builds."""

    found: Found
    varied: tuple[Variation, ...] = ()
    against: str = ""

    @property
    def same(self) -> bool:
        return not self.found.differences


def text(verdict: Verdict) -> str:
    """The verdict for a terminal."""
    return "\n".join(
        [*_head(verdict), *_keys(verdict), *_layers(verdict), *_files(verdict), *_suspects(verdict), *_varied(verdict)]
    )


def _head(verdict: Verdict) -> Iterator[str]:
    found, what = verdict.found, f"a fresh build and {verdict.against}" if verdict.against else "two builds"
    if verdict.same:
        yield f"the same: {what} are {found.one}"
        return
    counts = (
        (len(found.differences.files), "file"),
        (len(found.differences.layers), "layer"),
        (len(found.differences.keys), "key"),
    )
    several = ", ".join(f"{count} {name}{'s' * (count > 1)}" for count, name in counts if count)
    yield f"not the same: {several} of {what}"
    yield f"  {found.one}"
    yield f"  {found.other}"


def _keys(verdict: Verdict) -> Iterator[str]:
    for each in verdict.found.differences.keys:
        yield ""
        yield f"{_where(each)}: {_value(each.one)} and {_value(each.other)}"
        yield from _why(each.cause)


def _where(each: KeyDifference) -> str:
    return each.key if each.key.startswith("manifest") else f"config of the image: {each.key}"


def _value(value: object) -> str:
    return "nothing" if value is None else printable(json.dumps(value, ensure_ascii=False))


def _layers(verdict: Verdict) -> Iterator[str]:
    for each in verdict.found.differences.layers:
        yield ""
        yield from _place(each.step)
        yield f"layer {each.layer}: {each.text}"
        yield from _why(each.cause)


def _files(verdict: Verdict) -> Iterator[str]:
    """Those of one step and one cause are told together, the first of them in full."""
    ordered = sorted(verdict.found.differences.files, key=lambda each: (_line(each.step), _title(each.cause)))
    for step, of_step in groupby(ordered, key=lambda each: each.step):
        yield ""
        yield from _place(step)
        for cause, group in groupby(of_step, key=lambda each: each.cause):
            members = list(group)
            yield from _told(members[0])
            yield from (f"/{printable(each.path)}: {_changes(each.changes)}" for each in members[1:_MOST])
            if len(members) > _MOST:
                yield f"and {len(members) - _MOST} more files; --json has all"
            yield from _why(cause)


def _suspects(verdict: Verdict) -> Iterator[str]:
    """What is the same, and may be another tomorrow."""
    ordered = sorted(verdict.found.suspects, key=lambda each: _line(each.step))
    for step, group in groupby(ordered, key=lambda each: each.step):
        yield ""
        yield from _place(step)
        for each in group:
            yield f"/{printable(each.path)}: the same today, and perhaps not tomorrow, for it has {each.text} in it"
        yield from _why(today.CAUSE)


def _line(step: Excerpt | None) -> tuple[str, int]:
    return (step.file, step.line) if step else ("", 0)


def _title(cause: Cause | None) -> str:
    return cause.title if cause else ""


def _place(step: Excerpt | None) -> Iterator[str]:
    if step:
        yield "\n".join(map(printable, step.render().split("\n")))


def _told(each: FileDifference) -> Iterator[str]:
    path = f"/{printable(each.path)}"
    yield f"{path}: {_changes(each.changes)}"
    if each.at:
        yield f"  the first byte that differs is number {each.at.offset}:"
        yield from (f"    {line}" for line in _excerpt(each.at))


def _changes(changes: Iterable[Change]) -> str:
    return "; ".join(map(_change, changes))


def _change(each: Change) -> str:
    """Of bytes the digests say nothing to people."""
    one, other = printable(each.one), printable(each.other)
    match each.name:
        case "bytes":
            return "other bytes"
        case "path" if other in _PRESENCE:
            return _PRESENCE[other]
        case "path":
            return f"/{other} in the second"
        case name:
            return f"{name} {one} and {other}"


def _excerpt(at: FirstByte) -> Iterator[str]:
    """Both sides as text where they are text, else in hexadecimal, with a caret below the first byte that differs."""
    sides = (at.one, at.other)
    spelt = [_spelt(side) for side in sides] if all(map(_is_text, sides)) else [side.hex(" ") for side in sides]
    before = at.one[: at.before]
    caret = len(_spelt(before)) if all(map(_is_text, sides)) else 3 * len(before)
    yield from spelt
    yield f"{' ' * caret}^"


def _is_text(data: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\r\n" for byte in data) and b"\x7f" not in data


def _spelt(data: bytes) -> str:
    """One character for each byte but for line ends, which are shown as escapes."""
    return (
        data.decode("latin-1")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\t", " ")
        .encode("ascii", "replace")
        .decode()
    )


def _why(cause: Cause | None) -> Iterator[str]:
    yield f"  cause: {cause.title}" if cause else "  cause: none of those that are known"
    if cause:
        yield f"  mend:  {cause.mend}"


def _varied(verdict: Verdict) -> Iterator[str]:
    if not verdict.varied:
        return
    yield ""
    yield f"varied: {', '.join(each.name for each in verdict.varied if not each.why) or 'nothing'}"
    yield from (f"not varied: {each.name}, since {each.why}" for each in verdict.varied if each.why)


def document(verdict: Verdict) -> str:
    """The verdict as JSON."""
    differences = verdict.found.differences
    return json.dumps(
        {
            "same": verdict.same,
            "against": verdict.against or None,
            "digests": [verdict.found.one, verdict.found.other],
            "varied": [asdict(each) for each in verdict.varied],
            "keys": [_plain(each) for each in differences.keys],
            "layers": [_plain(each) for each in differences.layers],
            "files": [_file(each) for each in differences.files],
            "suspects": [
                {"path": f"/{each.path}", "layer": each.layer, "text": each.text, "step": _step(each.step)}
                for each in verdict.found.suspects
            ],
        },
        indent=2,
    )


def _plain(each: KeyDifference | LayerDifference) -> dict[str, object]:
    found = asdict(each)
    if "step" in found:
        found["step"] = _step(each.step) if isinstance(each, LayerDifference) else None
    return found


def _file(each: FileDifference) -> dict[str, object]:
    at = each.at
    return {
        "path": f"/{each.path}",
        "layer": each.layer,
        "changes": [asdict(change) for change in each.changes],
        "first_byte": {"offset": at.offset, "before": at.before, "one": at.one.hex(), "other": at.other.hex()}
        if at
        else None,
        "cause": asdict(each.cause) if each.cause else None,
        "step": _step(each.step),
    }


def _step(step: Excerpt | None) -> dict[str, object] | None:
    return {"file": step.file, "line": step.line, "text": step.text} if step else None
