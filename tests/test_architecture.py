"""The house rules that a machine can hold: who may import whom, no cycles, how long files and functions get."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "stagemill"
RANKS = {
    "values": -1, "regex": -1,
    "timings": 0, "errors": 0, "digest": 0,
    "events": 1, "oci": 1, "dockerfile": 1, "graph": 1, "files": 1, "location": 1,
    "lint": 2, "store": 2, "solve": 2, "sandbox": 2, "template": 2,
    "layer": 3, "registry": 3, "context": 3,
    "plan": 4, "export": 4, "cache": 4, "sources": 4, "attest": 4,
    "execute": 5, "insight": 5, "subrequests": 5,
    "lock": 5,
    "build": 6, "places": 6,
    "verify": 7, "split": 7,
    "cli": 8,
}  # fmt: skip
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50

MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(module: str) -> str:
    """The folder or file of the package that a dotted name lies in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def dotted(path: Path) -> str:
    parts = ["stagemill", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """The modules of ours that a file imports, and whether it does so when it is loaded."""
    tree = ast.parse(path.read_text())
    late = {
        id(node)
        for parent in ast.walk(tree)
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(parent)
        for node in ast.walk(parent)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in late) for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if _exists(whole) else node.module), id(node) not in late


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _is_ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == "stagemill"


def _exists(name: str) -> bool:
    path = SOURCE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def test_every_part_has_a_rank() -> None:
    found = {part_of(dotted(path)) for path in MODULES} - {"", "__main__"}

    assert found - RANKS.keys() == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_imports_only_its_own_folder_and_lower_ranks(path: Path) -> None:
    own = part_of(dotted(path))

    upward = [
        name
        for name, _ in imports(path)
        if (part := part_of(name)) and own in RANKS and part != own and RANKS[part] >= RANKS[own]
    ]

    assert upward == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "values.py"], ids=dotted)
def test_a_class_of_values_is_made_by_the_quick_decorator(path: Path) -> None:
    assert not [
        line for line in path.read_text().splitlines() if re.match(r"from dataclasses import .*\bdataclass\b", line)
    ]


def test_no_import_goes_round_in_a_circle() -> None:
    graph = {dotted(path): {name for name, early in imports(path) if early} for path in MODULES}
    seen: dict[str, str] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if seen.get(module) == "done":
            return
        assert seen.get(module) != "open", f"import cycle: {' -> '.join((*trail, module))}"
        seen[module] = "open"
        for other in sorted(graph.get(module, ())):
            visit(other, (*trail, module))
        seen[module] = "done"

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    functions = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]

    assert functions == []
    assert text.count("\n") <= MAX_FILE_LINES


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_every_module_says_what_its_noun_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), "a module begins with what its noun is"
