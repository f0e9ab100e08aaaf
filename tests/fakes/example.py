"""`Example`: a copy of one of the examples, and what stagemill says about it. Not a fake: everything is done for real."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST = 600  # seconds


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    def _steps(self, end: str) -> set[str]:
        names = dict(re.findall(r"^#(\d+) (\[.+)$", self.err, re.MULTILINE))
        return {names[number] for number in re.findall(rf"^#(\d+) {end}", self.err, re.MULTILINE) if number in names}

    @property
    def cached(self) -> set[str]:
        """The instructions whose result was there already."""
        return {_instruction(name) for name in self._steps("CACHED")}

    @property
    def done(self) -> set[str]:
        """The instructions that were carried out."""
        return {_instruction(name) for name in self._steps("DONE")}

    @property
    def stages(self) -> set[str]:
        """The stages that had a step."""
        return {match[1] for match in re.finditer(r"^#\d+ \[(\S+) +\d+/\d+\] ", self.err, re.MULTILINE)}


def _instruction(name: str) -> str:
    return re.sub(r"^\[[^\]]*\] ", "", name)


@dataclass(frozen=True, slots=True)
class Example:
    """The folder may be edited; the store is shared with other tests, so image names begin with the folder's own."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"example-{self.folder.name}"

    @property
    def word(self) -> str:
        """A word of small letters that no other test and no earlier run has, for edits that were never built before."""
        seed = f"{self.folder}{self.folder.stat().st_ctime_ns}".encode()
        return "".join(chr(ord("a") + byte % 26) for byte in hashlib.sha256(seed).digest())

    def stagemill(self, *arguments: str) -> Output:
        done = subprocess.run(
            [self.environment["STAGEMILL"], *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        return Output(done.returncode, done.stdout, done.stderr)

    def try_build(self, *arguments: str, tag: str = "latest") -> Output:
        return self.stagemill("build", "--progress=plain", "-t", f"{self.name}:{tag}", *arguments, ".")

    def build(self, *arguments: str, tag: str = "latest") -> Output:
        built = self.try_build(*arguments, tag=tag)
        assert built.status == 0, built.err
        return built

    def run(self, *command: str, tag: str = "latest") -> str:
        """What a command in the image prints."""
        ran = self.stagemill("run", "--rm", f"{self.name}:{tag}", *command)
        assert ran.status == 0, ran.err
        return ran.out

    def config(self, tag: str = "latest") -> Mapping[str, Any]:
        """The image's config as inspect shows it."""
        (image,) = json.loads(self.stagemill("inspect", f"{self.name}:{tag}").out)
        config: Mapping[str, Any] = image["Config"]
        return config

    def saving(self, *arguments: str) -> Mapping[str, Any]:
        """The comparison of the build stage and the target that `size` makes."""
        sized = self.stagemill("size", "--json", *arguments, ".")
        assert sized.status == 0, sized.err
        saving: Mapping[str, Any] = json.loads(sized.out)["saving"]
        return saving

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")

    def drop_line(self, path: str, start: str) -> None:
        file = self.folder / path
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) == len(lines) - 1
        file.write_text("".join(kept), encoding="utf-8")
