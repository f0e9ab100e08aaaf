"""`Form`: how rows are printed: a table, a table or lines of a Go template, or JSON. Source: docker/cli, command/formatter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagemill.template.evaluate import render
from stagemill.template.functions import FUNCTIONS, Function
from stagemill.template.nodes import Template
from stagemill.template.parser import parse
from stagemill.template.values import Struct, Value, to_json
from stagemill.values import dataclass

_NARROWEST = 10
_GAP = 3
# In the line of heads what is done to a value is not done.
_UNTOUCHED = ("json", "title", "lower", "upper", "truncate")


@dataclass(frozen=True, slots=True)
class Form:
    """`template` None is JSON; with `table` the columns are under the heads of their fields."""

    template: Template | None
    table: bool = False

    @classmethod
    def parse(cls, text: str, *, default: str) -> Form:
        """`table`, `table TEMPLATE`, `json` or a template. `default` is that of the table. Raises TemplateError."""
        if text == "json":
            return cls(None)
        if not text or text.startswith("table"):
            return cls(parse(_tabs(text.removeprefix("table").strip() or default)), table=True)
        return cls(parse(_tabs(text)))

    def printed(self, rows: Sequence[Mapping[str, Value]], heads: Mapping[str, str]) -> str:
        """The rows, each with a line break at its end. `heads` are by field; every row has those fields."""
        structs = [Struct(row) for row in rows]
        if self.template is None:
            return "".join(f"{to_json(dict(row))}\n" for row in structs)
        lines = [render(self.template, row) for row in structs]
        if not self.table:
            return "".join(f"{line}\n" for line in lines)
        top = render(self.template, Struct(heads), functions={**FUNCTIONS, **_for_heads()})
        return "".join(f"{line}\n" for line in _columns([top, *lines]))


def _tabs(text: str) -> str:
    """`\\t` and `\\n` as people write them in a shell's single quotes."""
    return text.replace("\\t", "\t").replace("\\n", "\n")


def _for_heads() -> dict[str, Function]:
    return {name: Function(lambda arguments: arguments[0], 1) for name in _UNTOUCHED}


def _columns(lines: Sequence[str]) -> list[str]:
    """Cells that tabs divide, under one another; nothing is filled up behind the last."""
    rows = [line.split("\t") for line in lines]
    widths: dict[int, int] = {}
    for row in rows:
        for number, cell in enumerate(row[:-1]):
            widths[number] = max(widths.get(number, _NARROWEST), len(cell) + _GAP)
    return ["".join(cell.ljust(widths.get(n, 0)) for n, cell in enumerate(row)).rstrip() for row in rows]
