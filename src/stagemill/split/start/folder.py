"""`Folder`, a project as it lies on the disk, and `Start`, the files that it should have."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from stagemill.errors import StagemillError
from stagemill.split.draft import TITLES, Kind
from stagemill.values import dataclass

_MOST_BYTES = 1 << 20
_IGNORED = (
    ("what belongs to those who work on the project", (".git", ".github", ".gitlab", ".gitlab-ci.yml", ".idea", ".vscode", ".devcontainer", "Dockerfile*", "stagemill.toml", "stagemill.lock", ".dockerignore", "compose*.y*ml", "docker-compose*.y*ml", "**/*.md", "**/.DS_Store")),
    ("secrets: what is in the context gets into layers and caches", (".env", ".env.*", "!.env.example", "**/*.pem", "**/*.key", ".npmrc", ".netrc", ".pypirc")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folder:
    """Reads a project's own files; those that are not there are empty."""

    path: Path

    @property
    def names(self) -> frozenset[str]:
        """What is at its top."""
        try:
            return frozenset(each.name for each in self.path.iterdir())
        except OSError as error:
            raise StagemillError(
                f"cannot read {self.path}: {error.strerror}", hint="name a project's folder"
            ) from error

    def has(self, *names: str) -> str:
        """The first of these paths that is there; empty where none is."""
        return next((name for name in names if (self.path / name).exists()), "")

    def read(self, name: str) -> str:
        place = self.path / name
        if not place.is_file() or place.stat().st_size > _MOST_BYTES:
            return ""
        return place.read_text("utf-8", "replace")

    def find(self, pattern: str) -> list[str]:
        """The paths that a pattern meets, sorted."""
        return sorted(each.relative_to(self.path).as_posix() for each in self.path.glob(pattern))

    def json(self, name: str) -> Mapping[str, object]:
        """Raises StagemillError for a file that is none."""
        try:
            found: object = json.loads(self.read(name) or "{}")
        except ValueError as error:
            raise StagemillError(f"{self.path / name} is no JSON: {error}", hint="mend it first") from error
        return found if isinstance(found, dict) else {}

    def toml(self, name: str) -> Mapping[str, object]:
        """Raises StagemillError for a file that is none."""
        try:
            return tomllib.loads(self.read(name))
        except tomllib.TOMLDecodeError as error:
            raise StagemillError(f"{self.path / name} is no TOML: {error}", hint="mend it first") from error

    def unknown(self, what: str, hint: str) -> StagemillError:
        """What has to be said by a person."""
        return StagemillError(f"{what} cannot be seen in {self.path}", hint=hint)


@dataclass(frozen=True, slots=True)
class Start:
    """`dockerfile` and `ignore` are texts; `command` is what the image runs, for people."""

    kind: Kind
    tool: str
    dockerfile: str
    ignore: str
    command: str

    @property
    def title(self) -> str:
        return f"{TITLES[self.kind]} ({self.tool})" if self.tool else TITLES[self.kind]


def ignore(made: Iterable[str]) -> str:
    """A .dockerignore: what the build makes itself, what nobody builds with, and secrets."""
    parts = [
        "# What is not sent to a build cannot invalidate its cache, nor get into its image.",
        "",
        "# what a build makes anew",
        *made,
    ]
    for why, names in _IGNORED:
        parts += ["", f"# {why}", *names]
    return "\n".join(parts) + "\n"


def packages(*names: str) -> str:
    """The RUN that installs packages of Debian; nothing for none."""
    if not names:
        return ""
    return f"""RUN apt-get update \\
 && apt-get install -y --no-install-recommends {" ".join(sorted(names))} \\
 && rm -rf /var/lib/apt/lists/*
"""


def listed(command: str) -> str:
    """A command line as the JSON that CMD takes, which needs no shell."""
    return json.dumps(shlex.split(command), ensure_ascii=False)


def version(text: str, default: str) -> str:
    """The first version number in a text, two components at most."""
    found = re.search(r"(\d+)(?:\.(\d+))?", text)
    if found is None:
        return default
    return found[0]


def table(value: object, *names: str) -> Mapping[str, object]:
    """A table within tables; empty where it is not there."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}
