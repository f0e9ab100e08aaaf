"""The parser: text in, a `Dockerfile` out, or a `DockerfileError` that shows the place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from stagemill.dockerfile import commands, directives, heredocs, settings, transfers
from stagemill.dockerfile.lines import LineReader, LogicalLine
from stagemill.dockerfile.source import Source, Span, printable, quoted
from stagemill.dockerfile.statement import Statement
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Arg, Dockerfile, Flag, From, InstructionNode, OnBuild, Word
from stagemill.errors import DockerfileError
from stagemill.regex import regex
from stagemill.timings import measured

_STAGE_NAME = regex(r"[a-z][a-z0-9-_.]*")
_TAKES_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})
_MOST_NULS = 8
_START = Span(1, 1, 1, 1)


@measured("parse")
def parse(text: str | bytes, name: str = "Dockerfile") -> Dockerfile:
    """The whole file; at least one stage is in it. DockerfileError for whatever is wrong with it."""
    found, error = parse_prefix(text, name)
    if error is not None:
        raise error
    return found


def parse_prefix(text: str | bytes, name: str = "Dockerfile") -> tuple[Dockerfile, DockerfileError | None]:
    """The file up to its first mistake, and that mistake; there may be no stage in it.

    DockerfileError where not even that can be read: for a file that is no text, and for wrong directives.
    """
    source = _source(text, name)
    found = directives.read(source)
    escape = directives.escape(source, found)
    reader = LineReader(source, escape=escape, directives=found[-1].span.line if found else 0)
    instructions: list[InstructionNode] = []
    done = 0
    in_stage = False
    error: DockerfileError | None = None
    try:
        while (line := reader.read()) is not None:
            instruction = _instruction(reader, line, source=source, escape=escape, done=done)
            in_stage = in_stage or isinstance(instruction, From)
            if not in_stage and not isinstance(instruction, Arg):
                raise _too_early(instruction, source)
            instructions.append(instruction)
            done = reader.at
        if not in_stage:
            raise _no_stage(source, instructions)
    except DockerfileError as mistake:
        error = mistake
    trailing = reader.slice(done, len(reader.lines))
    return Dockerfile(source, found, escape, tuple(instructions), trailing, tuple(reader.blank)), error


def _too_early(instruction: InstructionNode, source: Source) -> DockerfileError:
    return DockerfileError(
        f"{instruction.keyword} stands before the first FROM",
        at=source.excerpt(instruction.span),
        hint="only ARG may; begin the stage with FROM",
    )


def parse_trigger(text: str, name: str) -> InstructionNode:
    """One instruction that an image's config keeps for its children; its heredocs stand below it.

    DockerfileError where it is none, more than one, or one that may be no trigger.
    """
    source = _source(text, name)
    reader = LineReader(source, escape="\\", directives=0)
    line = reader.read()
    if line is None:
        raise DockerfileError("an ONBUILD trigger of the image is empty", at=source.excerpt(_START))
    instruction = _instruction(reader, line, source=source, escape="\\", done=0)
    _check_trigger(instruction.keyword, source, at=instruction.span)
    following = reader.read()
    if following is not None:
        place = following.span(0, len(following.text))
        raise DockerfileError("an ONBUILD trigger of the image has a second instruction", at=source.excerpt(place))
    return instruction


def _source(text: str | bytes, name: str) -> Source:
    decoded = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    source = Source(name, decoded)
    nul = decoded.find("\0")
    if nul >= 0:
        line = decoded.count("\n", 0, nul) + 1
        column = nul - decoded.rfind("\n", 0, nul)
        raise DockerfileError(
            "the file holds the character NUL, so it is no text",
            at=source.excerpt(Span(line, column, line, column + 1)),
            hint=_of_nul(decoded, nul),
        )
    return source


def _of_nul(text: str, first: int) -> str:
    if first < 4:
        return "save it as UTF-8"
    return "is this a Dockerfile? it holds binary data" if text.count("\0") > _MOST_NULS else "remove the character"


def _no_stage(source: Source, instructions: list[InstructionNode]) -> DockerfileError:
    if instructions:
        return DockerfileError(
            "the Dockerfile has no stage", at=source.excerpt(instructions[-1].span), hint="add a FROM after its ARGs"
        )
    problem = "has no instructions" if source.text.strip() else "is empty"
    return DockerfileError(f"the Dockerfile {problem}", at=source.excerpt(_START), hint="begin it with FROM")


def _instruction(reader: LineReader, line: LogicalLine, *, source: Source, escape: str, done: int) -> InstructionNode:
    statement = Statement.cut(line, 0, source=source, escape=escape)
    documents = heredocs.read(reader, line, source) if _takes_heredocs(statement) else ()
    span = statement.span
    if documents:
        span = replace(span, end_line=reader.at, end_column=len(reader.lines[reader.at - 1].rstrip("\r")) + 1)
    complete = replace(
        statement,
        heredocs=documents,
        span=span,
        comments=line.comments,
        leading=reader.slice(done, line.first),
        raw=reader.slice(line.first, reader.at),
    )
    return _build(complete)


def _takes_heredocs(statement: Statement) -> bool:
    if "<<" not in statement.line.text:
        return False
    if statement.keyword == "ONBUILD":
        statement = statement.inner()
    return statement.keyword in _TAKES_HEREDOCS and statement.command().exec is None


def _build(statement: Statement) -> InstructionNode:
    build = _BUILDERS.get(statement.keyword)
    if build is None:
        raise _unknown(statement)
    return build(statement)


def _unknown(statement: Statement) -> DockerfileError:
    word = statement.written
    if not word:
        return statement.error(f"{quoted(statement.escape)} goes on from nothing", hint="remove the line")
    near = nearest(word, _BUILDERS)
    if near:
        hint = f"did you mean {near}?"
    elif word.startswith("//"):
        hint = "a comment begins with `#`"
    elif not word[0].isalpha():
        hint = f"if it belongs to the instruction above, end that one's last line with {quoted(statement.escape)}"
    elif word.islower():
        hint = f"to run it, write RUN {printable(word)} …; a line goes on in the next one where it ends in {quoted(statement.escape)}"
    else:
        hint = "instructions are " + ", ".join(sorted(_BUILDERS))
    return statement.error(f"unknown instruction {quoted(word)}", at=statement.keyword_span, hint=hint)


def _from(statement: Statement) -> From:
    words = statement.split()
    name = None
    if len(words) == 3 and words[1].text.upper() == "AS":
        name = words[2]
        if not _STAGE_NAME.fullmatch(name.text.lower()):
            raise statement.error(
                f"{quoted(name.text)} cannot be the name of a stage",
                at=name.span,
                hint="a name begins with a letter; letters, digits, `-`, `_` and `.` follow",
            )
    elif len(words) != 1:
        raise _bad_from(statement, words)
    flags = statement.checked()
    after = tuple(part for flag in flags.all("after") for part in _after(statement, flag))
    return From(**statement.common(), image=words[0], platform=flags.word("platform"), name=name, after=after)


def _after(statement: Statement, flag: Flag) -> Iterator[Word]:
    """The stages that one `--after` names, with commas between."""
    offset = 0
    for text in (flag.value or "").split(","):
        span = flag.value_span.at(offset, max(1, len(text)))
        if not text:
            raise statement.error("the name of a stage is missing", at=span, hint="write --after=STAGE or STAGE,STAGE")
        yield Word(text, span)
        offset += len(text) + 1


def _bad_from(statement: Statement, words: list[Word]) -> DockerfileError:
    message = "FROM takes an image, and AS with the name of the stage"
    if len(words) < 2:
        return statement.error(message, hint="write FROM image or FROM image AS name")
    hint = "write FROM image or FROM image AS name; a comment has a line of its own"
    if len(words) == 2:
        image, name = (printable(word.text) for word in words)
        hint = f"write FROM {image} AS {name}, or FROM {image}:{name} for a tag"
    return statement.error(message, at=words[1].span.to(words[-1].span), hint=hint)


def _on_build(statement: Statement) -> OnBuild:
    statement.checked()
    if statement.start == statement.end:
        raise statement.error("ONBUILD needs an instruction", hint="for example: ONBUILD COPY . /src")
    inner = statement.inner()
    _check_trigger(inner.keyword, statement.source, at=inner.keyword_span)
    text = statement.line.text[statement.start :]
    text += "".join(f"\n{document.raw}{document.name}" for document in statement.heredocs)
    return OnBuild(**statement.common(), trigger=_build(inner), trigger_text=text)


def _check_trigger(keyword: str, source: Source, *, at: Span) -> None:
    if keyword in {"ONBUILD", "FROM", "MAINTAINER"}:
        raise DockerfileError(
            f"{keyword} cannot be a trigger of ONBUILD",
            at=source.excerpt(at),
            hint="any instruction but FROM, MAINTAINER and ONBUILD can",
        )


_BUILDERS: Mapping[str, Callable[[Statement], InstructionNode]] = {
    "ADD": transfers.add,
    "ARG": settings.arg,
    "CMD": commands.cmd,
    "COPY": transfers.copy,
    "ENTRYPOINT": commands.entrypoint,
    "ENV": settings.env,
    "EXPOSE": settings.expose,
    "FROM": _from,
    "HEALTHCHECK": commands.healthcheck,
    "LABEL": settings.label,
    "MAINTAINER": settings.maintainer,
    "ONBUILD": _on_build,
    "RUN": commands.run,
    "SHELL": commands.shell,
    "STOPSIGNAL": settings.stop_signal,
    "USER": settings.user,
    "VOLUME": settings.volume,
    "WORKDIR": settings.workdir,
}

KEYWORDS = frozenset(_BUILDERS)
