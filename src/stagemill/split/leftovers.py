"""What a project has that its program does not run on: by name, each with the reason that is told."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from stagemill.files.view import FileView
from stagemill.files.walk import walk
from stagemill.split.draft import Kind

Names: TypeAlias = Mapping[str, tuple[str, ...]]

_EVERYWHERE: Names = {
    "it is for those who work on the project": (
        ".git", ".github", ".gitlab", ".gitlab-ci.yml", ".gitignore", ".gitattributes", ".gitmodules", ".editorconfig",
        ".vscode", ".idea", ".circleci", ".husky", ".pre-commit-config.yaml", ".devcontainer", "Dockerfile*", "*.Dockerfile", "stagemill.lock", "stagemill.toml",
        "*.dockerfile", ".dockerignore", "docker-compose*.y*ml", "compose*.y*ml", "README*", "CHANGELOG*", "CONTRIBUTING*",
        "CODEOWNERS", "renovate.json", ".DS_Store",
    ),
    "tests run before the image is made": (
        "test", "tests", "__tests__", "spec", "e2e", "cypress", "coverage", "htmlcov", ".coverage*", "*.test.*", "*.spec.*", "*_test.*",
        "test_*.py", "conftest.py", "pytest.ini", "tox.ini", "noxfile.py", "jest.config.*", "vitest.config.*", "playwright.config.*",
        ".nyc_output", ".pytest_cache", ".tox",
    ),
}  # fmt: skip
_OF_KIND: Mapping[Kind, Names] = {
    "node": {
        "it tells tools how to check or build": (
            "tsconfig*.json", "jsconfig.json", "*.tsbuildinfo", ".eslintrc*", "eslint.config.*", ".prettierrc*",
            "prettier.config.*", ".babelrc*", "babel.config.*", "webpack.config.*", "rollup.config.*", "vite.config.*", "esbuild.config.*",
            "postcss.config.*", "tailwind.config.*", "tsup.config.*", "nodemon.json", "turbo.json", "nx.json", ".swcrc", ".nvmrc",
            "gulpfile.*", "Gruntfile.*", "Makefile", "build.js", "build.mjs",
        ),
        "the packages are installed already": (
            "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock*", ".npmrc", ".yarnrc", ".yarnrc.yml", ".npm", ".cache", ".pnpm-store",
        ),
    },
    "python": {
        "the packages are installed already": (
            "requirements*.txt", "requirements", "constraints*.txt", "Pipfile*", "poetry.lock", "uv.lock", "*.whl", "wheels",
        ),
        "it tells tools how to check or build": (
            ".flake8", ".pylintrc", "mypy.ini", ".mypy_cache", ".ruff_cache", "ruff.toml", ".python-version", "Makefile",
        ),
    },
}  # fmt: skip
_COMPILED: Names = {
    "it is compiled into the program": (
        "*.go", "go.mod", "go.sum", "go.work*", "*.rs", "Cargo.toml", "Cargo.lock", "rust-toolchain*", ".cargo", "build.rs",
        "*.c", "*.h", "*.cc", "*.cpp", "*.cxx", "*.hh", "*.hpp", "*.hxx", "*.s", "*.S", "*.h.in", "*.c.in", "*.pc.in", "*.cmake.in", "Makefile.in", "configure.in", "*.am", "*.ac", "*.y", "*.l",
        "Makefile*", "makefile", "GNUmakefile", "*.mk", "*.mak", "CMakeLists.txt", "*.cmake", "configure", "config.status", "config.log",
        "config.h", "libtool", "stamp-h1", "aclocal.m4", "autom4te.cache", "m4", "meson.build", "meson_options.txt", "meson.options",
        "CMakePresets.json", "conanfile.*", "vcpkg.json", "*.pc",
        "*.java", "*.kt", "*.kts", "*.groovy", "*.scala", "pom.xml", "build.gradle*", "settings.gradle*", "gradle.properties",
        "mvnw*", "gradlew*", ".mvn", "gradle", ".gradle", "*.proto",
    ),
    "it is a step between source and program": ("*.o", "*.lo", "*.a", "*.la", "*.d", "*.gch", "*.class", "*.rlib", "CMakeFiles", "CMakeCache.txt", ".libs"),
}  # fmt: skip
COMPILERS = frozenset({"go", "rust", "c", "java"})
# Names that say something of a file, and nothing of a directory: `conf.d` has settings.
_ONLY_FILES = ("*.d", "*.in", "*.l", "*.y", "*.s", "*.a", "*.o")
WORKPLACES: Mapping[str, str] = {
    "target": "cargo has compiled in it",
    "build": "it was compiled in it",
    "obj": "it was compiled in it",
    "vendor": "it is compiled into the program",
}
_SCRIPT_SOURCES = (".ts", ".tsx", ".mts", ".cts", ".jsx", ".vue", ".svelte", ".scss", ".less", ".coffee", ".map")
_MOST_FILES = 3000


def reason(name: str, kind: Kind) -> str:
    """Why a name at the top of a project stays behind; empty where it does not."""
    of_kind = _COMPILED if kind in COMPILERS else _OF_KIND.get(kind, {})
    for names in (_EVERYWHERE, of_kind):
        for why, patterns in names.items():
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                return why
    return ""


def is_code(name: str, kind: Kind) -> bool:
    """Whether a name is one of those that compilers read."""
    sources = next(iter(_COMPILED.values()))
    return kind in COMPILERS and any(fnmatch.fnmatchcase(name, pattern) for pattern in sources)


def of(view: FileView, path: str, kind: Kind) -> str:
    """Why what lies at a path stays behind; empty where it does not. A directory of a compiler holds nothing but its files."""
    entry = view.lstat(path)
    name = path.rpartition("/")[2]
    if entry is None or entry.kind != "dir":
        return reason(name, kind)
    why = "" if any(fnmatch.fnmatchcase(name, pattern) for pattern in _ONLY_FILES) else reason(name, kind)
    return why or ("it is compiled into the program" if kind in COMPILERS and is_source(view, path, kind) else "")


def is_source(view: FileView, path: str, kind: Kind) -> bool:
    """Whether a directory holds nothing but what a compiler reads or writes on its way."""
    count = 0
    for below, entry in walk(view, path):
        if entry.kind == "dir":
            continue
        count += 1
        name = below.rpartition("/")[2]
        if count > _MOST_FILES or not _is_compiled(name, kind):
            return False
    return count > 0


def _is_compiled(name: str, kind: Kind) -> bool:
    return name.endswith(_SCRIPT_SOURCES) if kind == "node" else bool(reason(name, kind))


def mentioned(view: FileView, name: str, paths: Sequence[str]) -> str:
    """The first text file at or below these paths that has the name of a directory in it, as a word; empty where none has."""
    words = [f"{sign}{name}{end}".encode() for sign in "\"'`/ " for end in "/\"'`"]
    for path in paths:
        for below, entry in walk(view, path):
            plain = entry.kind == "file" and entry.size < _LARGEST
            if (
                plain
                and "node_modules" not in below
                and any(word in view.real_path(below).read_bytes() for word in words)
            ):
                return below
    return ""


_LARGEST = 2 << 20
