"""A program that changes what it is itself, and then becomes another: `python -m stagemill.verify.start FACTS PROGRAM …`.

FACTS is the JSON of `Start`. The number of processors and the umask are inherited; so is the user.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stagemill.values import dataclass

MODULE = "stagemill.verify.start"


@dataclass(frozen=True, slots=True)
class Start:
    """How a program is to begin. `processors` are numbers, empty for those that there are. With `ids` it is root of a user
    namespace whose 0 is that id of the machine, and sees the directory `shown[0]` at `shown[1]` too.
    """

    umask: int = 0o022
    processors: tuple[int, ...] = ()
    ids: int = 0
    shown: tuple[str, str] = ("", "")

    def command(self, program: Sequence[str]) -> list[str]:
        """What is to be called."""
        facts = {"umask": self.umask, "processors": self.processors, "ids": self.ids, "shown": self.shown}
        return [sys.executable, "-P", "-m", MODULE, json.dumps(facts), *program]

    def begin(self, program: Sequence[str]) -> None:
        """Does not return. Raises OSError, SandboxError."""
        if self.processors:
            os.sched_setaffinity(0, self.processors)
        if self.ids:
            _become(self.ids, *self.shown)
        os.umask(self.umask)
        os.execv(program[0], list(program))  # noqa: S606  that is what this program is for


def surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for such a program: it is to find this very package, also where a relative PYTHONPATH leads to it."""
    kept = {**environment, "PYTHONDONTWRITEBYTECODE": "1"}
    if environment.get("PYTHONPATH"):
        own = Path(__file__).resolve().parents[2]
        kept["PYTHONPATH"] = os.pathsep.join([str(own), environment["PYTHONPATH"]])
    return kept


def _become(ids: int, source: str, target: str) -> None:
    from stagemill.sandbox import userns  # noqa: PLC0415  few are to be somebody else
    from stagemill.sandbox.inside import syscalls  # noqa: PLC0415

    if source:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
        place = os.open(target, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        syscalls.move_mount(syscalls.open_tree(source, recursive=False), place)
    userns.descend(ids)


def main(arguments: Sequence[str]) -> None:
    """Becomes the program."""
    facts, *program = arguments
    found = json.loads(facts)
    Start(found["umask"], tuple(found["processors"]), found["ids"], tuple(found["shown"])).begin(program)


if __name__ == "__main__":
    main(sys.argv[1:])
