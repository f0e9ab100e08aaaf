"""Which words STOPSIGNAL takes: a number, or the name of one of Linux's signals. Source: moby/sys/signal; signal(7)."""

from __future__ import annotations

from stagemill.dockerfile.suggest import nearest
from stagemill.regex import regex

_NAMES = frozenset({
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
    "PROF", "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
})  # fmt: skip
_REAL_TIME = regex(r"RTMIN\+(?:[1-9]|1[0-5])|RTMAX-(?:[1-9]|1[0-4])")
_NUMBER = regex(r"0*+(?:[1-9]|[1-5][0-9]|6[0-4])")


def near(text: str) -> str | None:
    """The signal that may be meant."""
    found = nearest(text.upper().removeprefix("SIG"), _NAMES)
    return f"SIG{found}" if found else None


def is_signal(text: str) -> bool:
    """In any case, with or without `SIG` before a name."""
    name = text.upper().removeprefix("SIG")
    return bool(_NUMBER.fullmatch(text)) or name in _NAMES or bool(_REAL_TIME.fullmatch(name))
