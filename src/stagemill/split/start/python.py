"""Python: what pip, uv or poetry install goes into a virtual environment, and that one goes into the slim image."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed, table, version

_VERSION = "3.13"
_MADE = (
    "**/__pycache__",
    "**/*.pyc",
    ".venv",
    "venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".tox",
    "htmlcov",
    ".coverage",
    "dist",
    "build",
    "**/*.egg-info",
)
_FILES = ("main.py", "app.py", "server.py", "run.py", "__main__.py", "wsgi.py", "asgi.py")
_APP = re.compile(r"^(\w+)\s*(?::\s*\w+\s*)?=\s*(FastAPI|Flask|Starlette|Quart|Litestar)\(", re.MULTILINE)


def start(folder: Folder, command: str) -> Start | None:
    """Raises StagemillError where nothing says what runs."""
    if not folder.has("pyproject.toml", "requirements.txt", "setup.py", "uv.lock", "poetry.lock", "Pipfile"):
        return None
    tool = _tool(folder)
    runs = command or _command(folder)
    install, place = _install(folder, tool)
    wanted = _version(folder)
    text = f"""ARG PYTHON={wanted}

FROM python:$PYTHON AS builder
WORKDIR /app
{install}
# The same Python without compilers and headers.
FROM python:$PYTHON-slim AS runtime
ENV PATH={place}/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /app
# All packages, with the programs that they bring.
COPY --from=builder {place} {place}
COPY . .
# Nobody needs to be root to serve.
USER nobody
CMD {listed(runs)}
"""
    return Start("python", tool, text, ignore((*_MADE, "tests", "test")), runs)


def _tool(folder: Folder) -> str:
    project = folder.toml("pyproject.toml")
    if folder.has("uv.lock"):
        return "uv"
    return "poetry" if folder.has("poetry.lock") or table(project, "tool", "poetry") else "pip"


def _version(folder: Folder) -> str:
    project = folder.toml("pyproject.toml")
    wanted = (
        table(project, "project").get("requires-python")
        or table(project, "tool", "poetry", "dependencies").get("python")
        or ""
    )
    return version(folder.read(".python-version") or (str(wanted) if "." in str(wanted) else ""), _VERSION)


def _install(folder: Folder, tool: str) -> tuple[str, str]:
    """The lines that install the packages, and where they are then."""
    if tool == "uv":
        return (
            """RUN pip install uv
# The packages before the sources: as long as the lock stays the same, nothing is installed again.
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-install-project
""",
            "/app/.venv",
        )
    venv = "RUN python -m venv /opt/venv\nENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH\n"
    if tool == "poetry":
        files = "pyproject.toml poetry.lock" if folder.has("poetry.lock") else "pyproject.toml"
        return (
            f"""RUN pip install poetry
# What is installed from here on lands in one directory, which can be copied.
{venv}COPY {files} ./
RUN poetry install --only main --no-root --no-interaction
""",
            "/opt/venv",
        )
    if folder.has("requirements.txt"):
        return (
            f"""# What is installed lands in one directory, which can be copied.
{venv}# The list of packages first: as long as it stays the same, nothing is installed again.
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
""",
            "/opt/venv",
        )
    return (
        f"""# What is installed lands in one directory, which can be copied.
{venv}COPY . .
RUN pip install --no-cache-dir .
""",
        "/opt/venv",
    )


def _needs(folder: Folder) -> str:
    """The text that names the packages."""
    return "\n".join(folder.read(name) for name in ("requirements.txt", "pyproject.toml", "Pipfile")).lower()


def _command(folder: Folder) -> str:
    if folder.has("manage.py"):
        return _django(folder)
    for name in _FILES:
        for path in (name, *folder.find(f"src/*/{name}"), *folder.find(f"*/{name}")):
            found = _APP.search(folder.read(path))
            if found:
                return _served(folder, path, found[1], found[2])
    scripts = table(folder.toml("pyproject.toml"), "project", "scripts")
    if len(scripts) == 1:
        return next(iter(scripts))
    main = folder.has(*_FILES)
    if main:
        return f"python {main}"
    raise folder.unknown("what the image is to run", 'say it: --run "python -m app"')


def _served(folder: Folder, path: str, name: str, kind: str) -> str:
    module = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    needs = _needs(folder)
    if kind in {"FastAPI", "Starlette", "Litestar", "Quart"}:
        if "uvicorn" in needs or "fastapi[" in needs:
            return f"uvicorn {module}:{name} --host 0.0.0.0 --port 8000"
        return f"hypercorn {module}:{name} --bind 0.0.0.0:8000" if "hypercorn" in needs else f"python {path}"
    if "gunicorn" in needs:
        return f"gunicorn {module}:{name} --bind 0.0.0.0:8000"
    return f"flask --app {module} run --host 0.0.0.0 --port 8000"


def _django(folder: Folder) -> str:
    found = folder.find("*/wsgi.py")
    if found and "gunicorn" in _needs(folder):
        return f"gunicorn {found[0].removesuffix('.py').replace('/', '.')}:application --bind 0.0.0.0:8000"
    raise folder.unknown(
        "a server for this Django project",
        'add gunicorn to its packages, or say it: --run "python manage.py runserver 0.0.0.0:8000"',
    )
