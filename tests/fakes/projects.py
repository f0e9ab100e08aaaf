"""Folders of projects that have no Dockerfile: their files, their title, what runs, and a line of the Dockerfile they should have."""

from __future__ import annotations

import json

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
    "npm workspace": (
        {"package.json": json.dumps({"workspaces": ["packages/*"], "scripts": {"start": "node packages/api/index.js"}}),
         "packages/api/package.json": json.dumps({"name": "api", "dependencies": {"a": "1"}}), "packages/api/index.js": "",
         "packages/lib/package.json": json.dumps({"name": "lib", "scripts": {"build": "tsc"}})},
        "Node (npm)", "node packages/api/index.js", "RUN npm run build --workspaces --if-present",
    ),
    "pnpm workspace": (
        {"package.json": json.dumps({"main": "apps/api/index.js"}), "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n", "pnpm-lock.yaml": "",
         "apps/api/package.json": json.dumps({"dependencies": {"a": "1"}}), "apps/api/index.js": ""},
        "Node (pnpm)", "node apps/api/index.js", "COPY apps/api/package.json ./apps/api/",
    ),
    "yarn berry": (
        {"package.json": json.dumps({**NODE, "packageManager": "yarn@4.1.0"}), "yarn.lock": ""},
        "Node (yarn)", "node dist/index.js", "RUN corepack enable && yarn install --immutable",
    ),
    "tools of node beside go": (
        {"package.json": json.dumps({"devDependencies": {"prettier": "3"}}), "go.mod": "module a/x\n", "main.go": MAIN}, "Go", "/x", "COPY go.mod ./",
    ),
    "go with a module of its own": (
        {"go.mod": "module a/x\nreplace a/l => ./l\n", "main.go": MAIN, "l/go.mod": "module a/l\n"}, "Go", "/x", "COPY . .",
    ),
    "go workspace": (
        {"go.work": "go 1.23\nuse ./api\n", "api/go.mod": "module a/api\n", "api/main.go": MAIN}, "Go", "/api", "COPY . .",
    ),
    "uv package": (
        {"pyproject.toml": '[project]\nname = "x"\n[project.scripts]\nserve = "x:main"\n[build-system]\nrequires = ["hatchling"]\n', "uv.lock": ""},
        "Python (uv)", "serve", "RUN uv sync --frozen --no-dev --no-editable",
    ),
    "poetry package": (
        {"pyproject.toml": "[tool.poetry]\nname = 'x'\n[tool.poetry.scripts]\nserve = 'x:main'\n[build-system]\nrequires = ['poetry-core']\n"},
        "Python (poetry)", "serve", "RUN poetry install --only main --no-interaction",
    ),
    "pipenv": ({"Pipfile": "", "Pipfile.lock": "{}", "main.py": ""}, "Python (pipenv)", "python main.py", "RUN pipenv sync"),
    "lists of lists": (
        {"requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": "flask\n", "main.py": ""},
        "Python (pip)", "python main.py", "COPY requirements/base.txt requirements/base.txt",
    ),
    "a package of its own": ({"requirements.txt": "-e ./lib\n", "lib/setup.py": "", "main.py": ""}, "Python (pip)", "python main.py", "COPY lib lib/"),
    "modules in src": (
        {"requirements.txt": "flask", "src/app/main.py": FLASK}, "Python (pip)", "flask --app app.main run --host 0.0.0.0 --port 8000",
        "ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONPATH=/app/src",
    ),
    "cargo workspace": (
        {"Cargo.toml": "[workspace]\nmembers = ['api']\n", "api/Cargo.toml": "[package]\nname = 'api'\n", "api/src/main.rs": ""},
        "Rust (cargo)", "api", 'CMD ["api"]',
    ),
    "rust with tls": (
        {"Cargo.toml": "[package]\nname = 'a'\n", "src/main.rs": "", "Cargo.lock": 'name = "openssl-sys"'},
        "Rust (cargo)", "a", " && apt-get install -y --no-install-recommends libssl-dev pkg-config \\",
    ),
    "maven modules": (
        {"pom.xml": "<modules><module>api</module><module>lib</module></modules>", "api/pom.xml": "spring-boot-maven-plugin", "lib/pom.xml": ""},
        "Java (Maven)", "java -jar /app/app.jar", "RUN --mount=type=cache,target=/root/.m2 mvn -B -q package -DskipTests -pl api -am \\",
    ),
    "gradle modules": (
        {"build.gradle": "", "settings.gradle": "include 'api', 'lib'", "api/build.gradle": "id 'org.springframework.boot'", "lib/build.gradle": ""},
        "Java (Gradle)", "java -jar /app/app.jar", "RUN --mount=type=cache,target=/cache GRADLE_USER_HOME=/cache gradle --no-daemon :api:assemble \\",
    ),
    "make with libraries": (
        {"Makefile": "tool: tool.c\n\tcc -o tool tool.c -lsqlite3 -lz -lm\n", "tool.c": ""}, "C or C++ (make)", "tool",
        " && apt-get install -y --no-install-recommends libsqlite3-0 zlib1g \\",
    ),
    "html": ({"index.html": ""}, "static site", "busybox httpd", "COPY . /www"),
}  # fmt: skip
