"""Programs that are compiled: Go, Rust, C and C++. The runtime has the program, and the least system that it can do with.

Whether that may be none at all, only the program itself can tell: before it is built, the runtime has the plain system.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping

from stagemill.files.walk import walk
from stagemill.split import families, leftovers, programs, system
from stagemill.split.draft import Draft, Kept, Kind, Left
from stagemill.split.facts import Facts, Ran
from stagemill.split.families import Base
from stagemill.split.recipes import other
from stagemill.split.site import Site

_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_HOMES: Mapping[Kind, tuple[str, ...]] = {
    "go": ("/go/bin", "/root/go/bin"),
    "rust": ("/usr/local/cargo/bin", "/root/.cargo/bin"),
    "c": (),
}
_COMPILERS: Mapping[Kind, frozenset[str]] = {
    "go": frozenset({"go"}),
    "rust": frozenset({"cargo", "rustc"}),
    "c": frozenset({"gcc", "g++", "cc", "c++", "clang", "clang++", "gfortran", "make", "cmake", "ninja", "meson"}),
}
_SYSTEMS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin"})
_NOT_THEIRS = ("golang", "rustc", "cargo", "python3", "perl")


def draft_go(facts: Facts, site: Site) -> Draft:
    return _draft(facts, site, "go")


def draft_rust(facts: Facts, site: Site) -> Draft:
    return _draft(facts, site, "rust")


def draft_c(facts: Facts, site: Site) -> Draft:
    return _draft(facts, site, "c")


def _draft(facts: Facts, site: Site, kind: Kind) -> Draft:
    """Raises DockerfileError where no RUN makes what the image runs."""
    made = _programs(facts, site, kind)
    if not made:
        return other.draft(facts, site)
    inside = [site.relative(path) for path in made.values()]
    site = site.making(*inside)
    behind = {name: why for path in inside for name, why in _behind(site, path, inside, kind).items()}
    kept, left = site.sorted_out(kind, needed=(), also_left=behind)
    kept = [item for item in kept if site.relative(item.path) not in inside]
    kept = [
        Kept(path, directory=False, why="The program.", to=_placed(name, path)) for name, path in made.items()
    ] + kept
    base = Base.of(facts.base)
    found = [programs.needs(site.view, path) for path in made.values()] if site.built and site.view is not None else []
    bare = (
        bool(found) and not site.needs_system and all(needs and not (needs.dynamic or needs.wants) for needs in found)
    )
    wanted, unwanted = system.divided(facts, needless=_NOT_THEIRS)
    bare = bare and _can_be_bare(facts, kept) and not wanted
    if bare:
        files = dict.fromkeys(file for needs in found if needs for file in needs.files)
        kept += [Kept(path, directory=path.endswith("zoneinfo"), why=why) for path, why in files if _there(site, path)]
    return Draft(
        kind=kind,
        tool=next((ran.program for ran in facts.commands if ran.program in _COMPILERS[kind] - {kind}), ""),
        base="scratch" if bare else families.system(base, site.release),
        why=_why(bare=bare, needs=next((needs for needs in found if needs), None)),
        kept=tuple(kept),
        left=(*left, *unwanted, Left("the compiler", f"{facts.base} has it, and what it has written of its own")),
        packages=() if bare else wanted,
        manager=system.manager(facts),
        users=() if bare else system.users(facts),
        assumed=() if site.built else _assumed(facts),
    )


def _programs(facts: Facts, site: Site, kind: Kind) -> dict[str, str]:
    """What the image runs and a RUN makes: the words that call it, and its absolute path. One, but where a shell or a script calls several."""
    view = site.view if site.built else None
    if facts.entry.plain and facts.entry.inner_program not in _SHELLS:
        name = facts.entry.inner[0]
        path = _program(facts, site, kind, name)
        if view is None or programs.is_program(view, path):
            return {name: path}
        words = programs.called(view, path)
        if not words:
            return {}
    else:
        words = facts.entry.called
    found = {name: path for name in words if (path := _own(facts, site, kind, name))}
    if not found and view is None:
        hint = 'name the program itself: CMD ["./server"]'
        raise facts.refusal(
            "cannot split it: a shell runs more than one program, and nothing tells which of them", hint
        )
    return found


def _own(facts: Facts, site: Site, kind: Kind, name: str) -> str:
    """Where a program is that a shell calls, if it is one that this file has made; empty where it is the system's."""
    if not site.built or site.view is None:
        places = [made for ran in facts.commands for made in _made(ran, kind, facts)]
        path = _absolute(facts, name)
        return next((place for place in places if place == path or posixpath.basename(place) == name), "")
    if "/" in name:
        path = _absolute(facts, name)
    else:
        search = (dict(facts.stage.end.env).get("PATH") or programs.PATH).split(":")
        found = programs.find(site.view, name, (*search, *_HOMES[kind]))
        path = f"/{found}" if found else ""
    if not path or posixpath.dirname(path) in _SYSTEMS or not programs.is_program(site.view, path):
        return ""
    return path


def _absolute(facts: Facts, path: str) -> str:
    return "/" + posixpath.normpath(posixpath.join(facts.workdir, path)).lstrip("/")


def _placed(name: str, program: str) -> str:
    """Where the program goes that is looked for by its name, from a directory that no other image has in PATH."""
    directory, last = posixpath.split(program)
    return f"/usr/local/bin/{last}" if "/" not in name and directory not in programs.PATH.split(":") else ""


def _program(facts: Facts, site: Site, kind: Kind, first: str) -> str:
    """The absolute path of what the image runs, where a RUN makes it."""
    places = [made for ran in facts.commands for made in _made(ran, kind, facts)]
    if "/" in first:
        path = _absolute(facts, first)
        if site.built or path in places or not places or _may_be_made(facts, path):
            return path
        near = next((place for place in places if posixpath.basename(place) == posixpath.basename(path)), "")
        hint = f"the program is at {near}" if near else f"a RUN makes {', '.join(places)}"
        raise facts.refusal(f"cannot split it: no RUN makes {first}", hint)
    if site.built and site.view is not None:
        path = dict(facts.stage.end.env).get("PATH") or programs.PATH
        found = programs.find(site.view, first, (*path.split(":"), *_HOMES[kind]))
        if found:
            return f"/{found}"
    if not site.built and any(
        "install" in ran.words for ran in facts.commands if ran.program in {"make", "cmake", "ninja", "meson"}
    ):
        places.append(f"/usr/local/bin/{first}")
    found = next((place for place in places if posixpath.basename(place) == first), "")
    if found:
        return found
    hint = f'write its whole path: CMD ["/app/{first}"]' + (
        "" if site.built else "; or leave --dry-run out: a build shows it"
    )
    raise facts.refusal(f"cannot split it: where {first} is made is not certain", hint)


def _made(ran: Ran, kind: Kind, facts: Facts) -> list[str]:
    """What a command makes, as far as its words say so."""
    if ran.program not in _COMPILERS[kind] or ran.directory is None:
        return []
    output = ran.option("-o", "--output")
    if output:
        path = "/" + posixpath.normpath(posixpath.join(ran.directory, output)).lstrip("/")
        inside = posixpath.basename(ran.words[-1].rstrip("/")) if output.endswith("/") else ""
        return [posixpath.join(path, inside) if inside else path]
    if kind == "go" and ran.words[1:2] == ("install",):
        package = ran.words[-1].partition("@")[0].rstrip("/")
        module = re.search(r"^module\s+(\S+)", facts.read("go.mod"), re.MULTILINE)
        return [f"/go/bin/{posixpath.basename(module[1] if module and package == '.' else package)}"]
    return []


def _may_be_made(facts: Facts, path: str) -> bool:
    """Whether a tool that does not say what it makes, or a copy of what it made, is in the file."""
    names = {"make", "cmake", "ninja", "meson", "cargo", "cp", "mv", "install", "strip", "upx"}
    silent = any(ran.program == "go" and "build" in ran.words and not ran.option("-o") for ran in facts.commands)
    return silent or any(ran.program in names for ran in facts.commands) or not path


def _behind(site: Site, inside: str, others: Collection[str], kind: Kind) -> dict[str, str]:
    """Where compilers work, but for the program; and where it lies, if all else there is a compiler's too."""
    found = {name: why for name, why in leftovers.WORKPLACES.items() if name in site.names}
    folder, slash, _ = inside.partition("/")
    if slash and folder not in found and (not site.built or _is_theirs(site, inside, others, kind)):
        found[folder] = "of what was built there, only the program is needed"
    return found


def _is_theirs(site: Site, inside: str, others: Collection[str], kind: Kind) -> bool:
    """Whether nothing but sources, steps between and other programs lies beside a program."""
    if site.view is None:
        return False
    paths = walk(site.view, site.path(inside.partition("/")[0]))
    made = {site.path(path) for path in others}
    files = (path for path, entry in paths if entry.kind != "dir" and path not in made)
    return all(leftovers.reason(posixpath.basename(path), kind) for path in files)


def _can_be_bare(facts: Facts, kept: list[Kept]) -> bool:
    """Whether an image without a shell and without users can start it as the file says."""
    user = facts.stage.end.user or ""
    health = any(step.node.keyword == "HEALTHCHECK" for step in facts.stage.steps)
    return (
        not (facts.entry.shell or facts.entry.wrapper)
        and not health
        and user.replace(":", "").isdigit() == bool(user)
        and not any(item.path.endswith(".sh") for item in kept)
    )


def _there(site: Site, path: str) -> bool:
    return site.view is not None and site.view.lstat(path.lstrip("/")) is not None


def _assumed(facts: Facts) -> tuple[str, ...]:
    found = "whether the program needs a system at all: a static one runs on scratch"
    return (found,) if facts.entry.plain else (found, "which more of what the shell calls is made here")


def _why(*, bare: bool, needs: programs.Needs | None) -> str:
    if bare:
        return "The program is static and starts no other one, so that no system is needed."
    if needs and needs.wants:
        return f"A small system: the program {needs.wants[0]}."
    if needs:
        return "The system whose C library the program was linked with, without compilers."
    return "The plain system, without compilers."
