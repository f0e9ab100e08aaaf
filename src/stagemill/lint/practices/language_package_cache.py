"""`LanguagePackageCache`: what pip, npm or yarn have loaded stays in a layer of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.lint import cleaning, managers, reach
from stagemill.lint.file import LintFile
from stagemill.lint.finding import Finding, Fix
from stagemill.lint.ran import Ran, ran
from stagemill.lint.rule import Rule
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class _Habit:
    """`place` is what is left behind, `off` are options and variables that keep it from being written."""

    number: str
    place: str
    off: tuple[str, ...]
    hint: str


_HABITS: Mapping[str, _Habit] = {
    "pip": _Habit("DL3042", "/root/.cache/pip", ("--no-cache-dir", "PIP_NO_CACHE_DIR"), "add --no-cache-dir"),
    "npm": _Habit("", "/root/.npm", ("--cache", "NPM_CONFIG_CACHE"), "end this RUN with && npm cache clean --force"),
    "yarn": _Habit("DL3060", "/usr/local/share/.cache", ("--cache-folder", "YARN_CACHE_FOLDER"), "end this RUN with && yarn cache clean"),
}  # fmt: skip
_FALSE = frozenset({"0", "off", "no", "false"})
_NPM = frozenset({"ci", "install", "i", "clean-install", "add"})


def check(file: LintFile) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for command in ran(file, reach.shipped(file)):
        name = _manager(command)
        habit = _HABITS.get(name)
        if habit is None or (id(command.node), name) in seen or _is_kept_out(command, habit):
            continue
        seen.add((id(command.node), name))
        yield file.finding(
            RULE.name,
            f"what {name} has loaded stays in the image, in {habit.place}",
            span=command.span,
            hint=f"{habit.hint}, or keep it between builds: RUN --mount=type=cache,target={habit.place}",
            fix=_fix(command, name, habit),
            alias=habit.number,
        )


def _manager(command: Ran) -> str:
    """Who installs packages; empty for all other commands."""
    words = command.operands({"--registry", "--prefix", "--network-timeout", "--cwd"})
    verb = words[0].text if words else ""
    if command.program == "yarn" and (
        verb == "install" or (not words and not command.has("-v", "--version", "--help"))
    ):
        return "yarn"
    if command.program == "npm" and verb in _NPM:
        return "npm"
    found = managers.install(command)
    has_something = found is not None and bool(found.packages or command.has("-r", "--requirement", "-e", "--editable"))
    return "pip" if found and found.manager == "pip" and command.program != "pipx" and has_something else ""


def _is_kept_out(command: Ran, habit: _Habit) -> bool:
    exported = (text.partition("=") for other in command.beside if other.program == "export" for text in other.texts)
    env = {**command.step.before.env, **dict(command.command.env), **{name: value for name, _, value in exported}}
    names = [name for name in (habit.off[1], habit.off[1].lower()) if name in env]
    if command.has(*habit.off[:1]) or any((env[name] or "").lower() not in _FALSE for name in names):
        return True
    if any(_is_home(options, habit.place) for options in command.mounts):
        return True
    return _is_cleaned(command, habit)


def _is_home(options: dict[str, str], place: str) -> bool:
    """Whether a mount is the cache of anybody: of root, or of another user."""
    target = options.get("target") or options.get("dst") or options.get("destination") or ""
    name = place.removeprefix("/root")
    return target.rstrip("/").endswith((name, "/.cache", "/.yarn", "/yarn", "/yarn-cache"))


def _is_cleaned(command: Ran, habit: _Habit) -> bool:
    purged = any(
        other.program == command.program and "cache" in other.texts and {"clean", "purge", "rm"} & set(other.texts)
        for other in command.later
    )
    above = habit.place.rpartition("/")[0] if habit.place.count("/") > 2 else habit.place
    return purged or cleaning.removes(command.later, habit.place) or cleaning.removes(command.later, above)


def _fix(command: Ran, name: str, habit: _Habit) -> Fix | None:
    if name != "pip":
        remedy = habit.hint.partition("&& ")[2]
        return cleaning.appended(command, remedy, summary=f"end with {remedy}")
    verb = next(word for word in command.words if word.text == "install")
    edit = command.insertion(verb, "--no-cache-dir")
    return Fix((edit,), "add --no-cache-dir", safe=False) if edit else None


RULE = Rule(
    "LanguagePackageCache",
    "the cache of pip, npm or yarn stays in the image",
    check,
    level="info",
    aliases=("DL3042", "DL3060"),
)
