"""A `Prey` on this machine that no build may read or change, and an `Attack`: builds that try, and what came of them."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from fakes.leaks import holds
from fakes.mill import Mill
from fakes.program import Call, Said, caller, surround
from fakes.web import FakeWeb

SECRET = "the-prey-must-not-be-read"


@dataclass(frozen=True)
class Prey:
    """A directory outside of everything that a build is given, with a file, an empty file, and an empty directory."""

    place: Path
    facts: Mapping[str, tuple[object, ...]]

    @classmethod
    def make(cls, place: Path) -> Prey:
        place.mkdir(mode=0o755)
        (place / "secret").write_text(SECRET)
        (place / "empty").write_text("")
        (place / "dir").mkdir()
        (place / "secret").chmod(0o640)
        return cls.of(place)

    @classmethod
    def of(cls, place: Path) -> Prey:
        """As it is now."""
        return cls(place, _facts(place))

    @property
    def up(self) -> str:
        """The way there from anywhere."""
        return "../" * 30 + str(self.place).lstrip("/")

    def changes(self) -> list[str]:
        now = _facts(self.place)
        return [
            f"{path}: {self.facts.get(path)} is {now.get(path)}"
            for path in {*now, *self.facts}
            if now.get(path) != self.facts.get(path)
        ]


def _facts(place: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in (place, *place.rglob("*")):
        status = path.lstat()
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        attributes = tuple(os.listxattr(path, follow_symlinks=False))
        found[str(path.relative_to(place))] = (
            stat.filemode(status.st_mode),
            status.st_uid,
            status.st_gid,
            data,
            attributes,
        )
    return found


@dataclass(frozen=True)
class Attack:
    """Runs commands in a store and a folder. Of each it is checked that the prey was neither read nor changed, and that there is
    a message where it fails. They run in this process; `mill` has the same in one of their own.
    """

    mill: Mill
    prey: Prey
    program: Call

    def __call__(self, *arguments: str, stdin: bytes = b"", fails: bool | None = None) -> Said:
        """`fails` says whether it must, or must not; None that both will do."""
        ran = self.program(*arguments, stdin=stdin)
        assert "Traceback" not in ran.err
        assert "this is a bug" not in ran.err
        assert ran.status in {0, 1, 2, 125}, ran.err
        assert ran.status == 0 or "error: " in ran.err or "Error: " in ran.err
        assert fails is None or fails == bool(ran.status), ran.err
        assert not holds(ran.stdout + ran.err.encode(), [SECRET]), ran.err
        assert self.prey.changes() == []
        return ran

    def build(
        self,
        dockerfile: str,
        *arguments: str,
        files: Mapping[str, str | bytes] | None = None,
        links: Mapping[str, str] | None = None,
        fails: bool | None = None,
    ) -> dict[str, str]:
        """The files of what is built, and where its links lead; empty where it fails.

        `{prey}` and `{up}` in the Dockerfile and in links are the ways to the prey.
        """
        for name, target in (links or {}).items():
            path = self.mill.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(self.meant(target))
        self.mill.write({"Dockerfile": self.meant(dockerfile), **(files or {})})
        ran = self("build", "--progress=plain", "-o", "type=tar,dest=tree.tar", *arguments, ".", fails=fails)
        out = self.mill.folder / "tree.tar"
        data = out.read_bytes() if ran.status == 0 else b""
        out.unlink(missing_ok=True)
        assert not holds(data, [SECRET])
        return entries(data)

    def meant(self, text: str) -> str:
        return text.replace("{prey}", str(self.prey.place)).replace("{up}", self.prey.up)


def entries(data: bytes) -> dict[str, str]:
    """Files with their text, links with `-> target`."""
    found: dict[str, str] = {}
    if data:
        with tarfile.open(fileobj=BytesIO(data)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                if file:
                    found[member.name] = file.read(10_000).decode(errors="replace")
                elif member.issym():
                    found[member.name] = f"-> {member.linkname}"
    return found


@pytest.fixture
def prey(tmp_path: Path) -> Prey:
    return Prey.make(tmp_path / "prey")


@pytest.fixture(scope="module")
def shared(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mill]:
    """One store for the attacks of a module; it is whole at the end."""
    mill = Mill(base.root, base.root / "nothing").copy(tmp_path_factory.mktemp("escapes") / "shared")
    yield mill
    assert mill.ok("store", "check").out.endswith("all whole\n")


@pytest.fixture
def attack(
    shared: Mill, prey: Prey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Attack:
    mill = Mill(shared.root, tmp_path / "home" / "context")
    mill.folder.mkdir(parents=True)
    surround(monkeypatch, home=mill.folder.parent, store=mill.root, folder=mill.folder)
    return Attack(mill, prey, caller(monkeypatch, capfdbinary))


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as running:
        yield running
