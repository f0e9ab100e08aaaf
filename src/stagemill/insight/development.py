"""Which installed packages are for development only, as the lock files beside them say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from stagemill.files.paths import join
from stagemill.insight import node_locks, python_locks
from stagemill.insight.ownership import Ecosystem, Installed

_HIDDEN = "node_modules/.package-lock.json"
_MODULES = "node_modules/"


def development(files: Mapping[str, bytes], packages: Iterable[Installed]) -> dict[Installed, str]:
    """The packages that are for development, each with the path of the lock that says so. `files` are those that tell."""
    listed = sorted(set(packages), key=lambda package: (package.ecosystem, package.name, package.place))
    npm = [package for package in listed if package.ecosystem is Ecosystem.NPM]
    pip = [package for package in listed if package.ecosystem is Ecosystem.PIP]
    found: dict[Installed, str] = {}
    for path, data in sorted(files.items()):
        folder, _, last = path.rpartition("/")
        if last in {"package-lock.json", "npm-shrinkwrap.json"}:
            found.update(dict.fromkeys(_at(npm, folder, data), path))
        elif path.endswith(_HIDDEN):
            found.update(dict.fromkeys(_at(npm, path.removesuffix(_HIDDEN).rstrip("/"), data), path))
        elif last in {"yarn.lock", "pnpm-lock.yaml"}:
            names = node_locks.names(data, files.get(join(folder, "package.json"), b""))
            below = join(folder, _MODULES)
            found.update(
                {package: path for package in npm if package.place.startswith(below) and _is_of(package, names)}
            )
    return {**found, **dict(_python(files, pip))}


def _at(npm: Iterable[Installed], folder: str, lock: bytes) -> Iterator[Installed]:
    places = {join(folder, place) for place in node_locks.places(lock)}
    yield from (package for package in npm if package.place in places)


def _is_of(package: Installed, names: set[str]) -> bool:
    """By its own name, and by that which it is installed as, which may be another."""
    return package.name in names and package.place.rpartition(_MODULES)[2] in names


def _python(files: Mapping[str, bytes], pip: Iterable[Installed]) -> Iterator[tuple[Installed, str]]:
    """By name, wherever it is installed: what another project in the image needs is not for development."""
    locks = {
        path: python_locks.names(path.rpartition("/")[2], data, files.get(_beside(path), b""))
        for path, data in sorted(files.items())
        if path.rpartition("/")[2] in python_locks.LOCKS
    }
    needed = frozenset[str]().union(*(names.needed for names in locks.values()))
    for package in pip:
        name = python_locks.plain(package.name)
        path = next((path for path, names in locks.items() if name in names.development), "")
        if path and name not in needed:
            yield package, path


def _beside(path: str) -> str:
    return join(path.rpartition("/")[0], "pyproject.toml")
