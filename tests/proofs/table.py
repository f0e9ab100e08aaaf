"""`Proof`: a test that shows that a word of the user's does what it means, and whether it is there."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.rows import groups
from proofs.words import spellings

TESTS = Path(__file__).parents[1]
TABLE = Path(__file__).parent / "proofs.toml"
ROW = "conformance:"


@dataclass(frozen=True, slots=True)
class Proof:
    """`test` is `FILE::FUNCTION`, or `conformance:NAME` with BuildKit's name of a row."""

    word: str
    test: str

    @property
    def text(self) -> str:
        """What the test consists of, with the helpers of its file; empty where there is no such test."""
        if self.test.startswith(ROW):
            return _rows().get(self.test.removeprefix(ROW), "")
        file, _, function = self.test.partition("::")
        return _functions(TESTS / file).get(function, "")

    @property
    def holds(self) -> bool:
        """Whether the word, in one of its spellings, is in the test."""
        text = self.text
        return any(all(_has(text, part) for part in parts) for parts in spellings(self.word))


def _has(text: str, part: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(part)}(?![\w-])", text.replace("\\n", "\n")) is not None


@cache
def _rows() -> dict[str, str]:
    rows = [row for group in groups() for row in group.behaviours if row.standing != "pending"]
    return {row.covers: "\n".join(map(str, row.builds)) for row in rows}


@cache
def _functions(file: Path) -> dict[str, str]:
    """The tests of a file by name, each with what the file has beside tests."""
    if not file.is_file():
        return {}
    text = file.read_text(encoding="utf-8")
    tests = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and _is_test(node)]
    lines = text.splitlines()
    own: dict[str, str] = {}
    for node in tests:
        own[node.name] = "\n".join([own.get(node.name, ""), *lines[_first(node) - 1 : node.end_lineno]])
    taken = {number for node in tests for number in range(_first(node), (node.end_lineno or 0) + 1)}
    rest = "\n".join(line for number, line in enumerate(lines, start=1) if number not in taken)
    return {name: f"{found}\n{rest}" for name, found in own.items()}


def _is_test(node: ast.FunctionDef) -> bool:
    return node.name.startswith("test_")


def _first(node: ast.FunctionDef) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def proofs() -> dict[str, list[Proof]]:
    """What proofs.toml says, below the headings of the page."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {heading: [Proof(word, test) for word, test in found.items()] for heading, found in table.items()}
