"""`Proof`: whether the runtime has what it is said to have: the same files, the same settings, and nothing that is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stagemill.build import Built
from stagemill.dockerfile.tree import Env
from stagemill.errors import SandboxError
from stagemill.execute.running import read_text
from stagemill.files.paths import clean, resolve
from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.oci.config import RunConfig
from stagemill.sandbox.users import find
from stagemill.split import programs
from stagemill.split.draft import Draft, Kept
from stagemill.split.facts import Facts
from stagemill.split.owners import Owners
from stagemill.split.smoke import Outcome
from stagemill.values import dataclass

_BOOKKEEPING = frozenset(
    {
        ".package-lock.json",
        ".modules.yaml",
        ".yarn-integrity",
        ".yarn-state.yml",
        ".pnpm-workspace-state.json",
        ".pnpm-workspace-state-v1.json",
        "lock.yaml",
    }
)


@dataclass(frozen=True, slots=True)
class Check:
    """A command that was run in both images."""

    command: tuple[str, ...]
    before: Outcome
    after: Outcome

    @property
    def same(self) -> bool:
        """By status, standard output and the names of the files that it wrote."""
        one, other = self.before, self.after
        return (one.status, one.stdout, one.written) == (other.status, other.stdout, other.written)

    @property
    def complains(self) -> bool:
        """Whether it writes something else to standard error, which may be a warning or a time."""
        return self.before.stderr != self.after.stderr


@dataclass(frozen=True, slots=True)
class Compared:
    """`files` were compared and are the same; `differences` say which are not, and which settings."""

    files: int
    differences: tuple[str, ...]


def compare(facts: Facts, draft: Draft, before: Built, after: Built) -> Compared:
    """What the runtime has of the old image, file by file, and how it is started."""
    old, new = (built.forms.view(built.tree(built.plan.target)) for built in (before, after))
    count = 0
    differences: list[str] = []
    for item in draft.kept:
        if draft.inserted and item.path == draft.environment:
            differences += _packages(old, new, clean(item.path))
            count += sum(entry.kind != "dir" for _, entry in walk(new, clean(item.path)))
            continue
        found = list(_files(old, new, item))
        count += len(found)
        differences += [text for text in found if text]
    differences += _settings(facts, draft, before.plan.target.image.config, after.plan.target.image.config)
    differences += _directory(facts, old, new)
    differences += _versions(draft, Owners(old).versions, Owners(new).versions)
    differences += _user(before.plan.target.image.config.user, old, new)
    if program(old, before.plan.target.image.config) and not program(new, after.plan.target.image.config):
        differences.append(f"{facts.entry.words[0]} is not found in it")
    return Compared(count, tuple(differences))


def _files(old: FileView, new: FileView, item: Kept) -> Iterator[str]:
    """For every path, what differs, or nothing."""
    source, target = clean(item.path), clean(item.to or item.path)
    there: set[str] = set()
    for path, entry in walk(new, resolve(new, target)):
        below = path.removeprefix(resolve(new, target)).lstrip("/")
        there.add(below)
        origin = f"{resolve(old, source)}/{below}".rstrip("/")
        before = old.lstat(origin)
        if before is None:
            yield "" if path.rpartition("/")[2] in _BOOKKEEPING else f"/{path} was not there"
        elif (before.kind, before.mode, before.target) != (entry.kind, entry.mode, entry.target):
            yield f"/{path} has another kind or mode"
        elif (before.uid, before.gid) != (entry.uid, entry.gid):
            yield f"/{path} belonged to {before.uid}:{before.gid}, and belongs to {entry.uid}:{entry.gid}"
        elif entry.kind == "file" and old.digest(origin) != new.digest(path):
            yield "" if path.rpartition("/")[2] in _BOOKKEEPING else f"/{path} has another content"
        else:
            yield ""
    if not there:
        yield f"/{target} is missing"
    elif not target.endswith("node_modules"):
        yield from _lost(old, resolve(old, source), there)


def _lost(old: FileView, source: str, there: set[str]) -> Iterator[str]:
    for path, _ in walk(old, source):
        if path.removeprefix(source).lstrip("/") not in there and "/node_modules/" not in f"/{path}/":
            yield f"/{path} is missing"


def _packages(old: FileView, new: FileView, environment: str) -> Iterator[str]:
    """Python packages of the virtual environment that were not installed before in the same version."""
    had = _distributions(old, ("usr/local/lib", "usr/lib"))
    for name in sorted(_distributions(new, (f"{environment}/lib",))):
        if name not in had and not name.startswith(("pip-", "setuptools-", "wheel-")):
            yield f"{name} was not installed"


def _distributions(view: FileView, roots: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for root in roots:
        for python in view.listdir(root):
            if python.startswith("python3"):
                for packages in ("site-packages", "dist-packages"):
                    names = view.listdir(f"{root}/{python}/{packages}")
                    found.update(
                        name.removesuffix(".dist-info").lower() for name in names if name.endswith(".dist-info")
                    )
    return found


def _settings(facts: Facts, draft: Draft, before: RunConfig, after: RunConfig) -> Iterator[str]:
    """How a container is started: what the file says of it must be as it was."""
    nodes = [step.node for step in facts.stage.steps]
    names = {pair.key for node in nodes if isinstance(node, Env) for pair in node.items} - {"PATH"}
    old, new = dict(before.env), dict(after.env)
    yield from (f"the variable {name} is another" for name in sorted(names) if old.get(name) != new.get(name))
    pairs: Mapping[str, tuple[object, object]] = {
        "the user": (before.user, after.user),
        "the working directory": (before.working_dir, after.working_dir),
        "the exposed ports": (before.exposed_ports, after.exposed_ports),
        "the volumes": (before.volumes, after.volumes),
        "the signal to stop": (before.stop_signal, after.stop_signal),
        "the health check": (before.healthcheck, after.healthcheck),
        "the entrypoint": (before.entrypoint or (), after.entrypoint or ()),
        "the command": (before.cmd or (), after.cmd or ()),
    }
    for name, (one, other) in pairs.items():
        if one != other and not (draft.command and name in {"the command", "the entrypoint"}):
            yield f"{name} is another: {one!r} was {other!r}"


def _directory(facts: Facts, old: FileView, new: FileView) -> Iterator[str]:
    """The working directory itself, which a program may have to write to."""
    path = clean(facts.workdir)
    one, other = old.lstat(path), new.lstat(path)
    if path and one and other and (one.uid, one.gid, one.mode) != (other.uid, other.gid, other.mode):
        yield f"/{path} belonged to {one.uid}:{one.gid} with mode {one.mode:o}, and belongs to {other.uid}:{other.gid} with {other.mode:o}"


def _versions(draft: Draft, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """Packages of the system that the runtime installs in another version."""
    for name in draft.packages:
        if name in old and name in new and old[name] != new[name]:
            yield f"the package {name} is {new[name]} in it, and was {old[name]}"


def _user(name: str, old: FileView, new: FileView) -> Iterator[str]:
    """Who the program is, by numbers: files belong to numbers."""
    try:
        one, other = (
            find(name, passwd=read_text(view, "etc/passwd"), group=read_text(view, "etc/group")) for view in (old, new)
        )
    except SandboxError:
        yield f"the user {name} is not in it, and no useradd or adduser of the file makes it"
        return
    if (one.uid, one.gid, one.groups) != (other.uid, other.gid, other.groups):
        yield f"the user {name} is {other.uid}:{other.gid} in it, and was {one.uid}:{one.gid}"


def program(view: FileView, config: RunConfig) -> str:
    """Where the program lies that an image starts, symlinks followed; empty where it is not there."""
    words = (*(config.entrypoint or ()), *(config.cmd or ()))
    if not words:
        return ""
    if "/" in words[0]:
        path = resolve(view, clean(words[0] if words[0].startswith("/") else f"{config.working_dir}/{words[0]}"))
        return path if view.lstat(path) else ""
    search = dict(config.env).get("PATH", programs.PATH).split(":")
    found = programs.find(view, words[0], search)
    return resolve(view, found) if found else ""


def shown(differences: Iterable[str], most: int = 8) -> str:
    """The first of them, one a line."""
    listed = list(differences)
    more = [f"and {len(listed) - most} more"] if len(listed) > most else []
    return "\n".join([*listed[:most], *more])
