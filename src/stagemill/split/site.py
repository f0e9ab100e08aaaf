"""`Site`: what lies in the directory that the image works in: as a build has left it, or as the text says it will be."""

from __future__ import annotations

from collections.abc import Collection

from stagemill.files.paths import clean, join, resolve
from stagemill.files.view import FileView
from stagemill.split import leftovers
from stagemill.split.draft import Kept, Kind, Left
from stagemill.split.facts import Facts
from stagemill.values import dataclass

# What is at the root of every image, which may be the working directory.
_SYSTEM = frozenset({
    ".dockerenv", "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt", "proc", "root", "run",
    "sbin", "srv", "sys", "tmp", "usr", "var",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """`view` is the tree of the built image, with the directory at `root`; or the context, of which the file copies a part.

    `outputs` are names that only a build makes, where there was none. `needs_system` says that an empty runtime would not do.
    """

    facts: Facts
    view: FileView | None
    root: str = ""
    built: bool = False
    outputs: tuple[str, ...] = ()
    needs_system: bool = False

    @classmethod
    def foreseen(cls, facts: Facts, outputs: Collection[str] = ()) -> Site:
        return cls(facts, facts.context, outputs=tuple(outputs))

    @classmethod
    def after(cls, facts: Facts, view: FileView) -> Site:
        return cls(facts, view, clean(facts.workdir), built=True)

    @property
    def release(self) -> str:
        """The system of a built image and its release, `debian bookworm`; empty where that is not known."""
        place = resolve(self.view, "etc/os-release") if self.built and self.view is not None else ""
        entry = self.view.lstat(place) if self.view is not None and place else None
        if self.view is None or entry is None or entry.kind != "file":
            return ""
        lines = self.view.real_path(place).read_text("utf-8", "replace").splitlines()
        said = {name: value.strip("\"'") for name, _, value in (line.partition("=") for line in lines)}
        number = said.get("VERSION_ID", "")
        version = number if said.get("ID") == "alpine" else said.get("VERSION_CODENAME", number)
        return f"{said.get('ID', '')} {version}".strip()

    def making(self, *outputs: str) -> Site:
        """With what a build will make at the top of it, where it is not known from one."""
        found = tuple(name.partition("/")[0] for name in outputs if name and not name.startswith("/"))
        return self if self.built else Site(self.facts, self.view, self.root, outputs=(*self.outputs, *found))

    @property
    def names(self) -> tuple[str, ...]:
        """What is at the top of it, sorted."""
        if self.built and self.view is not None:
            found = self.view.listdir(self.root)
        else:
            found = sorted({*self.facts.copied_names(), *self.outputs})
        return tuple(name for name in found if self.root or self.facts.workdir != "/" or name not in _SYSTEM)

    def has(self, path: str) -> bool:
        """Whether a path in it is there, or is to be made."""
        if path.partition("/")[0] in self.outputs:
            return True
        return self.view is not None and self.view.lstat(self.path(path)) is not None

    def path(self, name: str) -> str:
        """Where a name of it is in the view."""
        return join(self.root, clean(name))

    def absolute(self, name: str) -> str:
        """Where a name of it is in the image."""
        return f"{self.facts.workdir.rstrip('/')}/{name}"

    def is_directory(self, name: str) -> bool:
        entry = self.view.lstat(self.path(name)) if self.view else None
        return entry.kind == "dir" if entry else "." not in name.lstrip(".")

    def relative(self, path: str) -> str:
        """A path of the image as one in it; empty where it is elsewhere."""
        home = self.facts.workdir.rstrip("/")
        absolute = "/" + clean(path if path.startswith("/") else f"{home}/{path}")
        inside = absolute.removeprefix(f"{home}/") if absolute.startswith(f"{home}/") else ""
        return "" if not home and inside.partition("/")[0] in _SYSTEM else inside

    def sorted_out(
        self, kind: Kind, *, needed: Collection[str] = (), also_left: dict[str, str] | None = None
    ) -> tuple[list[Kept], list[Left]]:
        """What of it the runtime gets, and what stays behind. `needed` names are kept whatever they are called."""
        kept: list[Kept] = []
        left: list[Left] = []
        for name in self.names:
            why = "" if name in needed else (also_left or {}).get(name) or self._reason(name, kind)
            if why:
                left.append(Left(self.absolute(name), why))
            else:
                kept.append(Kept(self.absolute(name), self.is_directory(name)))
        return self._named_again(kept, left)

    def _reason(self, name: str, kind: Kind) -> str:
        if self.view is None or self.view.lstat(self.path(name)) is None:
            return leftovers.reason(name, kind)
        return leftovers.of(self.view, self.path(name), kind)

    def _named_again(self, kept: list[Kept], left: list[Left]) -> tuple[list[Kept], list[Left]]:
        """Takes back directories of doubtful names that a kept file has in a text."""
        if self.view is None:
            return kept, left
        places = [self.path(self.relative(item.path)) for item in kept if self.relative(item.path) != "node_modules"]
        for item in list(left):
            name = self.relative(item.path)
            if name.startswith(".") or name == "node_modules" or not self.is_directory(name) or "compiled" in item.why:
                continue
            if found := leftovers.mentioned(self.view, name, places):
                left.remove(item)
                kept.append(
                    Kept(item.path, directory=True, why=f"/{found} names it" if self.built else f"{found} names it")
                )
        return kept, left
