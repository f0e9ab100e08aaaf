"""Flags of docker that change nothing here. Each is taken, and said to change nothing, unless it asks for what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.cli.command import Option
from stagemill.cli.values import Values

_ALONE: Mapping[str, str] = {
    "--compress": "the context is read where it lies, and sent nowhere",
    "--rm": "",
    "--force-rm": "",
}
_VALUED: Mapping[str, str] = {
    "--builder": "stagemill builds by itself, without a builder",
    "--isolation": "RUN is always in namespaces of its own",
    "--security-opt": "buildx ignores it too; --cap-add, --cap-drop and RUN --security=insecure change what RUN may do",
}
_DEFAULTS = {"--isolation": {"", "default"}, "--builder": {"", "default"}}


def options() -> Iterator[Option]:
    for name in _ALONE:
        yield Option([name], is_flag=True, hidden=True)
    for name in _VALUED:
        yield Option([name], multiple=True, hidden=True, metavar="VALUE")


def notes(values: Values) -> Iterator[str]:
    """What to say of those that were given. What is removed anyway (--rm) is nothing to be said."""
    for name, why in _ALONE.items():
        if why and values.flag(_key(name)):
            yield f"{name} changes nothing: {why}"
    for name, why in _VALUED.items():
        if set(values.texts(_key(name))) - _DEFAULTS.get(name, set()):
            yield f"{name} changes nothing: {why}"


def _key(name: str) -> str:
    return name[2:].replace("-", "_")
