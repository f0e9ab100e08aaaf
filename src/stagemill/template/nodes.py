"""What a template is made of: text, and actions with pipes of commands. `at` is a place in the template's text."""

from __future__ import annotations

from typing import Literal, TypeAlias

from stagemill.template.values import Value
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true, false or nil, as it stands there."""

    value: Value
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`; `$` alone is what the template was given."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Function:
    """The name of a function; what follows it in its command are its arguments."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Chain:
    """`.A.B` of an operand, of the dot where there is none. No name at all is the dot itself."""

    start: Operand | None
    names: tuple[str, ...]
    places: tuple[int, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Command:
    """An operand, or a function with its arguments."""

    operands: tuple[Operand, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each of which gets the value of the one before as its last argument; `names` are variables that it sets.

    With `assigns` they are there already.
    """

    commands: tuple[Command, ...]
    at: int
    names: tuple[str, ...] = ()
    assigns: bool = False


Operand: TypeAlias = Constant | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """Written as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Show:
    """Writes the value of a pipe, unless that sets a variable."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Block:
    """`if`, `with` or `range`, with what is done otherwise."""

    kind: Literal["if", "with", "range"]
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """`break` or `continue` of the innermost range."""

    kind: Literal["break", "continue"]


Node: TypeAlias = Text | Show | Block | Leave


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template, with its text for errors."""

    text: str
    nodes: tuple[Node, ...]
