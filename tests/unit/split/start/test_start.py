"""Which files a project folder should have."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.projects import MAIN, PROJECTS
from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.lint import LintFile, check
from stagemill.split.start import c, golang, java, node, pages, python, rust, start
from stagemill.split.start.folder import Folder, Start, ignore, listed, version

UNKNOWN: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": ({"a.txt": ""}, "no project is seen", "name a folder with package.json"),
    "no program": ({"package.json": "{}"}, "what the image is to run cannot be seen", "--run"),
    "no entry": ({"requirements.txt": ""}, "what the image is to run cannot be seen", 'say it: --run "python -m app"'),
    "no server": ({"requirements.txt": "django", "manage.py": ""}, "a server for this Django project", "add gunicorn"),
    "two mains": ({"go.mod": "", "cmd/a/m.go": MAIN, "cmd/b/m.go": MAIN}, "which program", "there are cmd/a, cmd/b"),
    "library of go": ({"go.mod": "", "x.go": "package x\n"}, "a main package cannot be seen", "say where it is"),
    "go and python": (
        {"go.mod": "", "main.go": MAIN, "requirements.txt": "", "main.py": ""},
        "several projects",
        "--kind python or --kind go",
    ),
    "two modules": (
        {"pom.xml": "<module>a</module><module>b</module>"},
        "which module",
        "there are a, b; say it: --run a",
    ),
    "two bins": ({"Cargo.toml": '[[bin]]\nname = "a"\n[[bin]]\nname = "b"\n'}, "which program", "there are a, b"),
    "workspace": ({"Cargo.toml": "[workspace]\n"}, "a program cannot be seen", "--run NAME"),
    "several rules": ({"Makefile": "a: a.c\nb: b.c\n", "a.c": ""}, "which program", "there are a, b"),
    "broken json": ({"package.json": "{"}, "is no JSON", "mend it first"),
    "broken toml": ({"Cargo.toml": "["}, "is no TOML", "mend it first"),
}


def folder(place: Path, files: dict[str, str]) -> Folder:
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Folder(place)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_is_seen(name: str, tmp_path: Path) -> None:
    files, title, command, line = PROJECTS[name]

    found = start(folder(tmp_path, files))

    assert (found.title, found.command) == (title, command)
    assert line in found.dockerfile.splitlines()


@pytest.mark.parametrize("name", PROJECTS)
def test_what_is_written_parses_and_has_no_finding(name: str, tmp_path: Path) -> None:
    dockerfile = parse(start(folder(tmp_path, PROJECTS[name][0])).dockerfile)

    assert [found.message for found in check(LintFile.of(dockerfile))] == []
    assert dockerfile.stages()[-1][0].name


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_seen_is_asked_for(name: str, tmp_path: Path) -> None:
    files, message, hint = UNKNOWN[name]

    with pytest.raises(StagemillError, match=message) as caught:
        start(folder(tmp_path, files))

    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "command", "line"),
    [
        ("no program", "node x/y.js", 'CMD ["node", "x/y.js"]'),
        ("no entry", "python -m x", 'CMD ["python", "-m", "x"]'),
        ("two mains", "./cmd/b", 'CMD ["/b"]'),
        ("two bins", "b", 'CMD ["b"]'),
        ("several rules", "b", "COPY --from=builder /src/b /usr/local/bin/b"),
    ],
)
def test_a_person_may_say_it(name: str, command: str, line: str, tmp_path: Path) -> None:
    assert line in start(folder(tmp_path, UNKNOWN[name][0]), command).dockerfile.splitlines()


def test_of_several_projects_the_command_or_a_person_tells_which(tmp_path: Path) -> None:
    both = folder(tmp_path, {"go.mod": "module x\n", "main.go": MAIN, "requirements.txt": "", "main.py": ""})

    assert [start(both, kind=kind).kind for kind in ("go", "python")] == ["go", "python"]
    assert start(both, "python main.py").kind == "python"


def test_each_kind_leaves_other_folders_alone(tmp_path: Path) -> None:
    empty = folder(tmp_path, {"a": ""})

    assert [each.start(empty, "") for each in (node, python, golang, rust, java, c, pages)] == [None] * 7


def test_secrets_and_what_a_build_makes_are_ignored() -> None:
    lines = ignore(("dist",)).splitlines()

    assert {"dist", ".git", ".env", "**/*.pem", "Dockerfile*"} <= set(lines)
    assert lines.index("!.env.example") > lines.index(".env.*")


def test_words_and_versions() -> None:
    assert listed("a 'b c'") == '["a", "b c"]'
    assert [version(text, "9") for text in (">=3.12,<4", "v20.11.1", "none")] == ["3.12", "20.11", "9"]
    assert Start("go", "", "", "", "").title == "Go"
