"""The recipes: how projects of each kind are split. Each looks at the facts, and drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stagemill.split import system
from stagemill.split.draft import Draft, Kind
from stagemill.split.facts import Facts
from stagemill.split.recipes import compiled, java, node, other, python, static_site
from stagemill.split.site import Site

_NODE = frozenset({"node", "nodejs", "npm", "npx", "pnpm", "yarn", "bun", "pm2-runtime", "next"})
_PYTHON = frozenset({
    "python", "python3", "gunicorn", "uvicorn", "flask", "celery", "hypercorn", "daphne", "streamlit", "uwsgi", "waitress-serve", "uv",
    "poetry", "django-admin", "fastapi", "granian",
})  # fmt: skip
_C = frozenset({"gcc", "g++", "cc", "c++", "clang", "clang++", "make", "cmake", "ninja", "meson", "gfortran"})

RECIPES: Mapping[Kind, Callable[[Facts, Site], Draft]] = {
    "node": node.draft,
    "python": python.draft,
    "go": compiled.draft_go,
    "rust": compiled.draft_rust,
    "c": compiled.draft_c,
    "java": java.draft,
    "site": static_site.draft,
    "other": other.draft,
}


def kind(facts: Facts) -> Kind:
    """What kind of project it is: first by what the image runs, then by what builds it."""
    program = facts.entry.inner_program
    calls = {ran.program for ran in facts.commands}
    if static_site.served(facts) is not None:
        return "site"
    if program in _NODE:
        return "node"
    if program == "java":
        return "java"
    if program in _PYTHON or program.startswith("python3.") or python.installs(facts):
        return "python"
    if node.installs(facts):
        return "node"
    return _by_compiler(facts, program, calls)


def _by_compiler(facts: Facts, program: str, calls: set[str]) -> Kind:
    """What compiles, where the image does not run a package's program."""
    if any(package.name == program or package.name.startswith(f"{program}-") for package in system.asked(facts)):
        return "other"
    if "go" in calls:
        return "go"
    if "cargo" in calls or "rustc" in calls:
        return "rust"
    return "c" if _C & calls else "other"


def draft(facts: Facts, site: Site) -> Draft:
    """How this project is to be split. Raises DockerfileError where that would be a guess."""
    return RECIPES[kind(facts)](facts, site)
