"""Carries a row out: makes its files, calls the builder for each of its builds, and collects what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from conformance import folder, servers
from conformance.builder import Builder
from conformance.expect import Outcome, differences
from conformance.rows import Behaviour, Build
from fakes.registry import FakeRegistry


def problems(row: Behaviour, builder: Builder, place: Path) -> list[str]:
    """What is wrong; nothing when the row is right, or is pending and says so. Raises CannotAskError."""
    with ExitStack() as stack:
        served = _serve(row, place, stack)
        for table in row.images:
            builder.load(table, place)
        before: Outcome | None = None
        for number, written in enumerate(row.builds):
            build = _filled(written, served.value)
            outcome = _build(build, builder, place, number=number)
            if found := _wrong(build, outcome, before, ours=builder.ours):
                return [f"build {number + 1}: {problem}" for problem in found]
            before = outcome
    return []


def _build(build: Build, builder: Builder, place: Path, *, number: int) -> Outcome:
    context = place / "context"
    context.mkdir(exist_ok=True)
    folder.write(context, build.files)
    if build.dockerfile is not None:
        folder.write(context, {build.place: build.dockerfile})
    return builder.build(build, place, number=number)


def _wrong(build: Build, outcome: Outcome, before: Outcome | None, *, ours: bool) -> list[str]:
    if ours and build.pending:
        refused = Build(fails=build.refused)
        return [f"{build.pending} is pending: {problem}" for problem in differences(refused, outcome, None)]
    if not ours:
        fails = "(?s)." if build.must_fail else ""
        build = replace(build, fails=fails, status=None, log=(), log_lacks=(), cached=(), ran=(), names=(), history=())
    return differences(build, outcome, before)


@dataclass(frozen=True, slots=True)
class _Served:
    """What stands for the `@…@` of a row."""

    values: Mapping[str, str]

    def value(self, match: re.Match[str]) -> str:
        return self.values[match[0].strip("@")]


def _serve(row: Behaviour, place: Path, stack: ExitStack) -> _Served:
    values = {"dir": str(place)}
    if row.agent:
        stack.enter_context(servers.Agent(place / "agent"))
    if row.registry:
        values["registry"] = stack.enter_context(FakeRegistry()).host
    if not (row.http or row.git):
        return _Served(values)
    for name, table in row.git.items():
        refs = servers.make_repository(place / "repositories" / f"{name}.git", table)
        values |= {f"commit:{name}:{ref}": commit for ref, commit in refs.items()}
    server = stack.enter_context(servers.Server(row.http, place / "repositories"))
    return _Served({**values, "http": server.url, "host": server.url.partition("//")[2]})


def _filled(build: Build, value: Callable[[re.Match[str]], str]) -> Build:
    """The build with its `@http@`, `@registry@`, `@dir@` and `@commit:REPOSITORY:REF@` replaced."""
    return replace(build, **{known.name: _fill(getattr(build, known.name), value) for known in fields(Build)})


def _fill(found: Any, value: Callable[[re.Match[str]], str]) -> Any:
    if isinstance(found, str):
        return re.sub(r"@(?:http|host|registry|dir|commit:\w+:[\w.-]+)@", value, found)
    if isinstance(found, Mapping):
        return {_fill(key, value): _fill(inner, value) for key, inner in found.items()}
    if isinstance(found, list | tuple):
        return [_fill(inner, value) for inner in found]
    return found
