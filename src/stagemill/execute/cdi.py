"""`Device`: what a file of the Container Device Interface says of a device, and what that adds to a process.

Source: github.com/cncf-tags/container-device-interface, SPEC.md; the annotations are BuildKit's,
solver/llbsolver/cdidevices. The files are JSON or YAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from stagemill.errors import StagemillError
from stagemill.sandbox.process import Bind, Mount, Tmpfs
from stagemill.values import dataclass

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

SUFFIXES = (".json", ".yaml", ".yml")
_FREE = "org.mobyproject.buildkit.device.autoallow"
_CLASS = "org.mobyproject.buildkit.device.class"


@dataclass(frozen=True, slots=True)
class Edits:
    """What a device adds to a process. `hooks` counts the programs that the file wants to be run beside."""

    env: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    groups: tuple[int, ...] = ()
    hooks: int = 0

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.env + other.env, self.mounts + other.mounts, self.groups + other.groups, self.hooks + other.hooks
        )


@dataclass(frozen=True, slots=True)
class Device:
    """One entry: its full name `vendor.com/class=name`, whether anybody may have it, its class for `class=`, its edits."""

    name: str
    free: bool
    group: str
    edits: Edits


def devices(path: Path) -> Iterator[Device]:
    """Those of a file. Raises StagemillError."""
    return _devices(_Part(_document(path), path))


def _document(path: Path) -> Json:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StagemillError(f"cannot read {path}: {(error.strerror or '').lower()}") from error
    hint = "mend it, or remove it"
    if path.suffix == ".json":
        try:
            document: Json = json.loads(data)
        except ValueError as error:
            raise StagemillError(f"{path} is no JSON: {error}", hint=hint) from error
        return document
    import yaml  # noqa: PLC0415  only files in YAML need it

    try:
        document = yaml.safe_load(data)
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise StagemillError(f"{path} is no YAML: {why}", hint=hint) from error
    return document


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a file, read as what it has to be."""

    value: Json
    path: Path
    where: str = field(default="the file")

    def fields(self) -> dict[str, Json]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def __getitem__(self, key: str) -> _Part:
        return _Part(self.fields().get(key), self.path, key)

    def items(self) -> Iterator[_Part]:
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.wrong("a list")
        yield from (_Part(item, self.path, f"an item of {self.where}") for item in self.value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def optional(self) -> str:
        return self.text() if self.value is not None else ""

    def number(self) -> int:
        if not isinstance(self.value, int):
            raise self.wrong("a number")
        return self.value

    def annotation(self, name: str) -> str:
        if self["annotations"].value is None:
            return ""
        found = self["annotations"].fields().get(name)
        return str(found).lower() if found is not None else ""

    def wrong(self, wanted: str) -> StagemillError:
        hint = "the file has to follow the Container Device Interface"
        return StagemillError(f"{self.path}: {self.where} is not {wanted}", hint=hint)


def _devices(spec: _Part) -> Iterator[Device]:
    kind = spec["kind"].text()
    common = _edits(spec["containerEdits"])
    for item in spec["devices"].items():
        name = f"{kind}={item['name'].text()}"
        free = "true" in {item.annotation(_FREE), spec.annotation(_FREE)}
        group = item.annotation(_CLASS) or spec.annotation(_CLASS)
        yield Device(name, free, group, common + _edits(item["containerEdits"]))


def _edits(part: _Part) -> Edits:
    if part.value is None:
        return Edits()
    pairs = (item.text().partition("=") for item in part["env"].items())
    nodes = (_node(item) for item in part["deviceNodes"].items())
    mounts = (_mount(item) for item in part["mounts"].items())
    return Edits(
        env=tuple((name, value) for name, _, value in pairs),
        mounts=(*nodes, *mounts),
        groups=tuple(item.number() for item in part["additionalGids"].items()),
        hooks=len(list(part["hooks"].items())),
    )


def _node(part: _Part) -> Bind:
    path = part["path"].text()
    return Bind(Path(part["hostPath"].optional() or path), path, read_only=False)


def _mount(part: _Part) -> Mount:
    target = part["containerPath"].text()
    options = [item.text() for item in part["options"].items()]
    if part["type"].optional() == "tmpfs":
        return Tmpfs(target)
    return Bind(Path(part["hostPath"].text()), target, read_only="ro" in options)
