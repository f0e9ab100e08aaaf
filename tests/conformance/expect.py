"""What differs between what a build did and what its row wants; a line for each difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.reader import File, Result
from conformance.rows import Build

CRASH = re.compile(r"Traceback|this is a bug in")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, and what it wrote; `result` is None where it wrote nothing or failed."""

    status: int
    out: str
    err: str
    result: Result | None = None

    def steps(self, end: str) -> set[str]:
        """The instructions whose step ended like this, by `--progress plain`; ONBUILD is part of the name."""
        names = dict(re.findall(r"^#(\d+) \[[^\]]*\] (.+)$", self.err, re.MULTILINE))
        return {names[number] for number in re.findall(rf"^#(\d+) {end}", self.err, re.MULTILINE) if number in names}


def differences(build: Build, outcome: Outcome, before: Outcome | None) -> list[str]:
    """Also compares with the build before in the same row, where the row asks for it."""
    if CRASH.search(outcome.err):
        return [f"a crash: {outcome.err}"]
    ended = [*_ending(build, outcome), *_texts(build, outcome)]
    if ended or build.must_fail:
        return ended
    return [*_steps(build, outcome), *(_result(build, outcome.result, before) if outcome.result else ())]


def _ending(build: Build, outcome: Outcome) -> Iterator[str]:
    if build.status is not None and outcome.status != build.status:
        yield f"status {outcome.status}, want {build.status}"
    if build.must_fail and outcome.status == 0:
        yield "it was built, and should fail"
    if not build.must_fail and outcome.status != 0:
        yield f"it failed: {outcome.err}"
    if build.fails and outcome.status != 0 and not re.search(build.fails, outcome.err):
        yield f"it failed, but not with {build.fails!r}: {outcome.err}"


def _texts(build: Build, outcome: Outcome) -> Iterator[str]:
    for where, text, wanted in ("log", outcome.err, build.log), ("standard output", outcome.out, build.prints):
        yield from (f"no {pattern!r} in the {where}: {text}" for pattern in wanted if not re.search(pattern, text))
    yield from (f"{pattern!r} in the log" for pattern in build.log_lacks if re.search(pattern, outcome.err))
    if build.json:
        yield from subset(build.json, json.loads(outcome.out), "standard output")


def _steps(build: Build, outcome: Outcome) -> Iterator[str]:
    for end, wanted in ("CACHED", build.cached), ("DONE", build.ran):
        found = outcome.steps(end)
        yield from (f"{step!r} is not {end}, which are {sorted(found)}" for step in wanted if step not in found)


def _result(build: Build, result: Result, before: Outcome | None) -> Iterator[str]:
    yield from _files(build, result.files)
    yield from subset(build.config, result.config, "config")
    yield from subset(build.image, result.document, "image")
    yield from subset(build.manifest, result.manifest, "manifest")
    yield from subset(build.index, result.index, "index")
    if build.layers is not None and list(build.layers) != result.layers:
        yield f"layers {result.layers}, want {list(build.layers)}"
    yield from _history(build, result.document.get("history", ()))
    for what, wanted, found in ("names", build.names, result.names), ("platforms", build.platforms, result.platforms):
        if wanted and tuple(sorted(wanted)) != found:
            yield f"{what} {found}, want {sorted(wanted)}"
    yield from subset(build.attestation, result.attestation, "attestation")
    yield from _subjects(build, result)
    for kind, predicate in build.attests.items():
        found_ones = [one["predicate"] for one in result.statements if one["predicateType"] == kind]
        if not found_ones:
            yield f"no statement {kind}"
        else:
            yield from subset(predicate, found_ones[0], kind)
    if before and before.result:
        yield from _compared(build, result, before.result)


def _subjects(build: Build, result: Result) -> Iterator[str]:
    """Each statement is about the image, whatever the row wants; by the names that it has, where it says which."""
    for statement in result.statements:
        about = [f"sha256:{one['digest']['sha256']}" for one in statement["subject"]]
        if set(about) != {result.digest}:
            yield f"a statement is about {about}, and the image is {result.digest}"
    for pattern in build.subjects:
        names = [one["name"] for statement in result.statements for one in statement["subject"]]
        if not any(re.fullmatch(pattern, name) for name in names):
            yield f"subjects {names}, want {pattern!r}"


def _compared(build: Build, result: Result, before: Result) -> Iterator[str]:
    if build.digest and (result.digest == before.digest) != (build.digest == "same"):
        yield f"digest {result.digest} after {before.digest}, want {build.digest}"
    for path in (*build.keeps, *build.changes):
        same = result.files[path].content == before.files[path].content
        if same != (path in build.keeps):
            yield f"{path} {'is as before' if same else 'changed'}, so its step {'did not run' if same else 'ran again'}"


def _files(build: Build, files: Mapping[str, File]) -> Iterator[str]:
    for path, wanted in build.tree.items():
        yield from _file(path, files.get(path), wanted)
    for folder in build.only:
        below = folder.rstrip("/") + "/"
        extra = [path for path in files if path.startswith(below) and path not in build.tree and path != "/"]
        yield from (f"{path} should not exist" for path in sorted(extra))


def _file(path: str, file: File | None, wanted: str | bool | Mapping[str, Any]) -> Iterator[str]:
    if wanted is False:
        if file:
            yield f"{path} should not exist, and is a {file.type}"
    elif file is None:
        yield f"{path} is missing"
    elif isinstance(wanted, str):
        yield from _facts(path, file, {"type": "file", "content": wanted})
    elif wanted is not True:
        yield from _facts(path, file, wanted)


def _facts(path: str, file: File, wanted: Mapping[str, Any]) -> Iterator[str]:
    for key, value in wanted.items():
        found: object
        match key:
            case "mode":
                found = f"{file.mode:04o}"
            case "content":
                found = file.content.decode("utf-8", "replace")
            case "like":
                found = value if re.search(value, file.content.decode("utf-8", "replace")) else file.content
            case "type" | "owner" | "mtime" | "link" | "xattrs":
                found = getattr(file, key)
            case _:
                raise ValueError(f"{path}: unknown fact {key}")
        if found != value:
            yield f"{path}: {key} {found!r}, want {value!r}"


def _history(build: Build, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The last entries, each as text and `layer` or `empty`; their dates."""
    wanted = [tuple(entry) for entry in build.history]
    last = [(e.get("created_by", ""), "empty" if e.get("empty_layer") else "layer") for e in found][-len(wanted) :]
    if wanted and last != wanted:
        yield f"history {last}, want {wanted}"
    dates = [entry.get("created", "") for entry in found][-len(build.dates) :]
    if build.dates and dates != list(build.dates):
        yield f"dates {dates}, want {list(build.dates)}"


def subset(wanted: object, found: object, where: str) -> Iterator[str]:
    """What of a JSON value is not in another: tables may have more, `KEY_has` lists items, `KEY_like` is a pattern, and
    `false` is for what is not there.
    """
    if not isinstance(wanted, Mapping):
        if found != wanted and not (wanted is False and not found):
            yield f"{where} is {found!r}, want {wanted!r}"
        return
    if not isinstance(found, Mapping):
        yield f"{where} is {found!r}, want a table"
        return
    for key, value in wanted.items():
        if key.endswith("_has"):
            name = key.removesuffix("_has")
            items = found.get(name) or []
            yield from (f"{where}.{name} lacks {one!r}: {items!r}" for one in value if not _holds(items, one))
        elif key.endswith("_lacks"):
            name = key.removesuffix("_lacks")
            yield from (f"{where}.{name} has {one!r}" for one in value if _holds(found.get(name) or [], one))
        elif key.endswith("_like"):
            name = key.removesuffix("_like")
            if not re.search(value, str(found.get(name, ""))):
                yield f"{where}.{name} is {found.get(name)!r}, want {value!r}"
        else:
            yield from subset(value, found.get(key), f"{where}.{key}")


def _holds(items: Sequence[object], wanted: object) -> bool:
    return any(not list(subset(wanted, item, "")) for item in items)
