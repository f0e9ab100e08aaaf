"""Instructions that say what to run: RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK."""

from __future__ import annotations

import re

from stagemill.dockerfile import durations, heredocs
from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.flags import Flags
from stagemill.dockerfile.source import Span, printable, quoted
from stagemill.dockerfile.statement import Statement
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Cmd, Entrypoint, Flag, Healthcheck, Run, Shell
from stagemill.regex import regex

NETWORKS = ("default", "none", "host")
SECURITIES = ("sandbox", "insecure")

_MILLISECOND = 1_000_000
_MOUNT_FROM_VARIABLE = regex(r"(?:^|,)\"?from=([^,]*\$[^,\"]+)", re.IGNORECASE)
_RETRIES = regex(r"\+?[0-9]{1,18}|-0+")
_MOST_RETRIES = (1 << 31) - 1


def run(statement: Statement) -> Run:
    flags = statement.checked()
    command = statement.command()
    mounts = flags.all("mount")
    for mount in mounts:
        _check_mount(statement, mount)
    return Run(
        **statement.common(),
        command=command,
        heredocs=statement.heredocs,
        mounts=mounts,
        devices=flags.all("device"),
        network=_choice(statement, flags, name="network", choices=NETWORKS),
        security=_choice(statement, flags, name="security", choices=SECURITIES),
        only_heredoc=len(statement.heredocs) == 1 and heredocs.opening(command.text) is not None,
    )


def cmd(statement: Statement) -> Cmd:
    statement.checked()
    return Cmd(**statement.common(), command=statement.command())


def entrypoint(statement: Statement) -> Entrypoint:
    statement.checked()
    return Entrypoint(**statement.common(), command=statement.command())


def shell(statement: Statement) -> Shell:
    statement.checked()
    command = statement.command()
    if not command.text or command.exec == ():
        raise statement.error("SHELL needs at least one argument", hint='for example: SHELL ["/bin/bash", "-c"]')
    if command.exec is None:
        raise statement.error("the arguments of SHELL must be a JSON array", hint=_as_array(statement))
    return Shell(**statement.common(), args=command.exec)


def healthcheck(statement: Statement) -> Healthcheck:
    words = statement.split()
    if not words:
        raise statement.error(
            "HEALTHCHECK needs at least one argument", hint="write HEALTHCHECK CMD … or HEALTHCHECK NONE"
        )
    kind = words[0].text.upper()
    start = statement.start + len(words[0].text)
    start = statement.end - len(statement.line.text[start : statement.end].lstrip(SPACES))
    if kind == "NONE":
        if start < statement.end:
            hint = "leave them out, or write HEALTHCHECK CMD"
            raise statement.error("HEALTHCHECK NONE takes no arguments", hint=hint)
        return Healthcheck(**statement.common(), none=True)
    if kind != "CMD":
        near = nearest(kind, ("CMD", "NONE"))
        hint = f"did you mean {near}?" if near else f"write HEALTHCHECK CMD before {quoted(statement.arguments)}"
        raise statement.error(f"{quoted(words[0].text)} is no kind of HEALTHCHECK", at=words[0].span, hint=hint)
    flags = statement.checked()
    command = statement.command(start)
    if not command.text or command.exec == ():
        hint = "for example: HEALTHCHECK CMD curl -f http://localhost/"
        raise statement.error("the command after HEALTHCHECK CMD is missing", hint=hint)
    return Healthcheck(
        **statement.common(),
        command=command,
        interval=_duration(statement, flags.one("interval")),
        timeout=_duration(statement, flags.one("timeout")),
        start_period=_duration(statement, flags.one("start-period")),
        start_interval=_duration(statement, flags.one("start-interval")),
        retries=_retries(statement, flags.one("retries")),
    )


def _as_array(statement: Statement) -> str:
    words = [printable(word.text) for word in statement.split()]
    if any(char in word for word in words for char in "[]\"'\\"):
        return 'put every argument in double quotes, with commas between: ["/bin/sh", "-c"]'
    return "write SHELL [" + ", ".join(f'"{word}"' for word in words) + "]"


def _choice(statement: Statement, flags: Flags, *, name: str, choices: tuple[str, ...]) -> Flag | None:
    flag = flags.one(name)
    if flag is None or flag.value in choices:
        return flag
    near = nearest(flag.value or "", choices)
    hint = f"did you mean {near}?" if near else f"it is one of {', '.join(choices)}"
    raise statement.error(f"{quoted(flag.value or '')} is no value of --{name}", at=flag.value_span, hint=hint)


def _check_mount(statement: Statement, mount: Flag) -> None:
    found = _MOUNT_FROM_VARIABLE.search(mount.value or "")
    if found:
        raise statement.error(
            f"`from` of a mount does not expand variables, and holds {quoted(found[1])}",
            at=_in_value(mount, f"from={found[1]}"),
            hint="give it a name with `FROM … AS name` at the top, and mount from that name",
        )


def _in_value(flag: Flag, part: str) -> Span:
    """The part of a flag's value, where that is written as it is."""
    offset = (flag.value or "").find(part)
    span = flag.value_span
    as_written = span.line == span.end_line and span.end_column - span.column == len(flag.value or "")
    return span.at(offset, len(part)) if as_written and offset >= 0 else span


def _duration(statement: Statement, flag: Flag | None) -> int:
    if flag is None or not flag.value:
        return 0
    try:
        duration = durations.parse(flag.value)
    except ValueError as error:
        raise statement.error(
            f"{quoted(flag.value)} of --{flag.name} is no duration",
            at=flag.value_span,
            hint="a duration is a number and its unit (ms, s, m or h), such as 30s or 1m30s",
        ) from error
    if duration and duration < _MILLISECOND:
        hint = "write 1ms or more, or leave the flag out"
        raise statement.error(f"{quoted(flag.value)} of --{flag.name} is less than 1ms", at=flag.value_span, hint=hint)
    return duration


def _retries(statement: Statement, flag: Flag | None) -> int:
    if flag is None or not flag.value:
        return 0
    if not _RETRIES.fullmatch(flag.value) or int(flag.value) > _MOST_RETRIES:
        raise statement.error(
            f"{quoted(flag.value)} of --retries is no number of retries",
            at=flag.value_span,
            hint=f"it is a whole number from 0 to {_MOST_RETRIES}",
        )
    return int(flag.value)
