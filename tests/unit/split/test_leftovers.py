"""What a program does not run on, by its name."""

from __future__ import annotations

import pytest

from fakes.tree import MemoryTree
from stagemill.split import leftovers
from stagemill.split.draft import Kind


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        (".git", "other", "work on the project"),
        ("stagemill.lock", "go", "work on the project"),
        ("tests", "python", "tests"),
        ("tsconfig.json", "node", "tells tools"),
        ("yarn.lock", "node", "installed already"),
        ("requirements-dev.txt", "python", "installed already"),
        ("main.go", "go", "compiled into"),
        ("util.o", "c", "between source and program"),
    ],
)
def test_a_name_has_a_reason(name: str, kind: Kind, word: str) -> None:
    assert word in leftovers.reason(name, kind)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("views", "node"), ("package.json", "node"), ("app.py", "python"), ("templates", "go"), ("LICENSE", "c"), ("yarn.lock", "go"), ("main.go", "node")],
)  # fmt: skip
def test_what_is_not_known_stays(name: str, kind: Kind) -> None:
    assert leftovers.reason(name, kind) == ""


def test_a_directory_of_sources_only_is_one() -> None:
    view = MemoryTree({"a/x.go": "", "a/b/y.go": "", "c/x.go": "", "c/page.html": "", "d/e/f": ""})

    assert leftovers.is_source(view, "a", "go")
    assert not leftovers.is_source(view, "c", "go")
    assert not leftovers.is_source(view, "d", "go")
    assert not leftovers.is_source(MemoryTree({}), "none", "go")


def test_a_name_is_mentioned_as_a_word_of_a_path() -> None:
    view = MemoryTree(
        {"app.js": 'read("docs/a.txt")', "lib/b.js": "// the documents", "node_modules/x/y.js": '"spec/"'}
    )

    assert leftovers.mentioned(view, "docs", ["app.js", "lib"]) == "app.js"
    assert leftovers.mentioned(view, "doc", ["app.js", "lib"]) == ""
    assert leftovers.mentioned(view, "spec", ["node_modules"]) == ""


def test_a_directory_of_settings_is_no_step_of_a_compiler() -> None:
    view = MemoryTree(
        {"app/conf.d/a.conf": "", "app/x.d": "", "app/input.in": "", "app/config.h.in": "", "app/gen.d/x.o": ""}
    )

    found = {name: leftovers.of(view, f"app/{name}", "c") for name in view.listdir("app")}

    assert [name for name, why in found.items() if not why] == ["conf.d", "input.in"]
    assert leftovers.is_code("main.c", "c")
    assert not leftovers.is_code("main.c", "python")
