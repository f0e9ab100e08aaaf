"""The program ShellCheck: found on PATH or beside our Python, and asked about all scripts of a Dockerfile at once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.lint.finding import LEVELS, Level
from stagemill.lint.scripts import Dialect, Remark, Script
from stagemill.values import dataclass

_LEFT_OUT = "SC1007,SC1090,SC1091,SC2016,SC2043,SC2148,SC2154,SC2187"
"""Files and variables that only the image has, a missing `#!`, and what Dockerfiles mean as it stands.

These are `A= b`, `echo '$A' > f`, and a loop over a list that has one entry today (`for key in \\ 94AE…; do`).
"""

_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ShellCheck:
    """Answers for scripts, in their order."""

    program: str

    @classmethod
    def find(cls, path: str | None = None) -> ShellCheck | None:
        """The program; None where it is not installed."""
        found = shutil.which("shellcheck", path=path) or shutil.which(
            "shellcheck", path=str(Path(sys.executable).parent)
        )
        return cls(found) if found else None

    def __call__(self, scripts: Sequence[Script]) -> list[Remark]:
        """Raises StagemillError where the program fails."""
        dialects: dict[Dialect, list[int]] = {}
        for number, script in enumerate(scripts):
            dialects.setdefault(script.dialect, []).append(number)
        with tempfile.TemporaryDirectory(prefix="stagemill-lint-") as place:
            for number, script in enumerate(scripts):
                (Path(place) / str(number)).write_text(script.text + "\n", "utf-8", "surrogateescape")
            found = [remark for dialect, numbers in dialects.items() for remark in self._ask(place, dialect, numbers)]
        return sorted(found, key=lambda remark: (remark.script, remark.line, remark.column, remark.code))

    def _ask(self, place: str, dialect: Dialect, numbers: Sequence[int]) -> Iterator[Remark]:
        command = [self.program, "--norc", "--format=json1", f"--shell={dialect}", f"--exclude={_LEFT_OUT}", "--"]
        command += [str(number) for number in numbers]
        try:
            ended = subprocess.run(command, cwd=place, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise StagemillError(
                f"{self.program} does not work: {error}", hint="leave it out: --no-shellcheck"
            ) from error
        if ended.returncode not in {0, 1}:
            said = ended.stderr.decode("utf-8", "replace").strip()
            raise StagemillError(
                f"{self.program} ended with status {ended.returncode}: {said}", hint="leave it out: --no-shellcheck"
            )
        document: object = json.loads(ended.stdout)
        comments = document.get("comments") if isinstance(document, dict) else None
        yield from (_remark(comment) for comment in comments or () if isinstance(comment, dict))


def _remark(comment: Mapping[str, object]) -> Remark:
    def number(key: str) -> int:
        return int(str(comment[key]))

    level: Level = next((level for level in LEVELS if level == comment["level"]), "warning")
    return Remark(
        script=number("file"),
        code=f"SC{number('code')}",
        level=level,
        message=str(comment["message"]),
        line=number("line"),
        column=number("column"),
        end_line=number("endLine"),
        end_column=number("endColumn"),
    )
