"""Template text to nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NoReturn

from stagemill.errors import TemplateError
from stagemill.regex import regex
from stagemill.template import lexer
from stagemill.template.failure import failed, within_reason
from stagemill.template.functions import NAMES
from stagemill.template.lexer import Action, Piece, Token
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

_ESCAPE = regex(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}
_CONSTANTS = {"true": True, "false": False, "nil": None}
_ABSENT = ("define", "template", "block")
_KEYWORDS = ("if", "with", "range", "else", "end", "break", "continue", *_ABSENT)


def parse(text: str) -> Template:
    """Raises TemplateError for what is no template."""
    with within_reason(text):
        return Template(text, _Parser(text).nodes())


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[Piece] = list(lexer.pieces(text))
        self._next = 0
        self._known = ["$"]
        self._ranges = 0

    def nodes(self) -> tuple[Node, ...]:
        found, end = self._until_end(None)
        assert end is None
        return found

    def _until_end(self, opened: Action | None) -> tuple[tuple[Node, ...], Action | None]:
        """The nodes up to `end` or `else`, which is given too; without an opened block those up to the text's end."""
        found: list[Node] = []
        while self._next < len(self._pieces):
            piece = self._pieces[self._next]
            self._next += 1
            if isinstance(piece, str):
                if piece:
                    found.append(Text(piece))
                continue
            word = _keyword(piece)
            if word in {"end", "else"}:
                if opened is None:
                    self._fail(piece.tokens[0], f"there is no block that this {word} belongs to")
                return tuple(found), piece
            found.append(self._node(piece, word))
        if opened is not None:
            raise failed(self._text, opened.at, f"{_keyword(opened)} has no end", length=2, hint="add {{end}}")
        return tuple(found), None

    def _node(self, action: Action, word: str) -> Node:
        match word:
            case "if" | "with" | "range":
                return self._block(action, word, 1)
            case "break" | "continue":
                self._alone(action)
                if not self._ranges:
                    self._fail(action.tokens[0], f"{word} is for a range, and there is none around it")
                return Leave(word)
            case _:
                if word in _ABSENT:
                    hint = "write what it stands for where it is used"
                    self._fail(action.tokens[0], f"{word} is not supported: there is one template, --format", hint=hint)
                return Show(_Line(self._text, action.tokens, self._known).whole())

    def _block(self, action: Action, kind: Literal["if", "with", "range"], skipped: int) -> Block:
        """A block with its end; the first tokens of its action are skipped, `if` or `else if`."""
        with self._scope():
            pipe = _Line(self._text, action.tokens[skipped:], self._known, most=2 if kind == "range" else 1).whole()
            self._ranges += kind == "range"
            with self._scope():
                body, end = self._until_end(action)
            self._ranges -= kind == "range"
            assert end is not None
            return Block(kind, pipe, body, self._otherwise(action, end))

    def _otherwise(self, opened: Action, end: Action) -> tuple[Node, ...]:
        if _keyword(end) == "end":
            self._alone(end)
            return ()
        follow = end.tokens[1]
        if follow.text in {"if", "with"}:
            return (self._block(end, "if" if follow.text == "if" else "with", 2),)
        self._alone(end)
        with self._scope():
            found, last = self._until_end(opened)
        assert last is not None
        if _keyword(last) == "else":
            self._fail(last.tokens[0], "a block has one else")
        self._alone(last)
        return found

    def _alone(self, action: Action) -> None:
        if action.tokens[1].kind != "end":
            self._fail(action.tokens[1], f"{action.tokens[0].text} takes nothing")

    @contextmanager
    def _scope(self) -> Iterator[None]:
        """Variables that are declared within are not known after it."""
        count = len(self._known)
        yield
        del self._known[count:]

    def _fail(self, token: Token, message: str, *, hint: str | None = None) -> NoReturn:
        raise failed(self._text, token.at, message, length=len(token.text), hint=hint)


def _keyword(action: Action) -> str:
    first = action.tokens[0]
    return first.text if first.kind == "word" and first.text in _KEYWORDS else ""


class _Line:
    """The tokens of one action, read from left to right."""

    def __init__(self, text: str, tokens: tuple[Token, ...], known: list[str], *, most: int = 1) -> None:
        """`known` are the variables there are, to which it adds; `most` is how many it may set."""
        self._text = text
        self._tokens = tokens
        self._known = known
        self._most = most
        self._at = 0

    def whole(self) -> Pipe:
        pipe = self._pipe()
        if self._peek().kind != "end":
            raise self._unexpected(self._peek())
        return pipe

    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _pipe(self, *, nested: bool = False) -> Pipe:
        start = self._peek()
        names, assigns = ((), False) if nested else self._variables()
        commands = [self._command()]
        while self._peek().text == "|":
            self._take()
            commands.append(self._command())
        for command in commands[1:]:
            if isinstance(command.operands[0], Constant):
                raise failed(self._text, command.at, "what stands behind a | has to be a function")
        self._known.extend(() if assigns else names)
        return Pipe(tuple(commands), start.at, names, assigns)

    def _variables(self) -> tuple[tuple[str, ...], bool]:
        """`$x :=`, `$x =`, and in a range `$i, $x :=`."""
        count = 1
        if self._peek().kind == "variable" and self._peek(1).text == "," and self._most > 1:
            count = 2
        sign = self._peek(2 * count - 1)
        if sign.text == ",":
            most = "one variable or two" if self._most > 1 else "one variable"
            raise failed(self._text, sign.at, f"there is {most} to set", hint="{{range $number, $item := …}}")
        if self._peek().kind != "variable" or sign.text not in {":=", "="}:
            return (), False
        names = tuple(self._peek(2 * number).text for number in range(count))
        for number in range(count):
            token = self._peek(2 * number)
            if token.kind != "variable" or token.text == "$":
                raise failed(self._text, token.at, "a variable is needed here", hint="such as $x")
            if sign.text == "=":
                self._check_known(token)
        self._at += 2 * count
        return names, sign.text == "="

    def _command(self) -> Command:
        start = self._peek()
        operands: list[Operand] = []
        while (token := self._peek()).kind != "end" and token.text not in {"|", ")"}:
            if operands and token.glued:
                raise self._unexpected(token)
            operands.append(self._operand())
        if not operands:
            raise failed(self._text, start.at, "a value is missing here", length=len(start.text))
        if start.text == "nil":
            raise failed(self._text, start.at, "nil has no value to show", length=3)
        if len(operands) > 1 and not isinstance(operands[0], Function):
            shown = start.text
            hint = "a function comes first, as in {{index .RepoTags 0}}"
            raise failed(self._text, start.at, f"{shown} is no function", length=len(shown), hint=hint)
        return Command(tuple(operands), start.at)

    def _operand(self) -> Operand:
        token = self._take()
        match token.kind:
            case "field":
                self._at -= 1
                return self._chain(None, token)
            case "dot":
                return Chain(None, (), (), token.at)
            case "variable":
                self._check_known(token)
                return self._chain(Variable(token.text, token.at), token)
            case "word":
                return self._word(token)
            case "sign" if token.text == "(":
                pipe = self._pipe(nested=True)
                if self._peek().text != ")":
                    raise failed(self._text, token.at, "the parenthesis does not end", hint="close it with )")
                self._take()
                return self._chain(pipe, token)
            case "number" | "string" | "raw" | "char":
                return Constant(self._constant(token), token.text, token.at)
            case _:
                raise self._unexpected(token)

    def _chain(self, start: Operand | None, token: Token) -> Operand:
        fields: list[Token] = []
        while self._peek().kind == "field" and (self._peek().glued or (start is None and not fields)):
            fields.append(self._take())
        if start is not None and not fields:
            return start
        places = tuple(field.at for field in fields)
        return Chain(start, tuple(field.text[1:] for field in fields), places, token.at)

    def _word(self, token: Token) -> Operand:
        if token.text in _CONSTANTS:
            return Constant(_CONSTANTS[token.text], token.text, token.at)
        if token.text not in NAMES:
            if token.text in _KEYWORDS:
                raise self._unexpected(token)
            hint = near(token.text, NAMES, title="functions")
            raise failed(self._text, token.at, f"there is no function {token.text}", length=len(token.text), hint=hint)
        return Function(token.text, token.at)

    def _constant(self, token: Token) -> int | float | str:
        text = token.text
        try:
            match token.kind:
                case "raw":
                    return text[1:-1]
                case "string":
                    return _unquoted(text)
                case "char":
                    return ord(_unquoted(f'"{text[1:-1]}"'))
                case _ if text.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"}:
                    return int(text, 0)
                case _:
                    return float(text) if set(text) & set(".eE") else int(text)
        except (ValueError, TypeError) as error:
            raise failed(self._text, token.at, f"{text} cannot be read", length=len(text)) from error

    def _check_known(self, token: Token) -> None:
        if token.text not in self._known:
            name = token.text
            hint = f"declare it first: {{{{{name} := …}}}}"
            raise failed(self._text, token.at, f"there is no variable {name}", length=len(name), hint=hint)

    def _unexpected(self, token: Token) -> TemplateError:
        what = "the action ends too early" if token.kind == "end" else f"{token.text} cannot stand here"
        return failed(self._text, token.at, what, length=len(token.text))


def _unquoted(text: str) -> str:
    """A text in Go's quotes. Raises ValueError."""
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        return chr(int(code, 8) if code.isdigit() else int(code[1:], 16))
    if code not in _ESCAPES:
        raise ValueError(code)
    return _ESCAPES[code]
