"""Which programs the sources of a project start."""

from __future__ import annotations

import pytest

from fakes.tree import MemoryTree
from stagemill.split import calls
from stagemill.split.draft import Draft, Kept

KEPT = (Kept("/app", directory=True),)


@pytest.mark.parametrize(
    ("name", "text", "program"),
    [
        ("a.js", "execFileSync('git', ['log'])", "git"),
        ("a.mjs", "await execa(`ffmpeg`, [])", "ffmpeg"),
        ("a.js", 'cp.exec("curl -f x")', "curl"),
        ("a.py", "subprocess.run(['git', '--version'])", "git"),
        ("a.py", 'os.system("convert a b")', "convert"),
        ("a.go", 'exec.CommandContext(ctx, "pg_dump", "-c")', "pg_dump"),
        ("a.rs", 'Command::new("git")', "git"),
        ("a.c", 'popen("/usr/bin/file -b", "r")', "/usr/bin/file"),
        ("a.java", 'new ProcessBuilder("gs", "-q")', "gs"),
    ],
)
def test_a_program_is_named_where_it_is_started(name: str, text: str, program: str) -> None:
    view = MemoryTree({f"app/{name}": text})

    assert list(calls.named(view, Draft("node", "", "", "", kept=KEPT), None)) == [(program, f"app/{name}")]


@pytest.mark.parametrize(
    "path", ["app/node_modules/x/a.js", "app/tests/a.py", "app/README.md", "elsewhere/a.js"]
)  # fmt: skip
def test_others_sources_tests_and_texts_start_nothing(path: str) -> None:
    assert list(calls.named(MemoryTree({path: "exec('git')"}), Draft("node", "", "", "", kept=KEPT), None)) == []


def test_a_name_alone_is_no_start() -> None:
    view = MemoryTree({"app/a.js": "const git = 'git'; print('git'); exec(git); Command.help('x')"})

    assert list(calls.named(view, Draft("node", "", "", "", kept=KEPT), None)) == []


def test_what_was_compiled_is_read_in_the_context() -> None:
    context = MemoryTree({"cmd/main.go": 'exec.Command("git")'})

    assert list(calls.named(MemoryTree({}), Draft("go", "", "", ""), context)) == [("git", "cmd/main.go")]
    assert list(calls.named(MemoryTree({}), Draft("python", "", "", ""), context)) == []
