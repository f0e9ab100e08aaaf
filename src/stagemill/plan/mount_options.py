"""`Option`: one `key=value` of a `--mount`, with its place. Source: BuildKit, instructions/commands_runmount.go; RFC 4180."""

from __future__ import annotations

from collections.abc import Iterator

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Flag, Run, Word
from stagemill.plan.site import Site
from stagemill.regex import regex
from stagemill.values import dataclass

NAMES = {
    "type": "type",
    "from": "from",
    "source": "source",
    "src": "source",
    "target": "target",
    "dst": "target",
    "destination": "target",
    "readonly": "readonly",
    "ro": "readonly",
    "readwrite": "readwrite",
    "rw": "readwrite",
    "required": "required",
    "id": "id",
    "sharing": "sharing",
    "size": "size",
    "mode": "mode",
    "uid": "uid",
    "gid": "gid",
    "env": "env",
}
"""What keys mean, by all their spellings."""

BARE = ("readonly", "readwrite", "required")
_QUOTED = regex(r'"((?:[^"]|"")*)"(?=,|\Z)')


@dataclass(frozen=True, slots=True)
class Option:
    """`key` is in lower case and as written, `value` not expanded yet; None for a word that stands alone."""

    key: str
    value: str | None
    text: str
    span: Span

    @property
    def name(self) -> str:
        """What the key means; empty where nobody knows it."""
        return NAMES.get(self.key, "")

    @property
    def word(self) -> Word:
        """The value, where it stands."""
        value = self.value or ""
        return Word(value, self.span.at(len(self.text) - len(value), len(value)))


def options(flag: Flag, site: Site) -> tuple[Option, ...]:
    """The options of a `--mount` in order. Raises DockerfileError where a quote is out of place."""
    text = flag.value or ""
    exact = _written(flag, site) == text
    found = []
    for field, offset, length in _fields(text, flag, site):
        span = flag.value_span.at(offset, max(length, 1)) if exact else flag.value_span
        key, equals, value = field.partition("=")
        found.append(Option(key.strip().lower(), value if equals else None, field, span))
    return tuple(found)


def source_words(node: Run, site: Site) -> Iterator[Word]:
    """The `from` of each mount: a stage, an image or a context, as it is written."""
    for flag in node.mounts:
        for option in options(flag, site):
            if option.name == "from" and option.value:
                yield option.word


def _written(flag: Flag, site: Site) -> str:
    """The text of a flag's value in the file, in which places can be shown if it is the value itself."""
    span = flag.value_span
    line = site.source.excerpt(span).text
    return line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else ""


def _fields(text: str, flag: Flag, site: Site) -> Iterator[tuple[str, int, int]]:
    """Fields between commas, with offset and length; one in quotes may hold commas, and `""` for a quote."""
    at = 0
    while at <= len(text):
        quoted = _QUOTED.match(text, at)
        end = quoted.end() if quoted else text.find(",", at)
        end = len(text) if end < 0 else end
        field = quoted[1].replace('""', '"') if quoted else text[at:end]
        if not quoted and '"' in field:
            hint = "put the whole option in double quotes, and the value of the flag in single ones"
            raise site.error(f"a quote stands inside of {field!r}", flag.value_span, hint=hint)
        yield field, at, end - at
        at = end + 1
