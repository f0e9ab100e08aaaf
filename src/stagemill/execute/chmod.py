"""`Mode`: what `--chmod` makes of a file's mode, in octal or in the words of chmod(1).

Source: POSIX, chmod, "Extended Description"; coreutils for the sticky bit and for the set-id bits of directories. There is
no umask.
"""

from __future__ import annotations

import re

from stagemill.errors import StagemillError
from stagemill.regex import regex
from stagemill.values import dataclass

_DEFAULT_DIRECTORY = 0o755
_CLAUSE = regex(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION = regex(r"([-+=])([rwxXst]*|[ugo])(?![rwxXstugo])")
_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SHIFT = {"u": 6, "g": 3, "o": 0}
_SET_ID = 0o6000


@dataclass(frozen=True, slots=True)
class Action:
    """One `+`, `-` or `=` on the bits of `who`; `what` is letters of permissions, or one letter whose bits are copied."""

    who: int
    sign: str
    what: str


@dataclass(frozen=True, slots=True)
class Mode:
    """Either `octal` or `actions`; without both a mode stays as it is."""

    octal: int | None = None
    actions: tuple[Action, ...] = ()

    @property
    def of_new_directories(self) -> int:
        """The mode of directories that a copy has to make above its files; only an octal one reaches them (traps 4)."""
        return _DEFAULT_DIRECTORY if self.octal is None else self.octal & 0o777

    def apply(self, mode: int, *, directory: bool) -> int:
        """The mode that a file or directory gets."""
        if self.octal is not None:
            return self.octal
        current = mode
        for action in self.actions:
            current = _act(action, current, original=mode, directory=directory)
        return current


def parse(text: str) -> Mode:
    """The mode that a text means, none for an empty one. Raises StagemillError."""
    if not text:
        return Mode()
    if re.fullmatch("[0-7]+", text) and int(text, 8) <= 0o7777:
        return Mode(octal=int(text, 8))
    actions: list[Action] = []
    for clause in text.split(","):
        found = _CLAUSE.fullmatch(clause)
        parsed = list(_ACTION.finditer(found.group(2))) if found else []
        if not found or "".join(action.group() for action in parsed) != found.group(2):
            raise StagemillError(
                f"invalid chmod parameter: {text!r}, it should be an octal number between 0 and 07777, or symbolic",
                hint="for example 0755, or u=rwX,go=rX",
            )
        who = 0
        for letter in found.group(1) or "a":
            who |= _WHO[letter]
        actions += [Action(who, action.group(1), action.group(2)) for action in parsed]
    return Mode(actions=tuple(actions))


def _act(action: Action, mode: int, *, original: int, directory: bool) -> int:
    bits = _bits(action.what, mode, executable=directory or bool(original & 0o111)) & action.who
    match action.sign:
        case "+":
            return mode | bits
        case "-":
            return mode & ~bits
        case _:
            kept = ~action.who | (_SET_ID if directory else 0)
            return (mode & kept) | bits


def _bits(what: str, mode: int, *, executable: bool) -> int:
    if what in _SHIFT:
        return ((mode >> _SHIFT[what]) & 0o7) * 0o111
    bits = 0
    for letter in what:
        bits |= _BITS.get(letter, 0o111 if executable else 0)
    return bits
