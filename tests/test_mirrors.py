"""Every module has tests where a reader looks for them: in the folder of `unit/` that mirrors its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SOURCE = TESTS.parent / "src" / "stagemill"
UNIT = TESTS / "unit"

THROUGH: dict[str, tuple[str, str]] = {
    # folder: (who uses these parts, and is tested by what they do together; the parts)
    "": ("nothing: it is two lines, and plain values", "__main__ events"),
    "cache": ("nothing: it is a protocol, and each of its implementations is", "keep"),
    "cli/again": ("builds that are asked again: tests/integration/test_again.py", "asking forms looked retell"),
    "cli/sizing": ("cli/size, and cli/diff", "builds idle made rows sides trees"),
    "cli/inspection": ("cli/inspect", "flags"),
    "cli/named": ("cli/copy, and cli/index", "places sending"),
    "cli/picturing": ("cli/graph", "document foreseen"),
    "cli/linting": ("cli/lint", "given pages"),
    "cli/locking": ("cli/lock, with registries on loopback", "finding"),
    "cli/journal": ("cli/journal/journal", "account made"),
    "cli/outlook": ("cli/plan", "asked causes document gather"),
    "cli/verifying": ("build --verify-cache, on the real sandbox: tests/integration", "cached_steps"),
    "cli/progress": ("cli/progress/__init__: open_progress", "screen tty turns"),
    "dockerfile": ("dockerfile/parser", "statement"),
    "execute": ("execute/forms", "streams"),
    "export": ("export/load, and the archives that others read", "archive bundle content dockers layout layouts"),
    "layer": ("layer/unpack", "attributes placement"),
    "lint": (
        "each rule in lint/checks and lint/practices",
        (
            "archives cleaning finding images labels manifest mentions modules names node_version packages production "
            "rule runtime scripts stages undisturbed workshop"
        ),
    ),
    "lint/practices": ("lint/rules", "every"),
    "lint/formats": ("the command line", "short"),
    "insight": ("insight/development, with locks of each kind", "node_locks python_locks"),
    "plan": ("plan/planner", "dispatch mount_options needs outline site state"),
    "registry": (
        "registry/client, with a registry on loopback",
        "auth documents failure lookup repository session token upload",
    ),
    "sandbox": ("sandbox/namespaces, on the real kernel: tests/integration", "helper late protocol session"),
    "sandbox/inside": (
        "sandbox/namespaces, on the real kernel: tests/integration",
        "emulation helper launch mounts overlay requested root syscalls system",
    ),
    "solve": ("solve/solve", "finder protocols step"),
    "sources": ("sources/remotes, with files and repositories on loopback", "authorization checkout pins refs"),
    "verify": ("stagemill verify, on the real sandbox: tests/integration", "attempt verification"),
    "verify/causes": ("verify/causes/__init__: find", "archives compiled drawn machine order places stamps"),
    "split": ("stagemill split, on the real sandbox: tests/integration, tests/examples", "smoke"),
    "store": ("store/database, and store/prune", "references schema"),
}
EXCEPTIONS = {
    f"{folder}/{name}.py".removeprefix("/") for folder, (_, names) in THROUGH.items() for name in names.split()
}

MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if path.name != "__init__.py")


def imported(test: Path) -> Iterator[str]:
    """The modules of ours that a test names, as paths."""
    for node in ast.walk(ast.parse(test.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "stagemill":
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                yield "/".join(name.split(".")[1:]) + ".py"


def in_folder(folder: Path) -> set[str]:
    tests = [*folder.rglob("*.py"), *(TESTS / "property").glob(f"test_{folder.name}*.py")]
    return {module for test in tests for module in imported(test)}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_its_mirror_or_is_named_by_a_test_beside_it(module: str) -> None:
    path = Path(module)
    mirror = UNIT / path.parent / f"test_{path.name}"

    flat = UNIT / path.parts[0] / mirror.name
    tested = mirror.exists() or flat.exists() or module in in_folder(UNIT / path.parts[0])

    assert tested or module in EXCEPTIONS, "write tests beside the others, or say in THROUGH what it is tested through"


def test_every_exception_is_a_module() -> None:
    assert EXCEPTIONS - set(MODULES) == set()
