"""`SystemPackageCache`: the lists and archives of a package manager stay in a layer of the image."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stagemill.dockerfile.tree import Run
from stagemill.lint import cleaning, managers, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.managers import Name
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule
from stagemill.lint.stages import Stage
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class _Habit:
    """`places` is what is left behind, `verbs` are the words that do it, `clean` those that undo it."""

    number: str
    verbs: frozenset[str]
    places: tuple[str, ...]
    clean: frozenset[str]
    command: str
    option: str = ""


_DNF = frozenset({"install", "in", "reinstall", "rei", "upgrade", "up", "update", "upgrade-minimal", "up-min"})
_INSTALLS = frozenset({"install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "source", "download"})
_HABITS: Mapping[Name, _Habit] = {
    "apt": _Habit("DL3009", frozenset({"update"}), ("/var/lib/apt/lists",), frozenset(), "rm -rf /var/lib/apt/lists/*"),
    "apk": _Habit("DL3019", frozenset({"add"}), ("/var/cache/apk", "/etc/apk/cache"), frozenset(), "", "--no-cache"),
    "yum": _Habit("DL3032", frozenset({"install"}), ("/var/cache/yum", "/var/cache/dnf"), frozenset({"clean"}), "yum clean all"),
    "dnf": _Habit("DL3040", _DNF, ("/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5"), frozenset({"clean"}), "{} clean all"),
    "zypper": _Habit("DL3036", frozenset({"install", "in"}), ("/var/cache/zypp",), frozenset({"clean", "cc"}), "zypper clean --all"),
}  # fmt: skip

_DOCKER_CLEAN = "/etc/apt/apt.conf.d/docker-clean"
_ARCHIVES = _Habit("DL3009", frozenset({"install"}), ("/var/cache/apt",), frozenset({"clean"}), "apt-get clean")
"""What apt leaves behind where the image does not clean up after it any more."""


def check(file: LintFile) -> Iterator[Finding]:
    stages = reach.shipped(file)
    removals = _removals(file, stages)
    seen: set[tuple[int, str]] = set()
    for command in ran(file, stages):
        name = managers.manager(command)
        habit = _HABITS.get(name) if name else None
        if name == "apt" and _keeps_archives(file, command):
            habit = _ARCHIVES
        if name is None or habit is None or (id(command.node), name) in seen or not _leaves(command, habit):
            continue
        seen.add((id(command.node), name))
        remedy = habit.command.format(command.program)
        needed = _needed_in(file, command) if name == "apt" and "update" in habit.verbs else None
        hint = f"add {habit.option}" if habit.option else f"end this RUN with && {remedy}"
        yield file.finding(
            RULE.name,
            f"{habit.places[0]} stays in the image{_hidden(removals[habit.places[0]], command.node.span.line)}",
            span=command.span,
            hint=f"join it with the RUN in line {needed}, which needs the lists, and end that with && {remedy}"
            if needed
            else hint,
            fix=None if needed else _fix(command, habit, remedy),
            alias=habit.number,
        )


def _keeps_archives(file: LintFile, command: Ran) -> bool:
    """Whether a command installs after the setting was removed by which the images of Debian keep no archives."""
    if "install" not in command.texts:
        return False
    above = [step for step in file.steps(command.stage) if step.node.span.line <= command.node.span.line]
    return any(
        isinstance(step.node, Run) and cleaning.removes(file.commands(step, step.node), _DOCKER_CLEAN) for step in above
    )


def _leaves(command: Ran, habit: _Habit) -> bool:
    """Whether a command leaves its cache in the layer."""
    verb = next((text for text in command.texts if text in habit.verbs), None)
    if verb is None or command.has("--no-cache") or command.keeps(*habit.places):
        return False
    later = command.later
    cleaned = any(
        other.program in {command.program, "apt-get", "dnf", "yum"} and habit.clean & set(other.texts)
        for other in later
    )
    return not cleaned and not any(cleaning.removes(later, place) for place in habit.places)


def _needed_in(file: LintFile, command: Ran) -> int | None:
    """The line of a later RUN, in this stage or one that begins from it, that installs by the lists of this one."""
    updated: set[int] = set()
    for other in ran(file, file.stages):
        line = other.node.span.line
        if managers.manager(other) != "apt" or line <= command.node.span.line:
            continue
        if "update" in other.texts:
            if other.stage is command.stage:
                return None  # what comes later has newer lists
            updated.add(line)
        elif _INSTALLS & set(other.texts) and line not in updated and command.stage in file.chain(other.stage):
            return line
    return None


def _removals(file: LintFile, stages: Iterable[Stage]) -> Mapping[str, Sequence[int]]:
    """The lines of the RUNs that remove a directory, by the directory."""
    found: dict[str, list[int]] = {habit.places[0]: [] for habit in (*_HABITS.values(), _ARCHIVES)}
    for stage in stages:
        for step in stage.steps:
            if isinstance(step.node, Run):
                commands = file.commands(step, step.node)
                for place, lines in found.items():
                    if cleaning.removes(commands, place):
                        lines.append(step.node.span.line)
    return found


def _hidden(lines: Sequence[int], line: int) -> str:
    """What is told where a RUN below a line removes the cache, which is too late."""
    place = bisect_right(lines, line)
    if place == len(lines):
        return ""
    return f": the rm in line {lines[place]} only hides it, for it is in a layer below"


def _fix(command: Ran, habit: _Habit, remedy: str) -> Fix | None:
    if habit.option:
        verb = next(word for word in command.words if word.text in habit.verbs)
        edit = command.insertion(verb, habit.option)
        return Fix((edit,), f"add {habit.option}", safe=False) if edit else None
    return cleaning.appended(command, remedy, summary=f"end with {remedy}")


RULE = Rule(
    "SystemPackageCache",
    "the cache of a package manager stays in the image",
    check,
    level="info",
    aliases=tuple(habit.number for habit in _HABITS.values()),
)
