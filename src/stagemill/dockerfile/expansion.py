"""Expansion: what a word of a Dockerfile means once variables are replaced and quotes are gone.

Forms: `$v`, `${v}`, `${v:-w}` `${v-w}` `${v:+w}` `${v+w}` `${v:?m}` `${v?m}` (words nest), `${v#p}` `${v##p}` `${v%p}`
`${v%%p}`, `${v/p/r}` `${v//p/r}`. An unset variable is empty; `$` before anything that is no name stays as it is.
Behaviour: BuildKit, frontend/dockerfile/shell; in POSIX's terms it is parameter expansion without commands and arithmetic.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Literal, TypeAlias

from stagemill.dockerfile import patterns
from stagemill.dockerfile.source import printable
from stagemill.regex import regex

Lookup: TypeAlias = Callable[[str], str | None]

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

_DEEPEST = 50
_SPECIAL_NAMES = "@*#?-$!0"
_SPLIT = regex(f"[{SPACES}]+")

_BRACES = "write ${NAME}"
_OPERATORS = "the operators are :- - :+ + :? ? # ## % %% / and //"

_Chunk: TypeAlias = tuple[str, bool]  # text, and whether the spaces in it separate words
_Stop: TypeAlias = Literal["", "}", "/"]


class ExpansionError(ValueError):
    """A word that cannot be expanded; `offset` is where in it, in characters."""

    def __init__(self, message: str, offset: int, *, hint: str | None = None) -> None:
        self.message = printable(message)
        self.hint = hint
        super().__init__(self.message)
        self.offset = offset


def expand(text: str, lookup: Lookup, *, escape: str = "\\") -> str:
    """One word: variables replaced, quotes removed, escapes applied. `lookup` gives None for what is unset."""
    if not _changing(escape).search(text):
        return text
    return "".join(chunk for chunk, _ in _Expander(text, lookup, escape=escape).run())


def expand_words(text: str, lookup: Lookup, *, escape: str = "\\") -> list[str]:
    """Like `expand`, then split at unquoted spaces, those of values too. Only EXPOSE does this."""
    words: list[str] = []
    current = ""
    for chunk, splits in _Expander(text, lookup, escape=escape).run():
        if not splits:
            current += chunk
            continue
        first, *rest = _SPLIT.split(chunk)
        current += first
        for piece in rest:
            words.append(current)
            current = piece
    words.append(current)
    return [word for word in words if word]


def expand_raw(text: str, lookup: Lookup) -> str:
    """The body of a heredoc: variables and backslashes as in `expand`, quotes untouched."""
    return "".join(chunk for chunk, _ in _Expander(text, lookup, quotes=False).run())


def unquote(text: str, *, escape: str = "\\") -> str:
    """Quotes removed and escapes applied, variables left as they are."""
    return "".join(chunk for chunk, _ in _Expander(text, None, escape=escape).run())


def variables(text: str, *, escape: str = "\\", quotes: bool = True) -> list[tuple[str, int]]:
    """The names that a text reads, each with the offset of its `$`, in order; what follows a mistake is not looked at."""
    expander = _Expander(text, lambda _name: "x", escape=escape, quotes=quotes)
    with suppress(ExpansionError):
        expander.run()
    return sorted(expander.names, key=lambda found: found[1])


class _Expander:
    """Reads one text from left to right. Without a `lookup`, `$` is a character like others."""

    __slots__ = ("at", "depth", "escape", "lookup", "names", "plain", "quotes", "text")

    def __init__(self, text: str, lookup: Lookup | None, *, escape: str = "\\", quotes: bool = True) -> None:
        self.text = text
        self.lookup = lookup
        self.escape = escape
        self.quotes = quotes
        self.plain = _plain(escape)
        self.at = 0
        self.depth = 0
        self.names: list[tuple[str, int]] = []

    def run(self) -> list[_Chunk]:
        return self._until("", raw=False, begin=0)

    def _until(self, stop: _Stop, *, raw: bool, begin: int) -> list[_Chunk]:
        """Reads to `stop` and past it; `raw` keeps escape characters, for patterns. `begin` is the `$` that it belongs to."""
        chunks: list[_Chunk] = []
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char == stop:
                self.at += 1
                return chunks
            plain = self.plain.match(text, self.at)
            if plain:
                self.at = plain.end()
                chunks.append((plain.group(), True))
            else:
                chunks.append(self._special(char, raw=raw))
        if stop:
            raise ExpansionError(f"`{stop}` is missing", begin, hint=_BRACES)
        return chunks

    def _special(self, char: str, *, raw: bool) -> _Chunk:
        if char == "$" and self.lookup is not None:
            return self._dollar(self.lookup), True
        if char == self.escape:
            return self._escaped(raw=raw), False
        if char == "'" and self.quotes:
            return self._single(), False
        if char == '"' and self.quotes:
            return self._double(raw=raw), False
        self.at += 1
        return char, True

    def _escaped(self, *, raw: bool) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        self.at += 1 + len(following)
        return self.escape + following if raw else following

    def _single(self) -> str:
        begin = self.at
        end = self.text.find("'", begin + 1)
        if end < 0:
            hint = f"close it, or write {self.escape}' for the sign itself"
            raise ExpansionError("a single quote is not closed", begin, hint=hint)
        self.at = end + 1
        return self.text[begin + 1 : end]

    def _double(self, *, raw: bool) -> str:
        begin = self.at
        self.at += 1
        pieces: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            plain = self.plain.match(self.text, self.at)
            if char == '"':
                self.at += 1
                return "".join(pieces)
            if plain:
                self.at = plain.end()
                pieces.append(plain.group())
            elif char == "$" and self.lookup is not None:
                pieces.append(self._dollar(self.lookup))
            elif char == self.escape:
                pieces.append(self._escaped_in_quotes(raw=raw))
            else:
                self.at += 1
                pieces.append(char)
        raise ExpansionError(
            "a double quote is not closed", begin, hint=f'close it, or write {self.escape}" for the sign itself'
        )

    def _escaped_in_quotes(self, *, raw: bool) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        if following in {'"', "$", self.escape}:
            self.at += 2
            return self.escape + following if raw else following
        self.at += 1
        return self.escape + self.escape if raw and following else self.escape

    def _dollar(self, lookup: Lookup) -> str:
        begin = self.at
        self.at += 1
        if self.text.startswith("{", self.at):
            self.at += 1
            self.depth += 1
            if self.depth > _DEEPEST:
                raise ExpansionError(f"more than {_DEEPEST} variables within each other", begin)
            value = self._braces(lookup, begin)
            self.depth -= 1
            return value
        name = self._name()
        return (self._get(lookup, name, begin) or "") if name else "$"

    def _get(self, lookup: Lookup, name: str, begin: int) -> str | None:
        self.names.append((name, begin))
        return lookup(name)

    def _name(self) -> str:
        """A name, a number, or one special character; empty where there is none of them."""
        text, start = self.text, self.at
        end = start
        first = text[start : start + 1]
        if first.isdecimal():
            while text[end : end + 1].isdecimal():
                end += 1
        elif first and first in _SPECIAL_NAMES:
            end += 1
        else:
            while end < len(text) and (text[end].isalpha() or text[end].isdecimal() or text[end] == "_"):
                end += 1
        self.at = end
        return text[start:end]

    def _take(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += len(char)
        return char

    def _braces(self, lookup: Lookup, begin: int) -> str:
        first = self.text[self.at : self.at + 1]
        if first and first in "{}:":
            raise ExpansionError("a name is missing after `${`", begin, hint=_BRACES)
        name = self._name()
        operator = self._take()
        if operator in {"", "\n"}:
            raise ExpansionError("`}` is missing", begin, hint=_BRACES)
        if operator == "}":
            return self._get(lookup, name, begin) or ""
        value = self._get(lookup, name, begin)
        if operator == "/":
            return self._replaced(value or "", begin)
        colon = operator == ":"
        if colon:
            operator = self._take()
        if operator and operator in "-+?":
            return self._default(name, value, operator=operator, colon=colon, begin=begin)
        if operator and operator in "#%" and not colon:
            return self._trimmed(value or "", operator, begin)
        shown = ":" + operator if colon else operator
        raise ExpansionError(f"`{shown}` is no operator of `${{{name}…}}`", begin, hint=_OPERATORS)

    def _default(self, name: str, value: str | None, *, operator: str, colon: bool, begin: int) -> str:
        word = self._word("}", raw=False, begin=begin)
        present = value is not None and not (colon and value == "")
        if operator == "+":
            return word if present else ""
        if present:
            return value or ""
        if operator == "-":
            return word
        problem = "is not set" if value is None else "is empty"
        raise ExpansionError(f"{name}: {word or problem}", begin)

    def _trimmed(self, value: str, operator: str, begin: int) -> str:
        word = self._word("}", raw=True, begin=begin)
        longest = word.startswith(operator)
        tokens = self._pattern(word[1:] if longest else word, begin)
        if operator == "#":
            return patterns.without_prefix(tokens, value, longest=longest)
        return patterns.without_suffix(tokens, value, longest=longest)

    def _replaced(self, value: str, begin: int) -> str:
        everywhere = self.text.startswith("/", self.at)
        if everywhere:
            self.at += 1
        pattern = self._word("/", raw=True, begin=begin)
        replacement = self._word("}", raw=True, begin=begin)
        return patterns.replace(self._pattern(pattern, begin), value, replacement, everywhere=everywhere)

    def _word(self, stop: _Stop, *, raw: bool, begin: int) -> str:
        return "".join(chunk for chunk, _ in self._until(stop, raw=raw, begin=begin))

    @staticmethod
    def _pattern(text: str, begin: int) -> list[str]:
        try:
            return patterns.parse(text)
        except ValueError as error:
            raise ExpansionError(str(error), begin) from error


@lru_cache(maxsize=8)
def _changing(escape: str) -> re.Pattern[str]:
    """What can be anything but itself in a word. Most words have none of it."""
    return re.compile("[$'\"" + re.escape(escape) + "]")


@lru_cache(maxsize=8)
def _plain(escape: str) -> re.Pattern[str]:
    """Runs of characters that mean nothing but themselves anywhere."""
    return re.compile("[^$'\"/}" + re.escape(escape) + "]+")
