"""`Call`, a call of a package manager: what it does to the packages of a project, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal, TypeAlias

from stagemill.dockerfile.tree import Run
from stagemill.lint import shell
from stagemill.lint.shell import ShellCommand
from stagemill.lint.stages import Environment, Moment, Step
from stagemill.regex import regex
from stagemill.values import dataclass

Manager: TypeAlias = Literal["npm", "pnpm", "yarn", "bun", "pip", "go", "bundle", "cargo", "composer"]
Verb: TypeAlias = Literal["install", "prune", "change", "other"]

NODE: frozenset[Manager] = frozenset({"npm", "pnpm", "yarn", "bun"})

_CLEAN = frozenset({"ci", "clean-install", "ic", "install-clean"})
_INSTALL = frozenset({"install", "i", "in", "ins", "inst", "isntall", "add"}) | _CLEAN
_CHANGE = frozenset(
    {"uninstall", "remove", "rm", "un", "update", "up", "upgrade", "link", "ln", "unlink", "rebuild", "dedupe"}
)
_PLACE = frozenset({"--prefix", "-C", "--dir", "--cwd"})
_TAKES_VALUE = _PLACE | {
    "--registry", "--cache", "--loglevel", "--userconfig", "--filter", "-F", "--omit", "--only", "--include", "--store-dir",
    "--network-timeout", "--network-concurrency", "--cache-folder", "--workspace", "-w", "--reporter",
}  # fmt: skip
_GLOBAL = frozenset({"-g", "--global", "--location=global"})
_PRODUCTION = frozenset(
    {
        "--omit=dev",
        "--production",
        "--production=true",
        "--prod",
        "--prod=true",
        "--only=prod",
        "--only=production",
    }
)
_SHORT: dict[Manager, str] = {"pnpm": "-P", "bun": "-p"}
_DEVELOPMENT = frozenset({"--production=false", "--prod=false", "--include=dev", "--no-production"})
_PYTHON = regex(r"python[0-9.]*")
_PIP = regex(r"pip[0-9.]*")
_UNKNOWN = regex(r"[$*?~\[]|^-$")


@dataclass(frozen=True, slots=True)
class Call:
    """`directory` is the absolute path that it works in, or None. `named` says that it names packages.

    `production` says that packages for development stay out. A `change` is any other verb that touches packages.
    """

    manager: Manager
    verb: Verb
    command: ShellCommand
    directory: str | None
    production: bool = False
    named: bool = False

    @property
    def is_ci(self) -> bool:
        return self.manager == "npm" and bool(_CLEAN & set(self.command.texts[1:2]))

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(text for text in self.command.texts[1:] if text.startswith("-"))


@dataclass(frozen=True, slots=True)
class Removal:
    """`rm` of a directory of packages."""

    directory: str | None


def of_step(step: Step, node: Run, *, escape: str) -> list[Call | Removal]:
    """What a RUN does to packages, in its order."""
    found: list[Call | Removal] = []
    here = step.before
    for command in shell.of_run(step, node, escape=escape):
        words = command.texts
        if not words:
            continue
        if words[0] == "cd":
            here = _moved(here, words[1] if len(words) > 1 else "~")
        elif words[0] == "export":
            here = replace(here, env={**here.env, **dict(_assignments(words[1:]))})
        elif words[0] == "rm":
            found += [Removal(_parent(here, word)) for word in words[1:] if _is_packages(word)]
        else:
            found += _call(command, here)
    return found


def _moved(here: Moment, text: str) -> Moment:
    workdir = None if _UNKNOWN.search(text) else here.path(text)
    return replace(here, workdir=workdir)


def _assignments(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield name, None if _UNKNOWN.search(value) else value


def _is_packages(word: str) -> bool:
    return word.rstrip("/").rpartition("/")[2] == "node_modules"


def _parent(here: Moment, word: str) -> str | None:
    return None if _UNKNOWN.search(word) else here.path(word.rstrip("/").removesuffix("node_modules") or ".")


def _call(command: ShellCommand, here: Moment) -> Iterator[Call]:
    words = command.texts
    program = words[0].rpartition("/")[2]
    node = next((manager for manager in NODE if manager == program), None)
    if node:
        yield from _node(command, here, manager=node)
    elif manager := _other(program, words):
        yield Call(manager, "install", command, here.workdir)


def _node(command: ShellCommand, here: Moment, *, manager: Manager) -> Iterator[Call]:
    words = command.texts[1:]
    if _GLOBAL & set(words):
        return
    directory, arguments = _arguments(words, here)
    env = {} if manager == "bun" else {**here.env, **dict(command.env)}
    production = _is_production(words, env) or _SHORT.get(manager) in words
    verb, production = _verb(manager, arguments, production=production)
    named = verb == "install" and len(arguments) > 1 and arguments[0] != "workspaces"
    yield Call(manager, verb, command, directory, production, named)


def _verb(manager: Manager, arguments: Sequence[str], *, production: bool) -> tuple[Verb, bool]:
    first = arguments[0] if arguments else ""
    if manager == "yarn" and not arguments:
        return "install", production
    if manager == "yarn" and tuple(arguments[:2]) == ("workspaces", "focus"):
        return "install", production
    if first in {"config", "set"} and {"omit", "only", "production", "omit=dev"} & set(arguments):
        return "other", True
    if first in _INSTALL:
        return "install", production
    if first == "prune":
        return "prune", production
    return ("change" if first in _CHANGE else "other"), False


def _arguments(words: Sequence[str], here: Moment) -> tuple[str | None, list[str]]:
    """The directory that options name, and the words that are no options."""
    place = here
    arguments: list[str] = []
    pending = ""
    for word in words:
        name, equals, value = word.partition("=")
        if pending:
            place = _moved(here, word) if pending in _PLACE else place
            pending = ""
        elif equals and name in _PLACE:
            place = _moved(here, value)
        elif word in _TAKES_VALUE:
            pending = word
        elif not word.startswith("-"):
            arguments.append(word)
    return place.workdir, arguments


def _is_production(words: Sequence[str], env: Environment) -> bool:
    joined = set(words) | {f"{first}={second}" for first, second in pairwise(words)}
    if joined & _DEVELOPMENT:
        return False
    if joined & _PRODUCTION:
        return True
    lower = {name.lower(): value for name, value in env.items()}
    return (
        env.get("NODE_ENV") == "production"
        or lower.get("npm_config_omit") == "dev"
        or lower.get("npm_config_production") == "true"
        or lower.get("npm_config_only") in {"prod", "production"}
    )


def _other(program: str, words: Sequence[str]) -> Manager | None:
    if _PYTHON.fullmatch(program) and tuple(words[1:3]) == ("-m", "pip"):
        program, words = "pip", words[2:]
    elif program == "uv" and tuple(words[1:2]) == ("pip",):
        program, words = "pip", words[1:]
    if _PIP.fullmatch(program):
        return "pip" if "install" in words and any(_is_requirement(word) for word in words) else None
    if program == "go":
        return "go" if tuple(words[1:3]) == ("mod", "download") else None
    if program == "bundle":
        return "bundle" if len(words) == 1 or words[1] == "install" or words[1].startswith("--") else None
    if program == "cargo":
        return "cargo" if tuple(words[1:2]) == ("fetch",) else None
    if program == "composer":
        return "composer" if {"install", "i"} & set(words[1:]) else None
    return None


def _is_requirement(word: str) -> bool:
    return word.startswith(("--requirement", "-r"))
