"""C and C++: CMake, Meson or make in one stage, the program on a plain system in the other."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed, packages

_EXECUTABLE = re.compile(r"^\s*add_executable\s*\(\s*([\w.-]+)", re.MULTILINE | re.IGNORECASE)
_MESON = re.compile(r"executable\(\s*'([\w.-]+)'")
_SOURCES = ("*.c", "*.cc", "*.cpp", "*.cxx", "src/*.c", "src/*.cc", "src/*.cpp", "src/*.cxx")
_ASKED = re.compile(
    r"-l(\w[\w+.-]*)|(?:find_package|pkg_check_modules|pkg_search_module)\s*\(\s*(\w[^)]*)|dependency\(\s*'([^']+)'|pkg-config[^)\n]*?\s([a-z][\w.+-]*)\s*[)`]",
    re.IGNORECASE,
)
# What the names of libraries stand for: the package to build with, and the one to run with.
_LIBRARIES = {
    "z": ("zlib1g-dev", "zlib1g"), "zlib": ("zlib1g-dev", "zlib1g"), "sqlite3": ("libsqlite3-dev", "libsqlite3-0"),
    "ssl": ("libssl-dev", "libssl3"), "crypto": ("libssl-dev", "libssl3"), "openssl": ("libssl-dev", "libssl3"),
    "curl": ("libcurl4-openssl-dev", "libcurl4"), "libcurl": ("libcurl4-openssl-dev", "libcurl4"),
    "xml2": ("libxml2-dev", "libxml2"), "libxml2": ("libxml2-dev", "libxml2"), "libxml-2.0": ("libxml2-dev", "libxml2"),
    "ncurses": ("libncurses-dev", "libncurses6"), "curses": ("libncurses-dev", "libncurses6"), "readline": ("libreadline-dev", "libreadline8"),
    "png": ("libpng-dev", "libpng16-16"), "libpng": ("libpng-dev", "libpng16-16"), "jpeg": ("libjpeg62-turbo-dev", "libjpeg62-turbo"),
    "pq": ("libpq-dev", "libpq5"), "libpq": ("libpq-dev", "libpq5"), "postgresql": ("libpq-dev", "libpq5"),
    "uuid": ("uuid-dev", "libuuid1"), "event": ("libevent-dev", "libevent-2.1-7"), "libevent": ("libevent-dev", "libevent-2.1-7"),
    "pcre2-8": ("libpcre2-dev", "libpcre2-8-0"), "libpcre2-8": ("libpcre2-dev", "libpcre2-8-0"), "yaml": ("libyaml-dev", "libyaml-0-2"),
}  # fmt: skip
_RULE = re.compile(r"^([\w.-]+)\s*:(?!=)", re.MULTILINE)


def start(folder: Folder, command: str) -> Start | None:
    """`command` names the program that the build makes, below the build's directory. Raises StagemillError where that is not seen."""
    tool = {"CMakeLists.txt": "cmake", "meson.build": "meson", "Makefile": "make"}.get(
        folder.has("CMakeLists.txt", "meson.build", "Makefile"), ""
    )
    if not tool or not any(folder.find(pattern) for pattern in _SOURCES):
        return None
    program = command or _program(folder, tool)
    name = program.rpartition("/")[2]
    plus = any(folder.find(pattern) for pattern in _SOURCES if pattern.endswith(("cc", "pp", "xx")))
    asked = _libraries(folder)
    compilers = {"g++" if plus else "gcc", "libc6-dev", tool, "make" if tool == "cmake" else tool}
    compilers |= {"pkg-config"} if asked else set()
    build, place = {
        "cmake": ("cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build", "/src/build"),
        "meson": ("meson setup build --buildtype=release && meson compile -C build", "/src/build"),
        "make": ("make", "/src"),
    }[tool]
    needed = [name for _, name in asked] + (["libstdc++6"] if plus else [])
    runtime = (
        f"\n# The libraries that the program needs beside the system's.\n{packages(*needed)}".rstrip() if needed else ""
    )
    text = f"""FROM debian:bookworm-slim AS builder
{packages(*compilers, *(name for name, _ in asked))}WORKDIR /src
COPY . .
RUN {build}

# The same system without compilers.
FROM debian:bookworm-slim AS runtime{runtime}
COPY --from=builder {place}/{program} /usr/local/bin/{name}
USER nobody
CMD {listed(name)}
"""
    return Start(
        "c", tool, text, ignore(("build", "**/*.o", "**/*.a", "**/*.so", *(() if "/" in program else (program,)))), name
    )


def _libraries(folder: Folder) -> list[tuple[str, str]]:
    """The packages of the libraries that the build names, as far as they are known."""
    text = "\n".join(folder.read(name) for name in ("CMakeLists.txt", "meson.build", "Makefile"))
    words = {word.lower() for found in _ASKED.findall(text) for part in found for word in part.split()}
    return sorted({_LIBRARIES[word] for word in words if word in _LIBRARIES})


def _program(folder: Folder, tool: str) -> str:
    if tool == "make":
        rules = [
            str(name) for name in _RULE.findall(folder.read("Makefile")) if not name.startswith(".") and "." not in name
        ]
        plain = [
            name
            for name in rules
            if name not in {"all", "clean", "install", "test", "check", "distclean", "uninstall", "help"}
        ]
        found = list(dict.fromkeys(plain))
    else:
        pattern, file = (_EXECUTABLE, "CMakeLists.txt") if tool == "cmake" else (_MESON, "meson.build")
        found = list(
            dict.fromkeys(str(name) for name in pattern.findall(folder.read(file)) if "test" not in name.lower())
        )
    if len(found) == 1:
        return found[0]
    several = f"there are {', '.join(found)}; " if found else ""
    raise folder.unknown("which program the image is to run", f"{several}say it: --run {found[0] if found else 'NAME'}")
