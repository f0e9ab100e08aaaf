"""`Mill`: the real command line with a store and a folder of its own, and what it said. Not a fake: all is done for real."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = (sys.executable, "-m", "stagemill")
LONGEST = 600  # seconds

_NOT_OURS = (
    "PYTEST_",
    "STAGEMILL",
    "XDG_",
    "BUILDKIT_",
    "DOCKER_",
    "SOURCE_DATE_EPOCH",
    "NO_COLOR",
    "COLUMNS",
    "LINES",
    "LC_",
    "LANG",
)
# No base comes from anywhere: nobody listens at port 1.
CONFIG = '[registry."docker.io"]\nmirrors = ["http://127.0.0.1:1"]\nfallback = false\n'


@dataclass(slots=True)
class Step:
    """What was reported of one step, in seconds since the epoch; `runs` counts how often it was really begun."""

    name: str
    started: float = 0.0
    completed: float = 0.0
    cached: bool = False
    runs: int = 0
    error: str = ""
    output: bytes = b""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    stdout: bytes
    err: str

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def steps(self) -> dict[str, Step]:
        """The steps by their instruction, from `--progress rawjson`."""
        found: dict[str, Step] = {}
        for line in self.err.splitlines():
            if line.startswith("{"):
                _take(json.loads(line), found)
        return {step.name.partition("] ")[2] or step.name: step for step in found.values()}

    @property
    def executed(self) -> list[str]:
        """The instructions that were really carried out, a base's FROM aside."""
        return sorted(
            name for name, step in self.steps.items() if step.runs and name.startswith(("RUN", "COPY", "ADD"))
        )


def _take(status: dict[str, Any], found: dict[str, Step]) -> None:
    for vertex in status.get("vertexes", ()):
        step = found.setdefault(vertex["digest"], Step(vertex["name"]))
        step.started = _seconds(vertex["started"])
        step.cached = step.cached or vertex.get("cached", False)
        step.error = vertex.get("error", step.error)
        if "completed" in vertex:
            step.completed = _seconds(vertex["completed"])
        else:
            step.runs += 1
    for log in status.get("logs", ()):
        found[log["vertex"]].output += base64.b64decode(log["data"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@dataclass(frozen=True, slots=True)
class Mill:
    """Runs stagemill on the store `root`, in `folder`, which is the context of `build`.

    `prefix` goes before the command, which may take `longest` seconds.
    """

    root: Path
    folder: Path
    prefix: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = COMMAND
    longest: int = LONGEST

    @property
    def environment(self) -> dict[str, str]:
        """The machine's, less what would change how a build looks; the home is the folder's parent."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_OURS) and "proxy" not in k.lower()}
        home = self.folder.parent
        config = home / "config.toml"
        if not config.exists():
            # Whole at once: somebody else may begin at the same time, and read it.
            new = home / f"config.toml.{threading.get_native_id()}"
            new.write_text(CONFIG)
            new.replace(config)
        own = {"STAGEMILL_ROOT": str(self.root), "STAGEMILL_CONFIG": str(config), "HOME": str(home), "TERM": "xterm"}
        return {**kept, **own, "PYTHONPATH": str(SOURCE), "LC_ALL": "C.UTF-8", **self.settings}

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Files of the context, by path."""
        for name, data in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def copy(self, home: Path) -> Mill:
        """One with copies of store and folder, in a new directory."""
        home.mkdir(parents=True)
        copy = replace(self, root=home / "store", folder=home / "context")
        subprocess.run(["cp", "-a", str(self.root), str(copy.root)], check=True)
        if self.folder.exists():
            subprocess.run(["cp", "-a", str(self.folder), str(copy.folder)], check=True)
        else:
            copy.folder.mkdir()
        return copy

    @contextmanager
    def start(self, *arguments: str, group: bool = False, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
        """A running command; it is gone afterwards. With `group` it leads a process group of its own."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [*self.prefix, *self.command, *arguments],
            env=self.environment,
            cwd=self.folder,
            process_group=0 if group else None,
            **{**streams, **more},
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()

    def __call__(self, *arguments: str, stdin: bytes | None = None, cwd: Path | None = None) -> Ran:
        done = subprocess.run(
            [*self.prefix, *self.command, *arguments],
            env=self.environment,
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            capture_output=True,
            timeout=self.longest,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def ok(self, *arguments: str, stdin: bytes | None = None, cwd: Path | None = None) -> Ran:
        """A command that must go well."""
        ran = self(*arguments, stdin=stdin, cwd=cwd)
        assert ran.status == 0, ran.err
        return ran

    def build(self, dockerfile: str, *arguments: str, context: str = ".", stdin: bytes | None = None) -> Ran:
        """Builds a Dockerfile that must build, with progress that `Ran.steps` understands."""
        self.write({"Dockerfile": dockerfile})
        return self.ok("build", "--progress=rawjson", *arguments, context, stdin=stdin)

    def fail(self, *arguments: str, status: int = 1, stdin: bytes | None = None) -> str:
        """What a command says that must fail, as people read it."""
        ran = self(*arguments, stdin=stdin)
        assert "Traceback" not in ran.err
        assert "this is a bug" not in ran.err
        assert (ran.status, ran.stdout) == (status, b""), ran.err
        return ran.err

    def inspect(self, name: str) -> dict[str, Any]:
        (image,) = json.loads(self.ok("inspect", name).out)
        found: dict[str, Any] = image
        return found

    def cat(self, name: str, *paths: str) -> str:
        """The text of files in an image that has busybox."""
        return self.ok("run", name, "cat", *paths).out
