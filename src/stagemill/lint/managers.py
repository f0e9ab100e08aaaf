"""`Install`, a call of a package manager that installs packages: of the system, or of a language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

from stagemill.lint.file import LintFile
from stagemill.lint.ran import Ran, ran
from stagemill.lint.shell import ShellWord
from stagemill.lint.stages import Stage
from stagemill.regex import regex
from stagemill.values import dataclass

System: TypeAlias = Literal["apt", "apk", "yum", "dnf", "zypper"]
Language: TypeAlias = Literal["pip", "npm", "gem", "go"]
Name: TypeAlias = System | Language

_PROGRAMS: Mapping[str, Name] = {
    "apt-get": "apt", "apt": "apt", "aptitude": "apt", "apk": "apk", "yum": "yum", "dnf": "dnf", "microdnf": "dnf",
    "tdnf": "dnf", "zypper": "zypper", "npm": "npm", "gem": "gem", "go": "go",
}  # fmt: skip
_VERBS: Mapping[Name, frozenset[str]] = {
    "apt": frozenset({"install"}),
    "apk": frozenset({"add"}),
    "yum": frozenset({"install", "localinstall"}),
    "dnf": frozenset({"install", "in"}),
    "zypper": frozenset({"install", "in"}),
    "pip": frozenset({"install"}),
    "npm": frozenset({"install", "i", "add"}),
    "gem": frozenset({"install", "i"}),
    "go": frozenset({"install", "get", "run"}),
}
_VALUES: Mapping[Name, frozenset[str]] = {
    "apt": frozenset({"-o", "--option", "-t", "--target-release", "-c", "--config-file", "-a"}),
    "apk": frozenset({"-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch", "--keys-dir", "--repositories-file"}),
    "yum": frozenset({"-c", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "-x", "--exclude"}),
    "dnf": frozenset(
        {"-c", "--enablerepo", "--disablerepo", "--installroot", "--releasever", "-x", "--exclude", "--repo", "--setopt"}
    ),
    "zypper": frozenset({"-r", "--repo", "--from", "-t", "--type", "-R", "--root", "-p", "--plus-repo"}),
    "pip": frozenset({
        "-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-t", "--target",
        "--prefix", "--root", "-f", "--find-links", "--trusted-host", "--timeout", "--retries", "--proxy", "-e",
        "--editable", "--no-binary", "--only-binary", "--global-option", "--install-option", "--config-settings",
        "--platform", "--python-version", "--cache-dir", "--progress-bar", "--upgrade-strategy", "--cert",
        "--root-user-action", "-p", "--python", "--index", "--group", "--log", "--src", "-C", "--abi", "--implementation",
    }),
    "npm": frozenset({"--registry", "--prefix", "-C", "--cache", "--loglevel", "--userconfig", "--omit", "--only"}),
    "gem": frozenset({"-v", "--version", "-s", "--source", "-i", "--install-dir", "-n", "--bindir", "-P", "-p", "--platform"}),
    "go": frozenset({"-ldflags", "-tags", "-mod", "-gcflags", "-o", "-p", "-asmflags", "-modfile", "-C", "-buildmode"}),
}  # fmt: skip
_SYSTEM = frozenset({"apt", "apk", "yum", "dnf", "zypper"})
_REMOVALS = frozenset({"remove", "purge", "autoremove", "del", "erase", "rm"})
_PIP = regex(r"pip[0-9.]*")
_PYTHON = regex(r"python[0-9.]*|pypy[0-9.]*")
_UNKNOWN = regex(r"[$`*{]")


@dataclass(frozen=True, slots=True)
class Install:
    """`verb` is the word that says what is done, `packages` are those that are named."""

    manager: Name
    ran: Ran
    verb: ShellWord
    packages: tuple[ShellWord, ...]


def installs(
    file: LintFile, stages: Iterable[Stage] | None = None, *, of: Iterable[Name] | None = None
) -> Iterator[Install]:
    """What package managers install, in the order of the stages."""
    wanted = None if of is None else frozenset(of)
    for command in ran(file, stages):
        found = install(command)
        if found and (wanted is None or found.manager in wanted):
            yield found


def manager(command: Ran) -> Name | None:
    """The package manager that a command calls."""
    program = command.program
    if (
        program == "pipx"
        or _PIP.fullmatch(program)
        or (_PYTHON.fullmatch(program) and command.texts[:2] == ("-m", "pip"))
    ):
        return "pip"
    return _PROGRAMS.get(program)


def install(command: Ran) -> Install | None:
    """What a command installs; None for all that is no install."""
    name = manager(command)
    if name is None:
        return None
    words = command.operands(_VALUES[name] | ({"-m"} if name == "pip" else set()))
    if name == "gem" and "--" in command.texts:
        end = command.words[command.texts.index("--")].span  # what follows is for the build of the gem
        words = tuple(word for word in words if (word.span.line, word.span.column) < (end.line, end.column))
    if name in {"yum", "dnf"} and [word.text for word in words[:2]] == ["module", "install"]:
        words = words[1:]
    if not words or words[0].text not in _VERBS[name]:
        return None
    return Install(name, command, words[0], words[1:])


def unpinned(found: Install) -> tuple[ShellWord, ...]:
    """The packages of which any version may come; none where that cannot be told."""
    if _is_bound(found):
        return ()
    test = _PINNED[found.manager]
    packages = found.packages[:1] if found.verb.text == "run" else found.packages
    if found.manager == "go" and found.verb.text != "install":
        packages = tuple(word for word in packages if "@" in word.text)  # of the others go.mod says the version
    return tuple(word for word in packages if not _UNKNOWN.search(word.text) and not test(word.text))


def removes(found: Install) -> bool:
    """Whether a later command of the same RUN removes packages of the system again."""
    return any(
        _PROGRAMS.get(command.program) in _SYSTEM and _REMOVALS & set(command.texts) for command in found.ran.later
    )


def _is_bound(found: Install) -> bool:
    """Whether an option says which versions come."""
    match found.manager:
        case "pip":
            return found.ran.has("-c", "--constraint", "--no-index", "-e", "--editable")
        case "gem":
            return found.ran.has("-v", "--version")
        case _:
            return False


def _has_any(*marks: str) -> Callable[[str], bool]:
    return lambda text: any(mark in text for mark in marks)


def _is_apt(text: str) -> bool:
    return "=" in text or "/" in text or text.endswith((".deb", "-"))


def _is_rpm(text: str) -> bool:
    return bool(re.search(r"-[0-9]|:", text)) or text.startswith("@") or "/" in text or text.endswith(".rpm")


def _is_zypper(text: str) -> bool:
    return any(mark in text for mark in "=<>~") or "/" in text or text.endswith(".rpm")


def _is_pip(text: str) -> bool:
    if re.match(r"(?:git|hg|svn|bzr)\+", text):
        return "@" in text.partition("#")[0].partition("://")[2].partition("/")[2]
    return (
        any(mark in text for mark in ("=", "<", ">", "~", "@", "/", "://"))
        or text.startswith(".")
        or text.endswith((".whl", ".tar.gz", ".zip"))
    )


def _is_npm(text: str) -> bool:
    version = text.removeprefix("@").partition("@")[2]
    if re.match(r"git(?:\+\w+)?:", text):
        return "#" in text
    elsewhere = text.startswith((".", "/", "~", "http", "file:", "npm:")) or text.endswith((".tgz", ".tar.gz", ".tar"))
    return bool(version and version not in {"latest", "next"}) or elsewhere or (text[0] != "@" and "/" in text)


def _is_go(text: str) -> bool:
    local = text.startswith((".", "/")) or "." not in text.partition("/")[0]
    version = text.partition("@")[2]
    return local or bool(version and version not in {"latest", "none"})


_PINNED: Mapping[Name, Callable[[str], bool]] = {
    "apt": _is_apt,
    "apk": _has_any("=", "<", ">", "~", "/", ".apk"),
    "yum": _is_rpm,
    "dnf": _is_rpm,
    "zypper": _is_zypper,
    "pip": _is_pip,
    "npm": _is_npm,
    "gem": _has_any(":", "/", ".gem"),
    "go": _is_go,
}
