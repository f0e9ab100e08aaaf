"""Python: what pip, uv or poetry install goes into a virtual environment, and that one goes into the slim image."""

from __future__ import annotations

import posixpath
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
ENV PATH={place}/bin:$PATH PYTHONUNBUFFERED=1{_path(folder)}
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
    if folder.has("poetry.lock") or table(project, "tool", "poetry"):
        return "poetry"
    return "pipenv" if folder.has("Pipfile") and not folder.has("requirements.txt") else "pip"


def _is_package(folder: Folder) -> bool:
    """Whether the project itself can be installed."""
    project = folder.toml("pyproject.toml")
    if _tool(folder) == "pip" and table(project, "project", "scripts"):
        return True
    return bool(table(project, "build-system")) and table(project, "tool", "poetry").get("package-mode") is not False


def _path(folder: Folder) -> str:
    """Where Python finds modules that nothing installs."""
    return " PYTHONPATH=/app/src" if folder.has("src") and not _is_package(folder) else ""


def _version(folder: Folder) -> str:
    project = folder.toml("pyproject.toml")
    wanted = (
        table(project, "project").get("requires-python")
        or table(project, "tool", "poetry", "dependencies").get("python")
        or ""
    )
    return version(folder.read(".python-version") or (str(wanted) if "." in str(wanted) else ""), _VERSION)


def _install(folder: Folder, tool: str) -> tuple[str, str]:
    """The lines that install the packages, and the project itself where it is one; and where they are then."""
    match tool:
        case "uv":
            return f"RUN pip install uv==0.*\n{_PACKAGES}{_uv(folder)}", "/app/.venv"
        case "poetry":
            return f"RUN pip install poetry==2.*\n{_INSIDE}{_PACKAGES}{_poetry(folder)}", "/opt/venv"
        case "pipenv":
            files = "Pipfile Pipfile.lock" if folder.has("Pipfile.lock") else "Pipfile"
            sync = "pipenv sync" if folder.has("Pipfile.lock") else "pipenv install --skip-lock"
            return f"RUN pip install pipenv==2025.*\n{_INSIDE}{_PACKAGES}COPY {files} ./\nRUN {sync}\n", "/opt/venv"
    return f"{_INSIDE}{_pip(folder)}", "/opt/venv"


_INSIDE = """# What is installed from here on lands in one directory, which can be copied.
RUN python -m venv /opt/venv
ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH
"""
_PACKAGES = "# The packages before the sources: as long as their list stays the same, nothing is installed again.\n"


def _uv(folder: Folder) -> str:
    several = bool(table(folder.toml("pyproject.toml"), "tool", "uv", "workspace"))
    first = "--no-install-workspace" if several else "--no-install-project"
    text = f"COPY pyproject.toml uv.lock ./\nRUN uv sync --frozen --no-dev {first}\n"
    if _is_package(folder) or several:
        text += "COPY . .\nRUN uv sync --frozen --no-dev --no-editable\n"
    return text


def _poetry(folder: Folder) -> str:
    files = "pyproject.toml poetry.lock" if folder.has("poetry.lock") else "pyproject.toml"
    text = f"COPY {files} ./\nRUN poetry install --only main --no-root --no-interaction\n"
    return f"{text}COPY . .\nRUN poetry install --only main --no-interaction\n" if _is_package(folder) else text


def _pip(folder: Folder) -> str:
    if not folder.has("requirements.txt"):
        return "COPY . .\nRUN pip install --no-cache-dir .\n"
    install = "RUN pip install --no-cache-dir -r requirements.txt\n"
    files = _lists(folder)
    if ("./", "./") in files:
        return f"# The project is one of the packages itself.\nCOPY . .\n{install}"
    text = _PACKAGES + "".join(f"COPY {name} {place}\n" for name, place in files) + install
    return f"{text}COPY . .\nRUN pip install --no-cache-dir --no-deps .\n" if _is_package(folder) else text


def _lists(folder: Folder) -> list[tuple[str, str]]:
    """What pip has to read: requirements.txt, the lists that it names, and packages of the project; each with where it goes."""
    pending, found = ["requirements.txt"], dict[str, str]()
    while pending:
        name = pending.pop()
        found[name] = name if "/" in name else "./"
        for line in folder.read(name).splitlines():
            words = line.split("#")[0].replace("=", " ", 1).split() if line.startswith("-") else line.split()
            if words[:1] and words[0] in {"-r", "--requirement", "-c", "--constraint"} and len(words) > 1:
                place = posixpath.normpath(posixpath.join(posixpath.dirname(name), words[1]))
                pending += [place] if place not in found and folder.has(place) else []
            elif words[:1] and (words[0] in {"-e", "--editable"} or words[0].startswith(("./", "file:."))):
                place = posixpath.normpath(words[-1].removeprefix("file:").partition("[")[0])
                found["./" if place == "." else place] = "./" if place == "." else f"{place}/"
    return sorted((name, place) for name, place in found.items() if folder.has(name))


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
    project = folder.toml("pyproject.toml")
    scripts = table(project, "project", "scripts") or table(project, "tool", "poetry", "scripts")
    if len(scripts) == 1 and _is_package(folder):
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
