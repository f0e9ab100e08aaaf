"""`stagemill completion`: what a shell needs to complete our command lines."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from stagemill.cli.frame.command import Command, examples

SHELLS = ("bash", "fish", "zsh")
_EXAMPLES = examples(
    {
        'eval "$(stagemill completion bash)"': "in ~/.bashrc; zsh likewise, in ~/.zshrc",
        "stagemill completion fish | source": "in ~/.config/fish/config.fish",
    }
)


@click.command("completion", cls=Command, epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script for a shell, which then completes commands and flags of stagemill."""
    found = get_completion_class(shell)
    assert found is not None
    print(found(ctx.find_root().command, {}, "stagemill", "_STAGEMILL_COMPLETE").source())
