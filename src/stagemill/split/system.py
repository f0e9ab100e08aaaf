"""Packages of the system: those that a RUN installs, told apart into what builds and what may be needed when it runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping

from stagemill.dockerfile.tree import Healthcheck
from stagemill.split.draft import Left, Manager
from stagemill.split.facts import Facts, Ran
from stagemill.values import dataclass

_BUILDERS = re.compile(
    r"""build-essential|build-base|alpine-sdk|gcc(-[\d.]+)?|g\+\+(-[\d.]+)?|cpp|clang(-[\d.]+)?|llvm.*|lld|make|cmake|ninja(-build)?|samurai
    |meson|autoconf|automake|autotools-dev|libtool|libtool-bin|pkg-?conf(ig)?|bison|flex|gdb|valgrind|ccache|patch|m4|swig|nasm|yasm
    |rustc|cargo|rust|golang(-.*)?|go|maven|gradle|openjdk-.*-jdk.*|default-jdk.*|cython3?|binutils|musl-tools
    |[\w.+-]+-dev|[\w.+-]+-devel|linux-headers.*
    |python3-(pip|venv|setuptools|wheel|dev|distutils)|python3\.\d+-venv|pipx|py3-(pip|setuptools|wheel)|virtualenv|npm|yarnpkg""",
    re.VERBOSE,
)
_FETCHERS = frozenset({
    "curl", "wget", "git", "unzip", "zip", "xz-utils", "bzip2", "gnupg", "gnupg2", "gpg", "dirmngr", "apt-transport-https",
    "software-properties-common", "lsb-release", "openssh-client", "rsync", "file", "less", "vim", "nano", "sudo", "subversion", "mercurial",
})  # fmt: skip
_VALUES = frozenset({"-t", "--target-release", "-o", "--option", "-c", "-a", "--virtual", "-X", "--repository", "-p"})
_INSTALLING = frozenset(
    {"apt-get", "apt", "apk", "rm", "set", "true", "ldconfig", "update-ca-certificates", "dpkg", "export", "echo"}
)
_PLAIN = frozenset({
    "cat", "cd", "chmod", "chown", "cp", "curl", "echo", "envsubst", "install", "ln", "mkdir", "mv", "printf", "rm", "sed", "set", "tar", "tee",
    "touch", "true", "unzip", "wget",
})  # fmt: skip
_USERS = frozenset(
    {"useradd", "groupadd", "adduser", "addgroup", "usermod", "groupmod", "userdel", "groupdel", "deluser", "delgroup"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A package by the name that a RUN has for it; `written` has its version or release too, where one is said."""

    name: str
    line: int
    written: str = ""


def is_for_building(name: str) -> bool:
    """Whether a package has only what builds, fetches or unpacks, by its name."""
    return name in _FETCHERS or bool(_BUILDERS.fullmatch(name))


def manager(facts: Facts) -> Manager:
    """What installs packages in this file."""
    return "apk" if any(ran.program == "apk" for ran in facts.commands) else "apt-get"


def only_installs(ran: Iterable[Ran]) -> bool:
    """Whether commands do nothing but install packages, and clean up after that."""
    programs = {each.program for each in ran}
    return bool(programs & {"apt-get", "apt", "apk"}) and programs <= _INSTALLING


def surely_none(ran: Iterable[Ran]) -> bool:
    """Whether commands are so plain that nothing of what they write can be a package manager's."""
    programs = {each.program for each in ran}
    return bool(programs) and programs <= _PLAIN


def asked(facts: Facts) -> tuple[Asked, ...]:
    """All packages that are installed by name, in their order, each once."""
    found: dict[str, Asked] = {}
    virtual: dict[str, tuple[str, ...]] = {}
    for ran in facts.commands:
        names = tuple(_names(facts, ran, _ADDING))
        for word in names:
            found.setdefault(_plain(word), Asked(_plain(word), ran.line, word))
        if group := ran.option("--virtual", "-t") if ran.program == "apk" else None:
            virtual[group] = tuple(_plain(word) for word in names)
        for word in _names(facts, ran, _REMOVING):
            for gone in virtual.get(_plain(word), (_plain(word),)):
                found.pop(gone, None)
    return tuple(found.values())


_ADDING = {"apt-get": ("install",), "apt": ("install",), "apk": ("add",)}
_REMOVING = {"apt-get": ("remove", "purge", "autoremove"), "apt": ("remove", "purge", "autoremove"), "apk": ("del",)}


def _names(facts: Facts, ran: Ran, verbs: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The packages behind one of these verbs; those of a variable too, where its value is known."""
    words = [
        name
        for word in ran.words[1:]
        for name in ((facts.file.known(word, ran.step) or word).split() if "$" in word else [word])
    ]
    if not set(verbs.get(ran.program, ())) & set(words):
        return
    skip = False
    for word in words:
        if skip or word.startswith("-"):
            skip = word in _VALUES if not skip else False
        elif (
            word not in verbs[ran.program]
            and not word.startswith(("./", "../", "/"))
            and not set("$*") & set(_plain(word))
        ):
            yield word


def _plain(word: str) -> str:
    """A package's name without version and release."""
    return re.split(r"[=<>~/]", word)[0]


def upgrades(facts: Facts) -> bool:
    """Whether a RUN brings the packages of the base up to date."""
    verbs = {"upgrade", "dist-upgrade", "full-upgrade"}
    return any(ran.program in {"apt-get", "apt", "apk"} and verbs & set(ran.words) for ran in facts.commands)


def divided(
    facts: Facts, *, keep: Collection[str] = (), needless: Collection[str] = ()
) -> tuple[tuple[str, ...], tuple[Left, ...]]:
    """Those for the runtime, and those that stay behind. Of a doubtful one nothing is said: it is for the runtime.

    `keep` are names that something needs; `needless` are those that the runtime's base has, or that only this kind needs.
    """
    words = {word.rpartition("/")[2] for word in facts.entry.words} | set(keep) | _health(facts)
    runtime: list[str] = []
    left: list[Left] = []
    for package in asked(facts):
        if package.name in words:
            runtime.append(package.name)
        elif package.name in needless or _BUILDERS.fullmatch(package.name):
            left.append(Left(package.name, f"the package of line {package.line} is for building"))
        elif package.name in _FETCHERS:
            left.append(
                Left(
                    package.name, f"the package of line {package.line} fetches and unpacks; nothing that runs names it"
                )
            )
        else:
            runtime.append(package.name)
    return tuple(runtime), tuple(left)


def _health(facts: Facts) -> set[str]:
    """The words of the HEALTHCHECK."""
    checks = [step.node for step in facts.stage.steps if isinstance(step.node, Healthcheck)]
    return {word for node in checks if node.command for word in re.findall(r"[\w.+-]+", node.command.text)}


def install(names: Collection[str], how: Manager, *, upgrade: bool = False) -> str:
    """The RUN that installs packages and leaves nothing else. With `upgrade` it brings those of the base up to date before."""
    listed = " ".join(shlex.quote(name) for name in sorted(names))
    if how == "apk":
        added = [f"apk add --no-cache {listed}"] if names else []
        return "RUN " + " \\\n && ".join([*(["apk upgrade --no-cache"] if upgrade else []), *added])
    # Without this directory Java's packages fail on a system whose manuals were left out.
    first = (
        "mkdir -p /usr/share/man/man1 \\\n && " if any(re.match("openjdk-|default-j", name) for name in names) else ""
    )
    return (
        f"RUN {first}apt-get update \\\n"
        + (" && apt-get upgrade -y \\\n" if upgrade else "")
        + (f" && apt-get install -y --no-install-recommends {listed} \\\n" if names else "")
        + " && rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
    )


def users(facts: Facts) -> tuple[str, ...]:
    """The commands that make users and groups, as they are written."""
    return tuple(" ".join(_quoted(word) for word in ran.words) for ran in facts.commands if ran.program in _USERS)


def _quoted(word: str) -> str:
    return shlex.quote(word) if "$" not in word else word
