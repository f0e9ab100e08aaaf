"""Flags of docker that change nothing here. Each is taken, and said to change nothing, unless it asks for what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from stagemill.cli.frame.command import Option
from stagemill.cli.frame.values import Values
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Unneeded:
    """Flags of one command with why they change nothing; with an empty reason there is nothing to be said.

    `valued` have a value, which may be one of their `defaults`. A flag may have a letter before its name.
    """

    alone: Mapping[str, str]
    valued: Mapping[str, str]
    defaults: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def options(self) -> Iterator[Option]:
        for flag in self.alone:
            yield Option(flag.split(), is_flag=True, hidden=True)
        for flag in self.valued:
            yield Option(flag.split(), multiple=True, hidden=True, metavar="VALUE")

    def notes(self, values: Values) -> Iterator[str]:
        """What to say of those that were given."""
        for flag, why in self.alone.items():
            if why and values.flag(_key(flag)):
                yield f"{_name(flag)} changes nothing: {why}"
        for flag, why in self.valued.items():
            if why and set(values.texts(_key(flag))) - self.defaults.get(_name(flag), frozenset()):
                yield f"{_name(flag)} changes nothing: {why}"


BUILD = Unneeded(
    alone={
        "--compress": "the context is read where it lies, and sent nowhere",
        "--rm": "",
        "--force-rm": "",
    },
    valued={
        "--builder": "stagemill builds by itself, without a builder",
        "--isolation": "RUN is always in namespaces of its own",
        "--security-opt": "buildx ignores it too; --cap-add, --cap-drop and RUN --security=insecure change what RUN may do",
    },
    defaults={"--isolation": frozenset({"", "default"}), "--builder": frozenset({"", "default"})},
)

BUILDER = Unneeded(
    alone={},
    valued={"--builder": "images are read and written without a builder"},
    defaults={"--builder": frozenset({"", "default"})},
)

_NOBODY_ASKS = "nothing is left of a container when it ends, and nobody can ask for it"
_NOBODY_STOPS = "there is no docker stop: a signal to stagemill run goes to the command"
_NO_HEALTH = "nobody looks after the health of a container"

RUN = Unneeded(
    alone={"--no-healthcheck": ""},
    valued={
        "--name": "there is no daemon that keeps containers, and no command that asks for one by its name",
        "-l --label": _NOBODY_ASKS,
        "--label-file": _NOBODY_ASKS,
        "--annotation": _NOBODY_ASKS,
        "--expose": "",
        "--stop-signal": _NOBODY_STOPS,
        "--stop-timeout": _NOBODY_STOPS,
        "--log-driver": "what the command writes is on your terminal, or where you redirect it",
        "--log-opt": "what the command writes is on your terminal, or where you redirect it",
        "--health-cmd": _NO_HEALTH,
        "--health-interval": _NO_HEALTH,
        "--health-retries": _NO_HEALTH,
        "--health-start-interval": _NO_HEALTH,
        "--health-start-period": _NO_HEALTH,
        "--health-timeout": _NO_HEALTH,
    },
    defaults={"--log-driver": frozenset({"", "none"})},
)


def _name(flag: str) -> str:
    return flag.rsplit(maxsplit=1)[-1]


def _key(flag: str) -> str:
    return _name(flag)[2:].replace("-", "_")
