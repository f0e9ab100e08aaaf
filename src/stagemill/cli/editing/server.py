"""A server of the language server protocol for Dockerfiles, over pygls: findings, quick fixes, hover, going to a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from stagemill import __version__
from stagemill.cli.editing.opened import Opened
from stagemill.dockerfile.source import Span
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
        found = Opened.of(text, _path(uri), shell_checker=self._shell_checker if thoroughly else None)
        encoding = self.workspace.position_encoding
        return replace(found, encoding=types.PositionEncodingKind(encoding).value) if encoding else found

    def tell(self, uri: str, *, thoroughly: bool) -> None:
        """Sends what is found in a document; where ShellCheck fails, what is found without it, and why it fails."""
        try:
            found = diagnostics(self.opened(uri, thoroughly=thoroughly))
        except StagemillError as error:
            said = f"{error.message}\n{error.hint}" if error.hint else error.message
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, said))
            found = diagnostics(self.opened(uri))
        self.send(uri, found)

    def send(self, uri: str, found: Sequence[types.Diagnostic]) -> None:
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

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: types.DidCloseTextDocumentParams) -> None:
        server.send(params.text_document.uri, [])

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
    def _actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri, only = params.text_document.uri, params.context.only
        if only is not None and not {types.CodeActionKind.QuickFix, types.CodeActionKind.Empty} & set(only):
            return []
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
    return [_diagnostic(opened, finding) for finding in opened.findings()]


def actions(opened: Opened, uri: str, where: types.Range) -> Iterator[types.CodeAction]:
    """The fixes of what is found in a range, and the comment that leaves it alone."""
    for finding in opened.findings():
        shown = opened.positions.range(finding.span)
        if shown.end.line < where.start.line or shown.start.line > where.end.line:
            continue
        diagnostic = _diagnostic(opened, finding)
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
    return types.Hover(content, opened.positions.range(found.span))


def definition(opened: Opened, uri: str, position: types.Position) -> types.Location | None:
    """The FROM that begins the stage that is named at a position."""
    found = _mention(opened, position)
    return None if found is None else types.Location(uri, opened.positions.range(found.stage.start.span))


def _mention(opened: Opened, position: types.Position) -> stage_facts.Mention | None:
    if opened.file is None:
        return None
    return stage_facts.at(opened.file, position.line + 1, opened.positions.column(position))


def _action(
    opened: Opened, uri: str, diagnostic: types.Diagnostic, *, title: str, edits: Sequence[Edit]
) -> types.CodeAction:
    changes = [types.TextEdit(opened.positions.range(edit.span), edit.text) for edit in edits]
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


def _diagnostic(opened: Opened, finding: Finding) -> types.Diagnostic:
    return types.Diagnostic(
        opened.positions.range(finding.span),
        finding.message + (f"\n{finding.hint}" if finding.hint else ""),
        severity=_SEVERITIES[finding.level or "warning"],
        code=finding.rule,
        source=_NAME,
    )


def _failure(opened: Opened, error: StagemillError) -> types.Diagnostic:
    at = error.at if isinstance(error, DockerfileError) else None
    span = Span(at.line, at.column, at.line, at.column + at.length) if at else Span(1, 1, 1, 1)
    text = error.message + (f"\n{error.hint}" if error.hint else "")
    return types.Diagnostic(opened.positions.range(span), text, severity=types.DiagnosticSeverity.Error, source=_NAME)


def _path(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
