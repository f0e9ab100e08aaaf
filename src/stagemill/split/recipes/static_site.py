"""Static sites: what builds the pages is not what serves them. The runtime has the pages and busybox's small server."""

from __future__ import annotations

import json
import posixpath

from stagemill.dockerfile.tree import Expose
from stagemill.split import system
from stagemill.split.draft import Draft, Kept, Left, Line
from stagemill.split.facts import Facts
from stagemill.split.site import Site
from stagemill.values import dataclass

SERVER = "busybox"
_NODES = frozenset({"npx", "pnpm", "yarn", "npm"})
_PORTS = {"serve": "3000", "http-server": "8080", "vite": "4173", "http.server": "8000", "busybox": "80"}


@dataclass(frozen=True, slots=True)
class Served:
    """A directory, absolute, and the port that its server listens at. `single` says that unknown paths lead to one page."""

    directory: str
    port: str
    by: str
    single: bool = False


def served(facts: Facts) -> Served | None:
    """What a static server serves; None where the image runs something else, or nothing is built before."""
    words = [facts.entry.program, *facts.entry.words[1:]]
    if words[0] in _NODES:
        words = [word for word in words[1:] if word not in {"exec", "--yes", "-y", "--"}]
    name, rest = _server(words)
    if not name:
        return None
    port = _option(rest, ("-p", "-l", "--listen", "--port")) or _first_number(rest) or _exposed(facts) or _PORTS[name]
    places = _places(rest, name)
    return Served(
        _absolute(facts, places), port.rpartition(":")[2], name, bool({"-s", "--single", "--spa"} & set(rest))
    )


def _server(words: list[str]) -> tuple[str, list[str]]:
    if words[:1] and words[0] in {"serve", "http-server"}:
        return words[0], words[1:]
    if words[:2] == ["vite", "preview"]:
        return "vite", words[2:]
    if words[:3] in (["python", "-m", "http.server"], ["python3", "-m", "http.server"]):
        return "http.server", words[3:]
    return "", []


def _option(words: list[str], names: tuple[str, ...]) -> str:
    for at, word in enumerate(words):
        if word in names and at + 1 < len(words):
            return words[at + 1]
        for name in names:
            if name.startswith("--") and word.startswith(f"{name}="):
                return word.partition("=")[2]
    return ""


def _first_number(words: list[str]) -> str:
    return next((word for word in words if word.isdigit()), "")


def _exposed(facts: Facts) -> str:
    ports = [word.text for step in facts.stage.steps if isinstance(step.node, Expose) for word in step.node.ports]
    return ports[0].partition("/")[0] if ports else ""


def _places(words: list[str], name: str) -> str:
    if name == "http.server":
        return _option(words, ("-d", "--directory")) or "."
    if name == "vite":
        return _option(words, ("--outDir",)) or "dist"
    skip = False
    for word in words:
        if not skip and not word.startswith("-") and not word.isdigit():
            return word
        skip = word in {"-p", "-l", "--listen", "--port", "-a", "-c", "--config"}
    return "."


def _absolute(facts: Facts, path: str) -> str:
    return "/" + posixpath.normpath(posixpath.join(facts.workdir, path)).lstrip("/")


def draft(facts: Facts, site: Site) -> Draft:
    """Raises DockerfileError where the pages are not told from their sources, or need more than a plain server."""
    found = served(facts)
    assert found is not None, "the kind was told by it"
    if found.single:
        hint = "serve it with a server that has rules for paths, such as nginx with try_files, in a runtime stage"
        raise facts.refusal("cannot split it: unknown paths lead to one page, which busybox's server cannot do", hint)
    if found.directory in {facts.workdir, "/"}:
        hint = "name the directory that the build makes, such as dist"
        raise facts.refusal("cannot split it: the sources are served with the pages", hint)
    inside = site.relative(found.directory)
    site = site.making(inside)
    left = [
        Left(site.absolute(name), "the pages are made from it")
        for name in site.names
        if name != inside.partition("/")[0]
    ]
    command = json.dumps([SERVER, "httpd", "-f", "-p", found.port, "-h", found.directory])
    return Draft(
        kind="site",
        tool=next((ran.program for ran in facts.commands if ran.program not in {"cd", "apt-get", "rm", "mkdir"}), ""),
        base=SERVER,
        why="A server of one megabyte: the pages need nothing of what made them.",
        kept=(Kept(found.directory, directory=True, why="The pages."),),
        left=(*left, *system.divided(facts)[1], Left(found.by, "another server takes its place")),
        command=Line(f"CMD {command}", f"It serves the same files at the same port as {found.by} did; headers differ."),
        assumed=() if site.built else (f"that the build leaves {found.directory}",),
    )
