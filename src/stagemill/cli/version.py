"""`stagemill version`: this program, and what it runs on."""

from __future__ import annotations

import click

from stagemill.cli.docker import facts
from stagemill.cli.frame.command import Command, examples

_EXAMPLES = examples(
    {
        "stagemill version": "for people",
        "stagemill version --format '{{.Client.Version}}'": "one thing of it",
    }
)


@click.command("version", cls=Command, epilog=_EXAMPLES)
@click.option(
    "-f", "--format", "form", metavar="TEMPLATE",
    help="Print a Go template, or json: .Client and .Server, with .Version .Os .Arch .KernelVersion .PythonVersion.",
)  # fmt: skip
def command(*, form: str | None) -> None:
    """Show the version. There is no server: stagemill does the work itself, and so .Server is the same as .Client."""
    found = facts.versions()
    if form is not None:
        print(facts.shown(form, found))
        return
    text = (
        "Version: {{.Version}}\nOS/Arch: {{.Os}}/{{.Arch}}\nKernel:  {{.KernelVersion}}\nPython:  {{.PythonVersion}}\n"
    )
    print(facts.shown(f"{{{{with .Client}}}}{text}{{{{end}}}}Server:  none, stagemill does the work itself", found))
