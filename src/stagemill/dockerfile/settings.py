"""Instructions that only set something: ARG, ENV, LABEL, EXPOSE, USER, WORKDIR, VOLUME, STOPSIGNAL, MAINTAINER."""

from __future__ import annotations

from stagemill.dockerfile.expansion import SPACES
from stagemill.dockerfile.source import printable, quoted
from stagemill.dockerfile.statement import Statement
from stagemill.dockerfile.tree import Arg, Env, Expose, Label, Maintainer, Pair, StopSignal, User, Volume, Word, Workdir
from stagemill.regex import regex

_BLANKS = regex(r"[\t\v\f\r ]+")


def arg(statement: Statement) -> Arg:
    words = statement.split_quoted()
    if not words:
        raise statement.error("ARG needs at least one argument", hint="write ARG NAME or ARG NAME=default")
    items: list[Pair] = []
    for word in words:
        key, equals, value = word.text.partition("=")
        if not key:
            raise statement.error("the name before `=` is missing", at=word.span, hint="write ARG NAME=default")
        items.append(Pair(key, value if equals else None, word.span))
    return Arg(**statement.common(), items=tuple(items))


def env(statement: Statement) -> Env:
    items, legacy = _pairs(statement)
    return Env(**statement.common(), items=items, legacy=legacy)


def label(statement: Statement) -> Label:
    items, legacy = _pairs(statement)
    return Label(**statement.common(), items=items, legacy=legacy)


def expose(statement: Statement) -> Expose:
    statement.checked()
    ports = statement.split()
    if not ports:
        raise statement.error("EXPOSE needs at least one argument", hint="for example: EXPOSE 8080/tcp")
    return Expose(**statement.common(), ports=tuple(ports))


def user(statement: Statement) -> User:
    statement.checked()
    return User(**statement.common(), user=statement.one())


def workdir(statement: Statement) -> Workdir:
    statement.checked()
    return Workdir(**statement.common(), path=statement.one())


def stop_signal(statement: Statement) -> StopSignal:
    """Flags are ignored, as BuildKit does for this one and ARG."""
    return StopSignal(**statement.common(), signal=statement.one())


def maintainer(statement: Statement) -> Maintainer:
    statement.checked()
    return Maintainer(**statement.common(), name=statement.one())


def volume(statement: Statement) -> Volume:
    statement.checked()
    words, json = statement.paths()
    if not words:
        raise statement.error("VOLUME needs at least one argument", hint="for example: VOLUME /data")
    paths = tuple(Word(word.text.strip(SPACES), word.span) for word in words)
    for path in paths:
        if not path.text:
            raise statement.error("the path of a VOLUME is empty", at=path.span, hint="take it out, or write a path")
    return Volume(**statement.common(), paths=paths, json=json)


def _pairs(statement: Statement) -> tuple[tuple[Pair, ...], bool]:
    """`key=value …`, or `key rest of line`; the first word decides."""
    statement.checked()
    words = statement.split_quoted()
    if not words:
        raise statement.error(
            f"{statement.keyword} needs at least one argument", hint=f"write {statement.keyword} NAME=value"
        )
    if "=" not in words[0].text:
        return (_legacy_pair(statement),), True
    items: list[Pair] = []
    for word in words:
        key, equals, value = word.text.partition("=")
        if not equals:
            raise statement.error(
                f"{quoted(word.text)} lacks its `=`",
                at=word.span,
                hint="write NAME=value, and put a value with blanks in double quotes",
            )
        if not key:
            hint = f"write {statement.keyword} NAME=value, without a blank before the `=`"
            raise statement.error("the name before `=` is missing", at=word.span, hint=hint)
        items.append(Pair(key, value, word.span))
    return tuple(items), False


def _legacy_pair(statement: Statement) -> Pair:
    key, *rest = _BLANKS.split(statement.arguments, maxsplit=1)
    if not rest:
        raise statement.error(
            f"{statement.keyword} {quoted(key)} has no value",
            hint=f'write {statement.keyword} {printable(key)}=value; an empty value is ""',
        )
    return Pair(key, rest[0], statement.place)
