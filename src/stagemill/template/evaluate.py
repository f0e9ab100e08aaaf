"""Nodes and a value to text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, NoReturn, assert_never

from stagemill.template import functions
from stagemill.template.failure import MisuseError, failed, within_reason
from stagemill.template.functions import FUNCTIONS
from stagemill.template.nodes import (
    Block,
    Chain,
    Command,
    Constant,
    Function,
    Leave,
    Node,
    Operand,
    Pipe,
    Show,
    Template,
    Text,
    Variable,
)
from stagemill.template.suggest import near
from stagemill.template.values import Struct, Value, brief, is_true, shown

_NO_VALUE = "<no value>"


def render(template: Template, value: Value, *, functions: Mapping[str, functions.Function] = FUNCTIONS) -> str:
    """What the template makes of a value. Raises TemplateError."""
    run = _Run(template.text, value, functions)
    with within_reason(template.text):
        run.walk(template.nodes, value)
    return "".join(run.out)


class _Run:
    def __init__(self, text: str, value: Value, known: Mapping[str, functions.Function]) -> None:
        self.out: list[str] = []
        self._text = text
        self._functions = known
        self._variables: list[tuple[str, Value]] = [("$", value)]

    def walk(self, nodes: Iterable[Node], dot: Value) -> Literal["break", "continue"] | None:
        """Writes nodes; says whether a range is left."""
        for node in nodes:
            match node:
                case Text():
                    self.out.append(node.text)
                case Show():
                    value = self._pipe(node.pipe, dot)
                    if not node.pipe.names:
                        self.out.append(_NO_VALUE if value is None else shown(value))
                case Leave():
                    return node.kind
                case Block():
                    if left := self._block(node, dot):
                        return left
                case _:
                    assert_never(node)
        return None

    def _block(self, block: Block, dot: Value) -> Literal["break", "continue"] | None:
        with self._scope():
            value = self._pipe(block.pipe, dot)
            if block.kind == "range":
                return self._range(block, value, dot)
            if is_true(value):
                return self.walk(block.body, value if block.kind == "with" else dot)
            return self.walk(block.otherwise, dot)

    def _range(self, block: Block, value: Value, dot: Value) -> Literal["break", "continue"] | None:
        items = list(self._items(block.pipe, value))
        if not items:
            return self.walk(block.otherwise, dot)
        for key, item in items:
            with self._scope():
                # One variable is the item; of two the first one is its number or its key.
                given = (item,) if len(block.pipe.names) < 2 else (key, item)
                for name, one in zip(block.pipe.names, given, strict=False):
                    self._set(name, one, assigns=block.pipe.assigns)
                if self.walk(block.body, item) == "break":
                    break
        return None

    def _items(self, pipe: Pipe, value: Value) -> Iterator[tuple[Value, Value]]:
        match value:
            case Mapping() if not isinstance(value, Struct):
                yield from ((key, value[key]) for key in sorted(value))
            case bool() | float() | str() | Struct():
                self._fail(pipe.at, f"there is nothing to range over in {brief(value)}")
            case int():
                if len(pipe.names) > 1:
                    self._fail(pipe.at, f"numbers up to {value} have no keys: one variable is enough")
                yield from ((number, number) for number in range(value))
            case None:
                return
            case _:
                assert isinstance(value, Sequence)
                yield from enumerate(value)

    @contextmanager
    def _scope(self) -> Iterator[None]:
        count = len(self._variables)
        yield
        del self._variables[count:]

    def _set(self, name: str, value: Value, *, assigns: bool) -> None:
        if not assigns:
            self._variables.append((name, value))
            return
        place = max(place for place, (known, _) in enumerate(self._variables) if known == name)
        self._variables[place] = (name, value)

    def _pipe(self, pipe: Pipe, dot: Value) -> Value:
        first, *others = pipe.commands
        value = self._command(first, dot, ())
        for command in others:
            value = self._command(command, dot, (value,))
        for name in pipe.names:
            self._set(name, value, assigns=pipe.assigns)
        return value

    def _command(self, command: Command, dot: Value, last: tuple[Value, ...]) -> Value:
        """The value of a command; `last` is what the one before it gave, if there was one."""
        first, *rest = command.operands
        if isinstance(first, Function):
            return self._call(first, rest, dot, last)
        if last:
            self._fail(command.at, "what stands behind a | has to be a function")
        return self._operand(first, dot)

    def _operand(self, operand: Operand, dot: Value) -> Value:
        match operand:
            case Constant():
                return operand.value
            case Variable():
                return next(value for name, value in reversed(self._variables) if name == operand.name)
            case Function():
                return self._call(operand, (), dot, ())
            case Pipe():
                return self._pipe(operand, dot)
            case Chain():
                value = dot if operand.start is None else self._operand(operand.start, dot)
                for name, at in zip(operand.names, operand.places, strict=True):
                    value = self._field(value, name, at)
                return value
            case _:
                assert_never(operand)

    def _field(self, value: Value, name: str, at: int) -> Value:
        """A field of a struct, which has to be there, or what a map has for a key."""
        if isinstance(value, Mapping):
            if name in value or not isinstance(value, Struct):
                return value.get(name)
            hint = near(name, value, title="fields", sign=".")
            self._fail(at, f"there is no field .{name}", length=len(name) + 1, hint=hint)
        what = "nothing" if value is None else brief(value)
        raise failed(self._text, at, f"there is no field .{name} in {what}", length=len(name) + 1)

    def _call(self, called: Function, operands: Sequence[Operand], dot: Value, last: tuple[Value, ...]) -> Value:
        if called.name in {"and", "or"}:
            return self._either(called, operands, dot, last)
        arguments = (*(self._operand(operand, dot) for operand in operands), *last)
        function = self._functions[called.name]
        self._check_count(called, len(arguments), least=function.least, most=function.most)
        try:
            return function.call(arguments)
        except MisuseError as error:
            self._fail(called.at, f"{called.name}: {error}", length=len(called.name))

    def _either(self, called: Function, operands: Sequence[Operand], dot: Value, last: tuple[Value, ...]) -> Value:
        """The first that decides; those after it are not looked at."""
        self._check_count(called, len(operands) + len(last), least=1, most=None)
        value: Value = None
        for operand in operands:
            value = self._operand(operand, dot)
            if is_true(value) == (called.name == "or"):
                return value
        return last[0] if last else value

    def _check_count(self, called: Function, count: int, *, least: int, most: int | None) -> None:
        if count < least or (most is not None and count > most):
            wanted = f"{least} or more" if most is None else str(least) if most == least else f"{least} to {most}"
            message = f"{called.name} takes {wanted} {'value' if wanted == '1' else 'values'}, and was given {count}"
            self._fail(called.at, message, length=len(called.name))

    def _fail(self, at: int, message: str, *, length: int = 1, hint: str | None = None) -> NoReturn:
        raise failed(self._text, at, message, length=length, hint=hint)
