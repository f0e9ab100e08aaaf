"""What click says of wrong usage, as our own errors are: what is wrong in one line, and a hint that says what to write."""

from __future__ import annotations

import click

from stagemill.errors import UsageError

_EXAMPLE = "  stagemill "


def told(error: click.ClickException) -> UsageError:
    """The error in our words."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    name = context.command_path if context else "stagemill"
    see = f"{name} --help lists them"
    match error:
        case click.NoSuchOption():
            near = _shown(error, context)
            return UsageError(f"{name} has no flag {error.option_name}", hint=f"did you mean {near}?" if near else see)
        case click.BadOptionUsage():
            needs = "requires" in error.message
            text = f"{error.option_name} {'needs a value' if needs else 'takes no value'}"
            return UsageError(text, hint=_written(error, context) if needs else f"write {error.option_name} alone")
        case click.MissingParameter() if context and isinstance(error.param, click.Argument):
            return UsageError(f"{error.param.make_metavar(context)} is missing", hint=_usage(context))
        case click.BadParameter() if error.param:
            flag = error.param.opts[-1]
            text = error.message.removesuffix(".").replace("a valid integer range", "a whole number")
            return UsageError(f"invalid {flag}: {text}", hint=_choice(error))
        case _:
            return UsageError(_lowered(error.format_message()), hint=_usage(context) if context else None)


def _lowered(text: str) -> str:
    return f"{text[:1].lower()}{text[1:].removesuffix('.')}"


def _usage(context: click.Context) -> str:
    """How the command is written, and the first example of its help."""
    written = context.get_usage().removeprefix("Usage: ")
    lines = (context.command.epilog or "").splitlines()
    example = next((line for line in lines if line.startswith(_EXAMPLE)), "").strip().split("   ")[0]
    return f"{written}; for example: {example}" if example else written


def _written(error: click.BadOptionUsage, context: click.Context | None) -> str | None:
    """The flag with what its value is."""
    for param in context.command.params if context else ():
        if isinstance(param, click.Option) and error.option_name in param.opts:
            return f"write {error.option_name} {param.metavar or param.type.name.upper()}"
    return None


def _shown(error: click.NoSuchOption, context: click.Context | None) -> str | None:
    """The nearest of the flags that the help shows."""
    hidden = {
        name
        for param in (context.command.params if context else ())
        if isinstance(param, click.Option) and param.hidden
        for name in param.opts
    }
    return next((name for name in error.possibilities or () if name not in hidden), None)


def _choice(error: click.BadParameter) -> str | None:
    """A value that is near, or which numbers there are."""
    match error.param and error.param.type:
        case click.Choice(choices=choices):
            import difflib

            text = error.message.partition(" is not one of ")[0].strip("'\"")
            near = difflib.get_close_matches(text, [str(choice) for choice in choices], n=1)
            return f"did you mean {near[0]}?" if near else None
        case click.IntRange(min=least, max=None):
            return f"write a whole number, {least} or more"
        case _:
            return None
