"""`Owner`: whom the text of `--chown` or USER means in a tree.

Source: BuildKit, solver/llbsolver/file/user_linux.go: a number is also the group's number where none is given; a name
brings its primary group.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from stagemill.errors import StagemillError
from stagemill.files.paths import resolve
from stagemill.files.view import FileView
from stagemill.values import dataclass

Database: TypeAlias = Literal["passwd", "group"]

_MOST_BYTES = 10 << 20
_LARGEST_ID = (1 << 32) - 2
_NOUNS: dict[Database, str] = {"passwd": "user", "group": "group"}


@dataclass(frozen=True, slots=True)
class Owner:
    uid: int = 0
    gid: int = 0


def find(text: str, tree: FileView, *, flag: str) -> Owner:
    """The owner that `user[:group]` means; names are looked up in the tree's /etc/passwd and /etc/group.

    `flag` is what the text was given to, for errors. Raises StagemillError.
    """
    user, _, group = text.partition(":")
    if not user:
        raise StagemillError(f"{flag} names no user: {text!r}", hint="write user or user:group, as names or as numbers")
    uid, gid = _user(user, tree, flag)
    if group:
        gid = _number(group, flag) if _is_number(group) else _named(group, tree, flag=flag, database="group")[0]
    return Owner(uid, gid)


def _user(user: str, tree: FileView, flag: str) -> tuple[int, int]:
    if _is_number(user):
        number = _number(user, flag)
        return number, number
    uid, gid = _named(user, tree, flag=flag, database="passwd")
    return uid, gid


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(text: str, flag: str) -> int:
    number = int(text)
    if number > _LARGEST_ID:
        raise StagemillError(f"{flag} names the id {text}, the largest is {_LARGEST_ID}", hint="use a smaller number")
    return number


def _named(name: str, tree: FileView, *, flag: str, database: Database) -> tuple[int, int]:
    """The third and fourth fields of a name's line; a group's fourth is not a number and counts as 0."""
    names = []
    for fields in _lines(tree, database):
        if fields[0] == name:
            return int(fields[2]), int(fields[3]) if _is_number(fields[3]) else 0
        names.append(fields[0])
    from difflib import get_close_matches  # noqa: PLC0415  only errors need it

    near = get_close_matches(name, names, n=1)
    noun = _NOUNS[database]
    hint = f'did you mean "{near[0]}"?' if near else f"add the {noun} in a RUN before, or use a number"
    raise StagemillError(
        f'{flag} names the {noun} "{name}", which /etc/{database} of the image does not have', hint=hint
    )


def _lines(tree: FileView, database: Database) -> Iterator[list[str]]:
    path = resolve(tree, f"etc/{database}")
    entry = tree.lstat(path)
    if entry is None or entry.kind != "file":
        return
    if entry.size > _MOST_BYTES:
        raise StagemillError(f"/etc/{database} of the image is larger than {_MOST_BYTES >> 20} MiB", hint="use numbers")
    for line in tree.real_path(path).read_bytes().decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(":")
        if len(fields) >= 4 and _is_number(fields[2]):
            yield fields
