"""`Refusal`: a flag of docker that stagemill does not have, with what there is instead; none is parsed and ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from stagemill.cli.frame.command import AttachedOption, truth
from stagemill.values import dataclass

if TYPE_CHECKING:  # the list of commands needs none
    from stagemill.errors import UsageError

C = TypeVar("C", bound=click.Command)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Flags with one reason. `harmless` are values that ask for what there is anyway; a switch has none to give.

    A switch that is on by default may be switched on, and not off.
    """

    flags: tuple[str, ...]
    why: str
    hint: str
    switch: bool = False
    default_on: bool = False
    harmless: frozenset[str] = frozenset()

    def option(self) -> click.Option:
        if self.default_on:
            return AttachedOption(*self.flags, alone="true", metavar="BOOL", text=self.why, check=self._switched_off)
        if self.switch:
            return click.Option(
                list(self.flags), is_flag=True, expose_value=False, hidden=True, callback=self._switched
            )
        return click.Option(list(self.flags), multiple=True, expose_value=False, hidden=True, callback=self._given)

    def _switched(self, _ctx: click.Context, _param: click.Parameter, value: object) -> None:
        if value:
            raise self._error("")

    def _switched_off(self, _ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
        if value is not None and not truth(self.flags[-1], value):
            raise self._error("=false")

    def _given(self, _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> None:
        for value in values:
            if value not in self.harmless:
                raise self._error(f" {value}" if value else "")

    def _error(self, value: str) -> UsageError:
        from stagemill.errors import UsageError

        return UsageError(f"{self.flags[-1]}{value} is not supported: {self.why}", hint=self.hint)


def refusing(refusals: Iterable[Refusal]) -> Callable[[C], C]:
    """Gives a command those flags, hidden from its help."""

    def add(command: C) -> C:
        command.params += [refusal.option() for refusal in refusals]
        return command

    return add
