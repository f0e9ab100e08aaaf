"""Go: modules before sources, caches kept between builds, and a static program on an image without a system."""

from __future__ import annotations

import re

from stagemill.split.start.folder import Folder, Start, ignore, listed, version

_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_LOCAL = re.compile(r"=>\s*\.{1,2}/")
_CGO = re.compile(r'^import "C"', re.MULTILINE)


def start(folder: Folder, command: str) -> Start | None:
    """`command` names a main package, as go build takes it. Raises StagemillError where there is none, or there are several."""
    if not folder.has("go.mod", "go.work"):
        return None
    module = folder.read("go.mod") or folder.read("go.work")
    package = command or _main(folder)
    found = re.search(r"^module\s+(\S+)", module, re.MULTILINE)
    name = (
        package.rstrip("/").rpartition("/")[2] if package != "." else (found[1] if found else "app").rpartition("/")[2]
    ) or "app"
    wanted = re.search(r"^go\s+(\S+)", module, re.MULTILINE)
    release = version(wanted[1] if wanted else "", "1.23")
    text = f"""FROM golang:{release} AS builder
WORKDIR /src
{_sources(folder, module)}{_build(folder, package, name)}"""
    made = ("bin", "*.test", "*.out", "coverage*")
    return Start("go", "", text, ignore(made), f"/{name}")


def _sources(folder: Folder, module: str) -> str:
    """Modules before sources, where none of them lies in the folder itself."""
    if folder.has("go.work", "vendor/modules.txt") or _LOCAL.search(module):
        return "COPY . .\n"
    sums = "go.mod go.sum" if folder.has("go.sum") else "go.mod"
    return f"""# The list of modules first: as long as it stays the same, nothing is fetched again.
COPY {sums} ./
RUN go mod download
COPY . .
"""


def _main(folder: Folder) -> str:
    """The package that is a program, as go build takes it."""
    if any(_MAIN.search(folder.read(path)) for path in folder.find("*.go") if not path.endswith("_test.go")):
        return "."
    places = ("cmd/*.go", "cmd/*/*.go", *(("*/*.go", "*/cmd/*/*.go") if folder.has("go.work") else ()))
    sources = {path for place in places for path in folder.find(place)}
    found = sorted({path.rpartition("/")[0] for path in sources if _MAIN.search(folder.read(path))})
    if len(found) == 1:
        return f"./{found[0]}"
    if found:
        raise folder.unknown(
            "which program the image is to run", f"there are {', '.join(found)}; say it: --run ./{found[0]}"
        )
    raise folder.unknown("a main package", "say where it is: --run ./path/to/it")


def _build(folder: Folder, package: str, name: str) -> str:
    cgo = any(_CGO.search(folder.read(path)) for path in folder.find("**/*.go"))
    caches = "--mount=type=cache,target=/root/.cache/go-build"
    if cgo:
        return f"""# The compiler's cache stays between builds, and out of the image.
RUN {caches} go build -trimpath -ldflags="-s -w" -o /{name} {package}

# The system whose C library the program is linked with.
FROM debian:bookworm-slim AS runtime
COPY --from=builder /{name} /{name}
USER nobody
CMD {listed(f"/{name}")}
"""
    return f"""# Without cgo the program is static. The compiler's cache stays between builds, and out of the image.
RUN {caches} CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /{name} {package}

# No system is needed: certificates, time zones and a user are all that this base has.
FROM gcr.io/distroless/static:nonroot AS runtime
COPY --from=builder /{name} /{name}
USER nonroot
CMD {listed(f"/{name}")}
"""
