"""`find`, who a USER instruction names: numbers or names, looked up in the image's own passwd and group files; `find_group`.

The rules are BuildKit's (executor/oci/user.go over moby/sys/user); see also passwd(5) and group(5).
"""

from __future__ import annotations

from collections.abc import Iterable

from stagemill.errors import SandboxError
from stagemill.sandbox.process import Credentials
from stagemill.values import dataclass

_LARGEST = 2**31 - 1
_NO_HOME = "/"


@dataclass(frozen=True, slots=True)
class _Account:
    """A line of passwd."""

    name: str
    uid: int
    gid: int
    home: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A line of group."""

    name: str
    gid: int
    members: tuple[str, ...]


def find(user: str, *, passwd: str, group: str) -> Credentials:
    """The credentials of `user`, `uid`, `user:group` or `uid:gid`; an empty user is root.

    `passwd` and `group` are the texts of the image's files, empty where it has none. A user without a group gets the
    primary one and all that list it as a member; with a group it gets that one alone. A number that nobody has is
    taken as it is (as a uid with gid 0). Raises SandboxError for a name that is in no file, or a number out of range.
    """
    name, _, group_name = user.partition(":")
    account = _account(name or "0", passwd)
    groups = list(_groups(group))
    if group_name:
        gid = _gid(group_name, groups)
        supplementary: tuple[int, ...] = (gid,)
    else:
        gid = account.gid
        supplementary = (gid, *(found.gid for found in groups if account.name and account.name in found.members))
    return Credentials(account.uid, gid, tuple(dict.fromkeys(supplementary)), account.home)


def find_group(name: str, *, group: str) -> int:
    """The number of a group of the image, by name or number. Raises SandboxError."""
    return _gid(name, list(_groups(group)))


def _account(name: str, passwd: str) -> _Account:
    accounts = list(_accounts(passwd))
    for account in accounts:
        if account.name == name or str(account.uid) == name:
            return account
    uid = _number(name, "user")
    if uid is not None:
        # A number may be written with zeros in front.
        return next((found for found in accounts if found.uid == uid), _Account("", uid, 0, _NO_HOME))
    raise SandboxError(
        f"there is no user {name} in the image's /etc/passwd",
        hint=_suggestion(name, (account.name for account in accounts), how=f"RUN useradd {name}"),
    )


def _gid(name: str, groups: list[_Group]) -> int:
    for found in groups:
        if name == found.name or name == str(found.gid):
            return found.gid
    gid = _number(name, "group")
    if gid is not None:
        return gid
    raise SandboxError(
        f"there is no group {name} in the image's /etc/group",
        hint=_suggestion(name, (found.name for found in groups), how=f"RUN groupadd {name}"),
    )


def _number(text: str, what: str) -> int | None:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        return None
    number = int(text)
    if not 0 <= number <= _LARGEST:
        hint = "use a number from 0 up" if number < 0 else "use a smaller number"
        raise SandboxError(f"{what} number {text} is out of range: wanted 0 to {_LARGEST}", hint=hint)
    return number


def _suggestion(name: str, known: Iterable[str], *, how: str) -> str:
    import difflib  # noqa: PLC0415 - only an error needs it

    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?" if near else f"add it first, for example with `{how}`, or use a number"


def _accounts(text: str) -> Iterable[_Account]:
    for line in text.splitlines():
        fields = line.strip().split(":")
        if len(fields) >= 4 and _is_number(fields[2]) and _is_number(fields[3]):
            home = fields[5] if len(fields) > 5 and fields[5] else _NO_HOME
            yield _Account(fields[0], int(fields[2]), int(fields[3]), home)


def _groups(text: str) -> Iterable[_Group]:
    for line in text.splitlines():
        fields = line.strip().split(":")
        if len(fields) >= 3 and _is_number(fields[2]):
            members = fields[3].split(",") if len(fields) > 3 and fields[3] else ()
            yield _Group(fields[0], int(fields[2]), tuple(members))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
