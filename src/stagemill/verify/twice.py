"""`Twice`: how a second build is made that has all otherwise which must not matter."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from stagemill.errors import StagemillError
from stagemill.export.dated import Dated
from stagemill.export.local import filesystem_directory
from stagemill.files.view import FileView
from stagemill.sandbox import userns
from stagemill.values import dataclass
from stagemill.verify.attempt import Attempt
from stagemill.verify.start import Start, surroundings
from stagemill.verify.variation import NAMES, Variation

# Ids that no range of subordinate ids reaches which useradd gives.
_IDS = 1_879_048_192
_COUNT = 65_536
_DAY = 1_000_000_000  # 2001-09-09, which no file of today has
_LATER = 2.1  # seconds: the times of zip archives are even
_UMASKS = (0o022, 0o077)
_LOCALES = (
    {"LC_ALL": "C.UTF-8", "TZ": "UTC", "LANG": "C.UTF-8"},
    {"LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Apia", "LANG": "tr_TR.UTF-8"},
)


class Fill(Protocol):
    """Puts the base images into a store that is to be made; with `own` no file of it is shared with another one."""

    def __call__(self, store: Path, *, own: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What is built: `place` as the command line has it; `view` its files where it is a directory, `dockerfile` its path."""

    place: str
    view: FileView | None = None
    dockerfile: Path | None = None


@dataclass(frozen=True, slots=True)
class Twice:
    """`config` is the user's configuration, which need not be there. `arguments` are the flags of both builds, without those that this chooses. `wanted` are names of what is to vary;
    `same_user` says why the second is no other user, empty where it is.
    """

    context: Context
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    config: Path
    fill: Fill
    wanted: frozenset[str] = frozenset(NAMES)
    same_user: str = ""

    def first(self, home: Path) -> Attempt:
        """As the user would build, with nothing of the user's surroundings that counts."""
        home.mkdir()
        self.fill(home / "store", own=False)
        flags = [*self.arguments, *self._dockerfile(self.context.dockerfile)]
        surroundings = {**self.environment, **_LOCALES[0]}
        return Attempt(home, home, tuple(flags), self.context.place, Start(_UMASKS[0]), surroundings)

    @contextmanager
    def second(self, home: Path) -> Iterator[Attempt]:
        """The same in other surroundings."""
        home.mkdir()
        with self._place(home) as (seen, ids):
            start = Start(
                umask=_UMASKS["umask" in self.wanted],
                processors=self._processors()[:1] if "jobs" in self.wanted else (),
                ids=ids,
                shown=(str(home), str(seen)) if ids else ("", ""),
            )
            jobs = ["--jobs", "1"] if "jobs" in self.wanted else []
            place, dockerfile = self._files(home, seen)
            self.fill(home / "store", own=bool(ids))
            flags = [*self.arguments, *self._dockerfile(dockerfile), *jobs]
            surroundings = {**self.environment, **_LOCALES["locale" in self.wanted]}
            if ids:
                surroundings |= self._own(home, seen)
                _give(home)
            yield Attempt(home, seen, tuple(flags), place, start, surroundings)

    @contextmanager
    def _place(self, home: Path) -> Iterator[tuple[Path, int]]:
        """Where the second build sees its home, and whose ids it has; 0 for ours."""
        if self.same_user:
            yield home, 0
            return
        seen = Path(tempfile.mkdtemp(prefix="stagemill-verify-"))
        try:
            seen.chmod(0o755)
            yield seen, _IDS
        finally:
            seen.rmdir()

    def _own(self, home: Path, seen: Path) -> dict[str, str]:
        """What another user has at another place: a home, and the configuration. Logins are for you alone."""
        if self.config.is_file():
            (home / "config.toml").write_bytes(self.config.read_bytes())
        return {"HOME": str(seen), "STAGEMILL_CONFIG": str(seen / "config.toml"), "DOCKER_CONFIG": str(seen)}

    def _files(self, home: Path, seen: Path) -> tuple[str, Path | None]:
        """The context and the Dockerfile of the second build: copies, as the second build sees them."""
        view, dockerfile = self.context.view, self.context.dockerfile
        if view is None or "path" not in self.wanted:
            return self.context.place, dockerfile
        filesystem_directory(Dated(view, _DAY) if "times" in self.wanted else view, home / "elsewhere" / "files")
        if dockerfile is None:
            return str(seen / "elsewhere" / "files"), None
        (home / "elsewhere" / "Dockerfile").write_bytes(dockerfile.read_bytes())
        # What is to be left out has been, and must not be left out by other rules.
        (home / "elsewhere" / "Dockerfile.dockerignore").write_text("")
        return str(seen / "elsewhere" / "files"), seen / "elsewhere" / "Dockerfile"

    def _dockerfile(self, path: Path | None) -> list[str]:
        return [] if path is None else ["--file", str(path)]

    def _processors(self) -> tuple[int, ...]:
        return tuple(sorted(os.sched_getaffinity(0)))

    def pause(self, finished: float, *, clock: Callable[[], float], wait: Callable[[float], None]) -> None:
        """Until no time in the second build can be one of the first, whose last step may be the one that notes it."""
        if "clock" in self.wanted and (left := finished + _LATER - clock()) > 0:
            wait(left)

    def variations(self) -> Iterator[Variation]:
        """All of NAMES, in their order."""
        many, one = len(self._processors()), 1
        alike = "" if self.context.view else "the context is no directory"
        values = {
            "path": (self.context.place, "a copy elsewhere", alike),
            "times": (
                "those of the files",
                "2001-09-09",
                alike or ("" if "path" in self.wanted else "it is one directory"),
            ),
            "umask": ("022", "077", ""),
            "locale": ("C, UTC", "tr_TR, Pacific/Apia", ""),
            "jobs": (f"16 on {many} processors", f"1 on {one} processor", ""),
            "user": (
                "root" if userns.is_roots_own() else "you",
                "root of a user namespace",
                self.same_user,
            ),
            "clock": ("now", "2 seconds later", ""),
        }
        for name in NAMES:
            first, second, why = values[name]
            yield Variation(name, first, second, why if name in self.wanted else "--vary leaves it out")


def same_user(context: Context, wanted: frozenset[str], environment: Mapping[str, str]) -> str:
    """Why the second build cannot be another user's; empty where it can."""
    if "user" not in wanted:
        return "--vary leaves it out"
    if not userns.is_roots_own():
        return "only root can be somebody else too"
    if context.view is not None and "path" not in wanted:
        return "another user may not read the directory"
    return _probe(environment)


def _give(home: Path) -> None:
    """All files of the second build are its user's."""
    for folder, names, files in os.walk(home):
        for path in (folder, *(os.path.join(folder, name) for name in (*names, *files))):
            os.chown(path, _IDS, _IDS, follow_symlinks=False)


def _probe(environment: Mapping[str, str]) -> str:
    """Why no other user can start this program; empty where one can."""
    program = [sys.executable, "-P", "-c", "import stagemill.cli.build, click, isal, urllib3, zstandard"]
    try:
        done = subprocess.run(
            Start(ids=_IDS).command(program),
            env=surroundings(environment),
            check=False,
            capture_output=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return f"no other user may start {sys.executable}"


def failed(error: StagemillError, which: str, varied: Iterator[Variation]) -> StagemillError:
    """What to say of a build that failed, the second one perhaps for what it has otherwise."""
    if which != "the second build":
        return StagemillError(f"{which} failed", hint="its error is above; verify needs a Dockerfile that builds")
    others = ", ".join(each.name for each in varied if not each.why)
    return StagemillError(
        f"the second build failed, which the first did not: {error.message}",
        hint=f"something that must not matter does: {others}; leave one out with --vary=-NAME to find which",
    )
