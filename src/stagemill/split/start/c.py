"""C and C++: CMake, Meson or make in one stage, the program on a plain system in the other."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed

_EXECUTABLE = re.compile(r"^\s*add_executable\s*\(\s*([\w.-]+)", re.MULTILINE | re.IGNORECASE)
_MESON = re.compile(r"executable\(\s*'([\w.-]+)'")
_SOURCES = ("*.c", "*.cc", "*.cpp", "*.cxx", "src/*.c", "src/*.cc", "src/*.cpp", "src/*.cxx")
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
    packages = " ".join(
        sorted(
            {
                "g++" if plus else "gcc",
                "libc6-dev",
                {"cmake": "cmake", "meson": "meson", "make": "make"}[tool],
                "make" if tool == "cmake" else tool,
            }
        )
    )
    build, place = {
        "cmake": ("cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build", "/src/build"),
        "meson": ("meson setup build --buildtype=release && meson compile -C build", "/src/build"),
        "make": ("make", "/src"),
    }[tool]
    runtime = (
        "\n# The C++ library is all that the program needs beside the system.\nRUN apt-get update \\\n && apt-get install -y --no-install-recommends libstdc++6 \\\n && rm -rf /var/lib/apt/lists/*"
        if plus
        else ""
    )
    text = f"""FROM debian:bookworm-slim AS builder
RUN apt-get update \\
 && apt-get install -y --no-install-recommends {packages} \\
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
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
