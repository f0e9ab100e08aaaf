"""Instructions that bring files in: COPY and ADD."""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.dockerfile import heredocs
from stagemill.dockerfile.source import quoted
from stagemill.dockerfile.statement import Statement
from stagemill.dockerfile.tree import Add, Copy, Heredoc, Word


def copy(statement: Statement) -> Copy:
    flags = statement.checked()
    sources, documents, json = _sources(statement)
    return Copy(
        **statement.common(),
        sources=tuple(sources[:-1]),
        destination=sources[-1],
        heredocs=documents,
        json=json,
        chown=flags.word("chown"),
        chmod=flags.word("chmod"),
        link=flags.switch("link"),
        excludes=flags.words("exclude"),
        from_=flags.word("from"),
        parents=flags.switch("parents"),
    )


def add(statement: Statement) -> Add:
    flags = statement.checked()
    sources, documents, json = _sources(statement)
    return Add(
        **statement.common(),
        sources=tuple(sources[:-1]),
        destination=sources[-1],
        heredocs=documents,
        json=json,
        chown=flags.word("chown"),
        chmod=flags.word("chmod"),
        link=flags.switch("link"),
        excludes=flags.words("exclude"),
        checksum=flags.word("checksum"),
        keep_git_dir=flags.switch("keep-git-dir"),
        unpack=flags.switch("unpack"),
    )


def _sources(statement: Statement) -> tuple[list[Word], tuple[Heredoc, ...], bool]:
    """The words that are no heredocs, with the destination as the last; the heredocs; and whether it was JSON."""
    words, json = statement.paths()
    keyword = statement.keyword
    if len(words) < 2:
        problem = "one argument" if words else "no arguments"
        raise statement.error(
            f"{keyword} needs sources and a destination, and has {problem}",
            hint=f"write {keyword} SOURCE … DESTINATION; `.` is the working directory",
        )
    if json:
        return words, (), True
    if heredocs.opening(words[-1].text):
        hint = f"write the path behind it: {keyword} <<EOF /path"
        raise statement.error(f"the destination of {keyword} cannot be a heredoc", at=words[-1].span, hint=hint)
    paths, documents = _separate(statement, words)
    return paths, documents, False


def _separate(statement: Statement, words: Sequence[Word]) -> tuple[list[Word], tuple[Heredoc, ...]]:
    by_name = {document.name: document for document in statement.heredocs}
    paths: list[Word] = []
    documents: list[Heredoc] = []
    for word in words:
        opened = heredocs.opening(word.text)
        if opened is None:
            paths.append(word)
        elif opened.name in by_name:
            documents.append(by_name[opened.name])
        else:
            raise statement.error(
                f"the heredoc {quoted(opened.name)} was not read, since a quote in the line is not closed",
                at=word.span,
                hint="close the quote, or put the escape character before it",
            )
    used = {document.name for document in documents}
    for document in statement.heredocs:
        if document.name not in used:
            raise statement.error(
                f"the heredoc {quoted(document.name)} is no source of {statement.keyword}",
                hint="its name follows `<<` at once and has no blanks in it, as in <<EOF",
            )
    return paths, tuple(documents)
