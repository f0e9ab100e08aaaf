"""Flags of instructions: `--name=value` between the keyword and the arguments, and which instruction takes which.

A flag may be quoted, `--` ends them, and a flag that does not take several values stands once
(BuildKit, frontend/dockerfile/instructions/bflag.go).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from functools import lru_cache

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.lines import LogicalLine
from stagemill.dockerfile.source import Source, quoted
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Flag, Word
from stagemill.errors import DockerfileError
from stagemill.values import dataclass


class Kind(enum.Enum):
    """What a flag takes."""

    SWITCH = "nothing, true or false"
    TEXT = "one value"
    TEXTS = "a value, and may stand several times"


_COPY = {"chown": Kind.TEXT, "chmod": Kind.TEXT, "link": Kind.SWITCH, "exclude": Kind.TEXTS}

KNOWN: Mapping[str, Mapping[str, Kind]] = {
    "FROM": {"platform": Kind.TEXT, "after": Kind.TEXTS},  # --after is buildah's
    "RUN": {"mount": Kind.TEXTS, "network": Kind.TEXT, "security": Kind.TEXT, "device": Kind.TEXTS},
    "COPY": _COPY | {"from": Kind.TEXT, "parents": Kind.SWITCH},
    "ADD": _COPY | {"checksum": Kind.TEXT, "keep-git-dir": Kind.SWITCH, "unpack": Kind.SWITCH},
    "HEALTHCHECK": dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), Kind.TEXT),
}


def read(line: LogicalLine, start: int, *, end: int, escape: str, source: Source) -> tuple[tuple[Flag, ...], int]:
    """The flags from `start` on, known or not, and where the arguments begin. DockerfileError for an open quote."""
    text = line.text
    found: list[Flag] = []
    at = _skip(text, start, end)
    while text.startswith("--", at, end):
        stop = _end_of_word(text, at, end=end, escape=escape)
        if stop < end and text[stop] in "'\"":
            place = line.span(stop, stop + 1)
            raise DockerfileError(
                "a quote in a flag is not closed", at=source.excerpt(place), hint=f"end it with {text[stop]}"
            )
        word = _without_quotes(text[at:stop], escape)
        if word != "--":
            found.append(_flag(line, word, (at, stop)))
        at = _skip(text, stop, end)
        if word == "--":
            break
    return tuple(found), at


def _end_of_word(text: str, start: int, *, end: int, escape: str) -> int:
    match = _word(escape).match(text, start, end)
    return match.end() if match else start


@lru_cache(maxsize=4)
def _word(escape: str) -> re.Pattern[str]:
    """Up to a blank that is neither quoted nor escaped; before a quote that is not closed. Escapes work in both quotes."""
    e = re.escape(escape)
    return re.compile(rf"(?:'(?:{e}.|[^'{e}])*+'|\"(?:{e}.|[^\"{e}])*+\"|{e}.|{e}\Z|[^{SPACES}'\"{e}]++)++", re.DOTALL)


def _without_quotes(word: str, escape: str) -> str:
    escaped, token = _tokens(escape)
    return "".join(escaped.sub(r"\1", m[m.lastindex or 0]) for m in token.finditer(word))


@lru_cache(maxsize=4)
def _tokens(escape: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """An escaped character, and what a flag consists of, in whichever group is there: in quotes, or not."""
    e = re.escape(escape)
    inside = rf"'((?:{e}.|[^'{e}])*+)'|\"((?:{e}.|[^\"{e}])*+)\""
    return re.compile(rf"{e}(.|\Z)", re.DOTALL), re.compile(rf"{inside}|((?:{e}.|{e}\Z|[^'\"{e}])++)", re.DOTALL)


def _skip(text: str, start: int, end: int) -> int:
    return end - len(text[start:end].lstrip(SPACES))


def _flag(line: LogicalLine, word: str, place: tuple[int, int]) -> Flag:
    start, end = place
    name, separator, value = word[2:].partition("=")
    span = line.span(start, end)
    if not separator:
        return Flag(name, None, span, span)
    equals = line.text.find("=", start, end)
    return Flag(name, value, span, line.span(equals + 1, end))


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of one instruction, checked against those that it takes."""

    source: Source
    given: tuple[Flag, ...]

    @classmethod
    def check(cls, keyword: str, given: tuple[Flag, ...], *, source: Source) -> Flags:
        """DockerfileError for a flag that is unknown, stands twice, or lacks its value."""
        known = KNOWN.get(keyword, {})
        seen: set[str] = set()
        for flag in given:
            kind = known.get(flag.name)
            if kind is None:
                raise _unknown(keyword, flag, source)
            if flag.name in seen and kind is not Kind.TEXTS:
                raise DockerfileError(
                    f"the flag --{flag.name} stands here a second time",
                    at=source.excerpt(flag.span),
                    hint="keep one of them",
                )
            seen.add(flag.name)
            _check_value(flag, kind, source)
        return cls(source, given)

    def one(self, name: str) -> Flag | None:
        return next((flag for flag in self.given if flag.name == name), None)

    def all(self, name: str) -> tuple[Flag, ...]:
        return tuple(flag for flag in self.given if flag.name == name)

    def switch(self, name: str) -> bool | None:
        """None where the flag is not given."""
        flag = self.one(name)
        return None if flag is None else (flag.value or "true").lower() == "true"

    def word(self, name: str) -> Word | None:
        """None where the flag is not given, or is empty, which is the same."""
        flag = self.one(name)
        return Word(flag.value, flag.value_span) if flag and flag.value else None

    def words(self, name: str) -> tuple[Word, ...]:
        return tuple(Word(flag.value or "", flag.value_span) for flag in self.all(name))


def _check_value(flag: Flag, kind: Kind, source: Source) -> None:
    if kind is Kind.SWITCH:
        if flag.value is not None and flag.value.lower() not in {"true", "false"}:
            raise DockerfileError(
                f"the flag --{flag.name} is true or false, not {quoted(flag.value)}",
                at=source.excerpt(flag.value_span),
                hint=f"write --{flag.name}, --{flag.name}=true or --{flag.name}=false",
            )
    elif flag.value is None:
        raise DockerfileError(
            f"the flag --{flag.name} lacks its value",
            at=source.excerpt(flag.span),
            hint=f"write --{flag.name}=VALUE, without a blank around the `=`",
        )


def _unknown(keyword: str, flag: Flag, source: Source) -> DockerfileError:
    known = KNOWN.get(keyword, {})
    near = nearest(flag.name, known)
    if near:
        hint = f"did you mean --{near}?"
    elif known:
        hint = f"{keyword} takes " + ", ".join(f"--{name}" for name in sorted(known))
    else:
        hint = f"{keyword} takes no flags; `{keyword} -- --…` passes such a word on"
    shown = quoted(f"--{flag.name}")
    return DockerfileError(f"unknown flag {shown} of {keyword}", at=source.excerpt(flag.span), hint=hint)
