"""Projects of Python: pip, uv and poetry. What they install goes into one directory, and that one goes into the runtime."""

from __future__ import annotations

import re

from stagemill.files.paths import clean
from stagemill.lint.stages import Step
from stagemill.split import families, system
from stagemill.split.draft import Draft, Inserted, Kept, Line
from stagemill.split.facts import Facts, Ran
from stagemill.split.families import Base
from stagemill.split.site import Site

VENV = "/opt/venv"
_PYTHON = re.compile(r"python3?(?:\.\d+)?")
_PIP = re.compile(r"pip3?(?:\.\d+)?")
_RUNNERS = {"uv": ("run",), "poetry": ("run",)}
_TOOLS = frozenset({"pip", "poetry", "uv", "pipenv", "setuptools", "wheel", "hatch", "pdm", "pipx"})
_HAS = ("python3", "python3-minimal", "ca-certificates")


def installs(facts: Facts) -> bool:
    """Whether packages of Python are installed in an image of Python, for whatever runs."""
    return Base.of(facts.base).name in {"python", "uv"} and any(_installs(ran) or _syncs(ran) for ran in facts.commands)


def draft(facts: Facts, site: Site) -> Draft:
    """Raises DockerfileError where the packages would not be found where they are then."""
    base = Base.of(facts.base)
    tool = _tool(facts)
    command = _command(facts)
    own = _own(facts)
    first = None if own else _first(facts, tool)
    project = tool == "uv" and any(_syncs(ran) for ran in facts.commands)
    inside = ".venv" if project else site.relative(own)
    site = site.making(inside)
    _check(facts, project=project or bool(own))
    kept, left = site.sorted_out("python", needed={inside.partition("/")[0]}, also_left={} if inside else _VENVS)
    if own and not inside:
        kept.append(Kept(own, directory=True, why="All packages, with the programs that they bring."))
    inserted: tuple[Inserted, ...] = ()
    env: tuple[Line, ...] = ()
    if first and not project:
        inserted = (Inserted(first, _venv(facts)),)
        kept.append(Kept(VENV, directory=True, why="All packages, with the programs that they bring."))
    place = own or (site.absolute(".venv") if project else VENV if first else "")
    if place and not own:
        env = (Line(f"ENV PATH={place}/bin:$PATH", "Its python comes first, and finds its packages."),)
    runtime = families.python_of_uv(base) or (
        families.slim(base) if base.name == "python" else families.system(base, site.release)
    )
    wanted, unwanted = system.divided(facts, needless=_HAS if base.name in {"python", "uv"} else ())
    same = runtime == str(base)
    return Draft(
        kind="python",
        tool=tool,
        base=runtime,
        why="The same base, begun anew: compilers, headers and caches stay behind."
        if same
        else "The same Python without compilers and headers: nothing is built from here on.",
        kept=tuple(kept),
        left=(*left, *unwanted),
        inserted=inserted,
        env=env,
        environment=place,
        command=command,
        packages=wanted,
        manager=system.manager(facts),
        users=system.users(facts),
        assumed=()
        if site.built or not unwanted
        else ("which shared libraries the packages need, and what brings them",),
    )


_VENVS = {
    ".venv": "it was made on another machine",
    "venv": "it was made on another machine",
    "env": "it was made on another machine",
}


def _own(facts: Facts) -> str:
    """The virtual environment that the file makes itself; empty where it makes none.

    Raises DockerfileError where its place is not known.
    """
    for ran in facts.commands:
        words = ran.words
        by_python = bool(_PYTHON.fullmatch(ran.program)) and words[1:3] == ("-m", "venv")
        if by_python or ran.program == "virtualenv" or words[:2] == ("uv", "venv"):
            last = facts.file.known(words[-1], ran.step)
            if last is None or last in {"venv", "virtualenv"}:
                hint = "write its path: RUN python -m venv /opt/venv"
                message = "cannot split it: where the virtual environment is, is not known"
                raise facts.refusal(message, hint, span=ran.step.node.span)
            return "/" + clean(last if last.startswith("/") else f"{ran.directory}/{last}")
    return ""


def _tool(facts: Facts) -> str:
    programs = {ran.program for ran in facts.commands}
    if any(ran.program == "poetry" and "install" in ran.words for ran in facts.commands):
        return "poetry"
    return "uv" if "uv" in programs else "pip"


def _installs(ran: Ran) -> bool:
    """Whether a command puts packages into the Python that runs it."""
    words = ran.words
    if _PYTHON.fullmatch(ran.program) and words[1:3] == ("-m", "pip"):
        return "install" in words
    if ran.program == "uv":
        return words[1:3] == ("pip", "install") or words[1:3] == ("pip", "sync")
    return (bool(_PIP.fullmatch(ran.program)) or ran.program == "poetry") and "install" in words


def _syncs(ran: Ran) -> bool:
    return ran.program == "uv" and "sync" in ran.words[1:2]


def _first(facts: Facts, tool: str) -> Step | None:
    """The step of the first install that is not one of a tool alone, which nobody runs later."""
    for ran in facts.commands:
        if _installs(ran) and not (_brings_tools(ran) and tool != "pip") and not _brings_pip(ran):
            return ran.step
    return None


def _brings_tools(ran: Ran) -> bool:
    names = {re.split(r"[=<>~\[]", word)[0] for word in _arguments(ran)}
    return bool(names) and names <= _TOOLS


def _brings_pip(ran: Ran) -> bool:
    return bool(_arguments(ran)) and {re.split(r"[=<>~\[]", word)[0] for word in _arguments(ran)} <= {
        "pip",
        "setuptools",
        "wheel",
    }


def _arguments(ran: Ran) -> list[str]:
    return (
        [word for word in ran.words[ran.words.index("install") + 1 :] if not word.startswith("-")]
        if "install" in ran.words
        else []
    )


def _venv(facts: Facts) -> tuple[Line, ...]:
    why = "What is installed from here on lands in one directory, which can be copied."
    variables = f"VIRTUAL_ENV={VENV} PATH={VENV}/bin:$PATH"
    if Base.of(facts.base).name in {"python", "uv"}:
        return (Line(f"RUN python -m venv {VENV}", why), Line(f"ENV {variables}"))
    names = {package.name for package in system.asked(facts)}
    shared = ""
    if any(
        name.startswith("python3-") and not system.is_for_building(name) for name in names - {*_HAS, "python3-full"}
    ):
        why, shared = f"{why} The system's own packages are seen there too.", "--system-site-packages "
    if {"python3-venv", "python3-full"} & names:
        return (Line(f"RUN python3 -m venv {shared}{VENV}", why), Line(f"ENV {variables}"))
    # Debian's python makes one without pip, and pip goes there by itself.
    return (
        Line(f"RUN python3 -m venv --without-pip {shared}{VENV}", why),
        Line(f"ENV PIP_PYTHON={VENV}/bin/python {variables}"),
    )


def _command(facts: Facts) -> Line | None:
    """CMD without the tool that made the packages."""
    words, program = facts.entry.inner, facts.entry.inner_program
    if program not in _RUNNERS or words[1:2] != _RUNNERS[program]:
        return None
    rest = [word for word in words[2:] if word != "--no-sync"]
    if not rest or rest[0].startswith("-"):
        hint = f"name what `{program} run` runs, without its options"
        raise facts.refusal("cannot split it: what it runs is not certain", hint)
    return Line(facts.entry.instead(rest), f"What `{program} run` runs; {program} itself is not needed.")


def _check(facts: Facts, *, project: bool) -> None:
    """Raises DockerfileError for what would find no packages in a virtual environment."""
    if Base.of(facts.base).name == "python" and re.match(r"2\b", Base.of(facts.base).tag):
        hint = "begin from a python:3 image"
        raise facts.refusal(
            "cannot split it: Python 2 makes no virtual environments", hint, span=facts.stage.start.span
        )
    first = facts.entry.inner[0]
    if not project and first.startswith(("/usr/local/bin/", "/usr/bin/")):
        raise facts.refusal(
            f"cannot split it: {first} is not the python that has the packages in the runtime",
            f"leave the directory out, so that PATH decides: {first.rpartition('/')[2]}",
        )
    names = {package.name for package in system.asked(facts)}
    bare = not project and Base.of(facts.base).name not in {"python", "uv"} and "python3-venv" not in names
    for ran in facts.commands:
        if not _installs(ran):
            continue
        if bare and _PYTHON.fullmatch(ran.program):
            hint = "install python3-venv too, or write pip install"
            raise facts.refusal(
                "cannot split it: this python makes no virtual environment with pip", hint, span=ran.step.node.span
            )
        for flag in ("--system", "--user", "--target", "-t", "--prefix", "--root"):
            if any(word == flag or word.startswith(f"{flag}=") for word in ran.words):
                raise facts.refusal(
                    f"cannot split it: `{flag}` says where packages go, so they cannot go into one directory",
                    "leave it out: the split file has a virtual environment for them",
                    span=ran.step.node.span,
                )
