"""Builders: `Stagemill`, and `Other`, any that builds from a Dockerfile and writes an OCI archive, to compare with."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conformance.archive import archive
from conformance.expect import Outcome
from conformance.reader import Result, read
from conformance.rows import Build
from fakes.mill import Mill

LONGEST = 120  # seconds
_FORMS = {
    "oci": "oci,dest={}", "docker": "docker,dest={}", "layout": "oci,tar=false,dest={}", "tar": "tar,dest={}",
    "local": "local,dest={}",
}  # fmt: skip
_IMAGES = {"oci", "docker", "layout"}


class CannotAskError(Exception):
    """There is no way to ask this builder for what a row is about."""


class Builder(Protocol):
    """Carries out the builds of a row, in the row's folder. Raises CannotAskError."""

    @property
    def ours(self) -> bool:
        """Whether the words of its errors and logs are those of the tables, and what is pending is pending."""
        ...

    def build(self, build: Build, folder: Path, *, number: int) -> Outcome: ...

    def load(self, table: Mapping[str, Any], folder: Path) -> None:
        """Makes an image known that no Dockerfile can describe."""
        ...


@dataclass(frozen=True, slots=True)
class Stagemill:
    """The real command line; all rows share the store `root`. Other machines begin with a copy of `fresh`."""

    root: Path
    fresh: Path | None = None

    @property
    def ours(self) -> bool:
        return True

    def build(self, build: Build, folder: Path, *, number: int) -> Outcome:
        mill = Mill(self._store(build.machine, folder), folder, settings=build.env)
        out = folder / f"out-{number}"
        stdin = (folder / build.stdin).read_bytes() if build.stdin else None
        ran = mill(*self._arguments(build, out), stdin=stdin)
        result = None
        if ran.status == 0 and out.exists():
            result = read(out, image=_form(build) in _IMAGES, platform=build.of)
        return Outcome(ran.status, ran.stdout.decode(errors="replace"), ran.err, result)

    def _store(self, machine: str, folder: Path) -> Path:
        if not machine:
            return self.root
        store = folder / f"store-{machine}"
        if not store.exists():
            subprocess.run(["cp", "-a", str(self.fresh), str(store)], check=True)
        return store

    def _arguments(self, build: Build, out: Path) -> list[str]:
        form = _FORMS[_form(build)].format(out) if build.output != "none" else ""
        options = build.output.partition(",")[2]
        output = ["-o", f"type={form}" + (f",{options}" if options else "")] if form else []
        return ["build", "--progress=plain", *build.flags, *output, build.context]

    def load(self, table: Mapping[str, Any], folder: Path) -> None:
        path = folder / "image.tar"
        path.write_bytes(archive(table))
        Mill(self.root, folder).ok("load", "-i", str(path))


def _form(build: Build) -> str:
    return build.output.partition(",")[0]


@dataclass(frozen=True, slots=True)
class Other:
    """A template with the fields dockerfile, context, flags, tag and out, each filled in quoted for the shell."""

    template: str

    @property
    def ours(self) -> bool:
        return False

    def build(self, build: Build, folder: Path, *, number: int) -> Outcome:
        if build.output != "oci" or build.stdin or build.deviates or build.machine:
            raise CannotAskError
        out = folder / f"out-{number}"
        tags = [value for flag, value in zip(build.flags, build.flags[1:], strict=False) if flag == "-t"]
        fields = {
            "dockerfile": folder / "context" / build.place,
            "context": build.context if "://" in build.context else folder / build.context,
            "tag": tags[0] if tags else f"localhost/{folder.name.lower()}",
            "out": out,
        }
        quoted = {name: shlex.quote(str(value)) for name, value in fields.items()}
        command = self.template.format(**quoted, flags=shlex.join(_without_tags(build.flags)))
        environment = {**Mill(folder / "store", folder).environment, **build.env}
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        result: Result | None = read(out, image=True, platform=build.of) if done.returncode == 0 else None
        return Outcome(done.returncode, done.stdout, done.stderr, result)

    def load(self, table: Mapping[str, Any], folder: Path) -> None:
        raise CannotAskError


def _without_tags(flags: Sequence[str]) -> list[str]:
    kept = list(flags)
    while "-t" in kept:
        at = kept.index("-t")
        del kept[at : at + 2]
    return kept
