"""`stagemill lsp`: findings, fixes and stages in an editor, over the language server protocol on standard input and output."""

from __future__ import annotations

import importlib.util

import click

from stagemill.cli.frame.command import Command, examples
from stagemill.errors import StagemillError

_EXAMPLES = examples(
    {
        "stagemill lsp": "what an editor starts for files called Dockerfile",
        "stagemill lsp --no-shellcheck": "without ShellCheck",
    }
)


@click.command("lsp", cls=Command, epilog=_EXAMPLES)
@click.option(
    "--shellcheck/--no-shellcheck", default=True, help="Ask ShellCheck when a file is opened or saved. [where it is]"
)
def command(*, shellcheck: bool) -> None:
    """Tell an editor what lint finds, mend it, and show what becomes of each stage (extra `lsp`).

    It speaks the language server protocol on standard input and output.
    """
    if importlib.util.find_spec("pygls") is None:
        raise StagemillError("pygls is not installed", hint="pip install 'stagemill[lsp]'")
    from stagemill.cli.editing.server import make
    from stagemill.cli.linting.shellcheck import ShellCheck

    make(ShellCheck.find() if shellcheck else None).start_io()
