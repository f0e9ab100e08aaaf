"""A server of the language server protocol for Dockerfiles, over pygls: findings, quick fixes, hover, going to a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from stagemill import __version__
from stagemill.cli.editing.opened import Opened
from stagemill.dockerfile.source import Source, Span
from stagemill.errors import DockerfileError, StagemillError
from stagemill.lint import stage_facts
from stagemill.lint.finding import Edit, Finding
from stagemill.lint.place import above, newline
from stagemill.lint.scripts import ShellChecker

_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
    "style": types.DiagnosticSeverity.Hint,
}
_NAME = "stagemill"


class Server(LanguageServer):
    """`shell_checker` is asked when a file is opened and saved, not at every key."""

    def __init__(self, shell_checker: ShellChecker | None) -> None:
        super().__init__(_NAME, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self._shell_checker = shell_checker

    def opened(self, uri: str, *, thoroughly: bool = False) -> Opened:
        """A document as it is now."""
        text = self.workspace.get_text_document(uri).source
        return Opened.of(text, _path(uri), shell_checker=self._shell_checker if thoroughly else None)

    def tell(self, uri: str, *, thoroughly: bool) -> None:
        """Sends what is found in a document."""
        found = diagnostics(self.opened(uri, thoroughly=thoroughly))
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))


def make(shell_checker: ShellChecker | None) -> Server:
    """The server with all that it answers."""
    server = Server(shell_checker)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: types.DidOpenTextDocumentParams) -> None:
        server.tell(params.text_document.uri, thoroughly=True)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: types.DidSaveTextDocumentParams) -> None:
        server.tell(params.text_document.uri, thoroughly=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: types.DidChangeTextDocumentParams) -> None:
        server.tell(params.text_document.uri, thoroughly=False)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION)
    def _actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        return list(actions(server.opened(uri), uri, params.range))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def _hover(params: types.HoverParams) -> types.Hover | None:
        return hover(server.opened(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def _definition(params: types.DefinitionParams) -> types.Location | None:
        uri = params.text_document.uri
        return definition(server.opened(uri), uri, params.position)

    return server


def diagnostics(opened: Opened) -> list[types.Diagnostic]:
    """The findings, or the one mistake for which the file cannot be read."""
    if opened.error is not None:
        return [_failure(opened, opened.error)]
    return [_diagnostic(opened.source, finding) for finding in opened.findings()]


def actions(opened: Opened, uri: str, where: types.Range) -> Iterator[types.CodeAction]:
    """The fixes of what is found in a range, and the comment that leaves it alone."""
    for finding in opened.findings():
        shown = _range(opened.source, finding.span)
        if shown.end.line < where.start.line or shown.start.line > where.end.line:
            continue
        diagnostic = _diagnostic(opened.source, finding)
        if finding.fix:
            title = finding.fix.summary + ("" if finding.fix.safe else " (changes the image)")
            yield _action(opened, uri, diagnostic, title=title, edits=finding.fix.edits)
        skip = _skip(opened, finding)
        if skip:
            yield _action(opened, uri, diagnostic, title=f"leave {finding.rule} out here", edits=[skip])


def hover(opened: Opened, position: types.Position) -> types.Hover | None:
    """What becomes of the stage that is named at a position."""
    found = _mention(opened, position)
    if found is None or opened.file is None:
        return None
    text = stage_facts.describe(opened.file, found.stage)
    content = types.MarkupContent(types.MarkupKind.Markdown, text)
    return types.Hover(content, _range(opened.source, found.span))


def definition(opened: Opened, uri: str, position: types.Position) -> types.Location | None:
    """The FROM that begins the stage that is named at a position."""
    found = _mention(opened, position)
    return None if found is None else types.Location(uri, _range(opened.source, found.stage.start.span))


def _mention(opened: Opened, position: types.Position) -> stage_facts.Mention | None:
    if opened.file is None:
        return None
    text = _line(opened.source, position.line + 1)
    column = len(text.encode("utf-16-le", "surrogatepass")[: position.character * 2].decode("utf-16-le", "ignore")) + 1
    return stage_facts.at(opened.file, position.line + 1, column)


def _action(
    opened: Opened, uri: str, diagnostic: types.Diagnostic, *, title: str, edits: Sequence[Edit]
) -> types.CodeAction:
    changes = [types.TextEdit(_range(opened.source, edit.span), edit.text) for edit in edits]
    return types.CodeAction(
        title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        edit=types.WorkspaceEdit(changes={uri: changes}),
    )


def _skip(opened: Opened, finding: Finding) -> Edit | None:
    """The comment above the instruction that a finding is in."""
    dockerfile = opened.file.dockerfile if opened.file else None
    nodes = dockerfile.instructions if dockerfile else ()
    node = next((node for node in reversed(nodes) if node.span.line <= finding.span.line), None)
    if dockerfile is None or node is None:
        return None
    return Edit(above(dockerfile, node), f"# check=skip={finding.rule}{newline(dockerfile)}")


def _diagnostic(source: Source, finding: Finding) -> types.Diagnostic:
    return types.Diagnostic(
        _range(source, finding.span),
        finding.message + (f"\n{finding.hint}" if finding.hint else ""),
        severity=_SEVERITIES[finding.level or "warning"],
        code=finding.rule,
        source=_NAME,
    )


def _failure(opened: Opened, error: StagemillError) -> types.Diagnostic:
    at = error.at if isinstance(error, DockerfileError) else None
    span = Span(at.line, at.column, at.line, at.column + at.length) if at else Span(1, 1, 1, 1)
    text = error.message + (f"\n{error.hint}" if error.hint else "")
    return types.Diagnostic(_range(opened.source, span), text, severity=types.DiagnosticSeverity.Error, source=_NAME)


def _range(source: Source, span: Span) -> types.Range:
    return types.Range(
        _position(source, span.line, span.column),
        _position(source, span.end_line, span.end_column),
    )


def _position(source: Source, line: int, column: int) -> types.Position:
    """Editors count from 0, and columns in units of UTF-16."""
    before = _line(source, line)[: column - 1]
    return types.Position(line - 1, len(before.encode("utf-16-le", "surrogatepass")) // 2)


def _line(source: Source, line: int) -> str:
    lines = source.lines()
    return lines[line - 1] if line <= len(lines) else ""


def _path(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
