"""Which files a project folder should have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.lint import LintFile, check
from stagemill.split.start import c, golang, java, node, pages, python, rust, start
from stagemill.split.start.folder import Folder, Start, ignore, listed, version

NODE = {
    "name": "x",
    "scripts": {"build": "tsc", "start": "node dist/index.js"},
    "dependencies": {"a": "1"},
    "devDependencies": {"b": "1"},
}
MAIN = "package main\n\nfunc main() {}\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
PROJECTS: dict[str, tuple[dict[str, str], str, str, str]] = {
    # files, title, what runs, a line of the Dockerfile
    "npm": ({"package.json": json.dumps(NODE), "package-lock.json": "{}"}, "Node (npm)", "node dist/index.js", "RUN npm ci"),
    "pnpm": ({"package.json": json.dumps(NODE), "pnpm-lock.yaml": ""}, "Node (pnpm)", "node dist/index.js", "RUN CI=true pnpm prune --prod"),
    "yarn": ({"package.json": json.dumps(NODE), "yarn.lock": ""}, "Node (yarn)", "node dist/index.js", "COPY package.json yarn.lock ./"),
    "plain": ({"package.json": "{}", "server.js": "", "views/a": "", ".nvmrc": "v20.1"}, "Node (npm)", "node server.js", "ARG NODE=20"),
    "pages": (
        {"package.json": json.dumps({"scripts": {"build": "vite build", "dev": "vite"}, "devDependencies": {"vite": "6"}})},
        "static site (npm)", "busybox httpd, for dist", "COPY --from=builder /app/dist /www",
    ),
    "pip": ({"requirements.txt": "flask\ngunicorn\n", "app.py": FLASK}, "Python (pip)", "gunicorn app:app --bind 0.0.0.0:8000", "COPY requirements.txt ./"),
    "fastapi": (
        {"pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.12"\ndependencies = ["fastapi", "uvicorn"]\n', "uv.lock": "", "src/x/main.py": "api = FastAPI()\n"},
        "Python (uv)", "uvicorn x.main:api --host 0.0.0.0 --port 8000", "ARG PYTHON=3.12",
    ),
    "poetry": ({"pyproject.toml": "[tool.poetry]\nname = 'x'\n", "main.py": ""}, "Python (poetry)", "python main.py", "COPY pyproject.toml ./"),
    "script": ({"pyproject.toml": "[project]\nname = 'x'\n[project.scripts]\nserve = 'x:main'\n"}, "Python (pip)", "serve", "RUN pip install --no-cache-dir ."),
    "django": ({"requirements.txt": "django\ngunicorn", "manage.py": "", "site/wsgi.py": ""}, "Python (pip)", "gunicorn site.wsgi:application --bind 0.0.0.0:8000", "USER nobody"),
    "go": ({"go.mod": "module a.test/hello\n\ngo 1.22.3\n", "main.go": MAIN, "go.sum": ""}, "Go", "/hello", "FROM golang:1.22 AS builder"),
    "go in cmd": ({"go.mod": "module a.test/hello\n", "cmd/serve/main.go": MAIN}, "Go", "/serve", "FROM gcr.io/distroless/static:nonroot AS runtime"),
    "cgo": ({"go.mod": "module a\n\ngo 1.23\n", "main.go": 'package main\n\nimport "C"\n'}, "Go", "/a", "FROM debian:bookworm-slim AS runtime"),
    "rust": ({"Cargo.toml": '[package]\nname = "tool"\nrust-version = "1.80"\n', "src/main.rs": "", "Cargo.lock": ""}, "Rust (cargo)", "tool", "FROM rust:1.80-slim-bookworm AS builder"),
    "maven": ({"pom.xml": "<maven.compiler.release>17</maven.compiler.release>"}, "Java (Maven)", "java -jar /app/app.jar", "FROM eclipse-temurin:17-jre AS runtime"),
    "gradle": ({"build.gradle.kts": "jvmToolchain(21)", "gradlew": ""}, "Java (Gradle)", "java -jar /app/app.jar", "FROM eclipse-temurin:21 AS builder"),
    "cmake": ({"CMakeLists.txt": "add_executable(tool a.cpp)", "a.cpp": ""}, "C or C++ (cmake)", "tool", "COPY --from=builder /src/build/tool /usr/local/bin/tool"),
    "make": ({"Makefile": "all: tool\ntool: tool.c\n\tcc\nclean:\n", "tool.c": ""}, "C or C++ (make)", "tool", "RUN make"),
    "meson": ({"meson.build": "executable('tool', 'a.c')", "a.c": ""}, "C or C++ (meson)", "tool", "COPY --from=builder /src/build/tool /usr/local/bin/tool"),
    "html": ({"index.html": ""}, "static site", "busybox httpd", "COPY . /www"),
}  # fmt: skip
UNKNOWN: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": ({"a.txt": ""}, "no project is seen", "name a folder with package.json"),
    "no program": ({"package.json": "{}"}, "what the image is to run cannot be seen", "--run"),
    "no entry": ({"requirements.txt": ""}, "what the image is to run cannot be seen", 'say it: --run "python -m app"'),
    "no server": ({"requirements.txt": "django", "manage.py": ""}, "a server for this Django project", "add gunicorn"),
    "two mains": ({"go.mod": "", "cmd/a/m.go": MAIN, "cmd/b/m.go": MAIN}, "which program", "there are cmd/a, cmd/b"),
    "library of go": ({"go.mod": "", "x.go": "package x\n"}, "a main package cannot be seen", "say where it is"),
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
