"""`Command`: what our commands share beyond click's: examples under their help, and flags with an attached value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeAlias

import click

Check: TypeAlias = Callable[[click.Context, click.Parameter, str | None], None]


class Option(click.Option):
    """A flag that may stand under a heading of the help, which is one line of text."""

    section = ""

    def __init__(  # type: ignore[explicit-any]  # what click takes
        self,
        *args: Any,
        help: str | None = None,  # noqa: A002 - click's word
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.help = help  # click would load `inspect` to look for an indentation


option = partial(click.option, cls=Option)


def under(section: str, options: Iterable[Option]) -> Iterator[Option]:
    """Puts options under a heading."""
    for option in options:
        option.section = section
        yield option


class AttachedOption(Option):
    """A flag that stands alone, or has a value behind a `=`. Of `--flag .` the `.` is an argument of the command."""

    def __init__(self, *names: str, alone: str, metavar: str, text: str, check: Check | None = None) -> None:
        """`alone` is the value of the flag without one. One that is only checked is hidden, and no argument."""
        super().__init__(
            list(names),
            metavar=f"[={metavar}]",
            help=text,
            hidden=check is not None,
            expose_value=check is None,
            callback=check,
        )
        self.alone = alone

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        return record and (record[0].replace(" [=", "[="), record[1])


class Helping(click.Command):
    """A command whose `--help` is an `Option`."""

    _help: Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        names = self.get_help_option_names(ctx)
        if self._help is None and names and self.add_help_option:
            self._help = Option(
                [*names, "asked_for_help"],
                is_flag=True,
                expose_value=False,
                is_eager=True,
                callback=_show_help,
                help="Show this message and exit.",
            )
        return self._help


def _show_help(ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


class Command(Helping):
    """A command that may have attached options, and options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Those without a heading come first, headings in the order in which they are first met."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record:
                title = (isinstance(param, Option) and param.section) or "Options"
                sections.setdefault(title, []).append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {name: param for param in self.params if isinstance(param, click.Option) for name in param.opts}
        try:
            return super().parse_args(ctx, list(_attached(args, options, interspersed=ctx.allow_interspersed_args)))
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


def _attached(args: list[str], options: Mapping[str, click.Option], *, interspersed: bool) -> Iterator[str]:
    """The arguments as click reads them; flags may also be written as docker's are: `--rm=true`, `-f=FILE`."""
    rest = iter(args)
    for arg in rest:
        if arg == "--" or not (interspersed or arg.startswith("-")):
            yield arg
            break
        value = list(islice(rest, 1)) if _takes_next(arg, options) else None
        yield from (arg,) if value == [] else _spelt(arg, options)  # what lacks its value is told as it was written
        yield from value or ()
    yield from rest


def _spelt(arg: str, options: Mapping[str, click.Option]) -> Iterator[str]:
    """A flag that stands alone gets its value, a switch loses it, and a letter its `=`."""
    name, equals, value = arg.partition("=")
    option = options.get(name)
    if isinstance(option, AttachedOption):
        yield f"{option.opts[-1]}={value if equals else option.alone}"
    elif option is None or not equals:
        yield _in_full(arg, options)
    elif not _has_value(option) and value.lower() in TRUTHS:
        yield from [name] if TRUTHS[value.lower()] else []
    else:
        yield arg if name.startswith("--") else _in_full(f"{name}{value}", options)


def _in_full(arg: str, options: Mapping[str, click.Option]) -> str:
    """A letter as the word for it: click takes some milliseconds to look for words that are like the letter before it knows it."""
    option = options.get(arg[:2])
    if option is None or arg.startswith("--") or not (word := option.opts[-1]).startswith("--"):
        return arg
    if len(arg) == 2:
        return word
    return f"{word}={arg[2:]}" if _has_value(option) else arg


TRUTHS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}
"""How docker's switches spell yes and no."""


def truth(flag: str, text: str) -> bool:
    """The value of a switch. Raises UsageError."""
    if text.lower() not in TRUTHS:
        from stagemill.errors import UsageError

        raise UsageError(f"invalid {flag} {text!r}", hint=f"write {flag}=true or {flag}=false")
    return TRUTHS[text.lower()]


def _takes_next(arg: str, options: Mapping[str, click.Option]) -> bool:
    """Whether the argument after this one is its value: `--name VALUE`, `-n VALUE`, `-xn VALUE`."""
    if arg.startswith("--") or not arg.startswith("-"):
        option = options.get(arg)
        return option is not None and _has_value(option)
    for place, letter in enumerate(arg[1:], start=2):
        option = options.get(f"-{letter}")
        if option is None or _has_value(option):
            return option is not None and place == len(arg)
    return False


def _has_value(option: click.Option) -> bool:
    return not (option.is_flag or option.count or isinstance(option, AttachedOption))


def examples(lines: Mapping[str, str]) -> str:
    """Command lines and what they do, as the end of a help text; click leaves the lines as they are."""
    width = max(map(len, lines))
    shown = [f"  {line.ljust(width)}   {text}".rstrip() for line, text in lines.items()]
    return "\n".join(["\b", "Examples:", *shown])
