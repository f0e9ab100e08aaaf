"""`refuse_idle`: flags that say how something is built have no effect where nothing is."""

from __future__ import annotations

from collections.abc import Container

import click
from click.core import ParameterSource

from stagemill.cli.frame import access
from stagemill.errors import UsageError

_OF_ANYTHING = {param.name for param in access.options()} | {"platform", "progress", "context", "as_json", "top"}


def refuse_idle(what: str, own: Container[str | None]) -> None:
    """Raises UsageError for a flag of the command line that is neither its `own` nor one that says how images are reached.

    `what` is looked at, and made already.
    """
    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if given and param.name not in own and param.name not in _OF_ANYTHING:
            hint = f"name a PATH: stagemill {context.command.name} {param.opts[-1]} … ."
            raise UsageError(f"{param.opts[-1]} is for what is built, and {what} made already", hint=hint)
