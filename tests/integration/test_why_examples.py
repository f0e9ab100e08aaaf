"""`stagemill why` on the Dockerfiles of the examples: one thing is changed in each, and is what is named; nobody else has a cause.

Their bases are busybox with small scripts for npm, pnpm and go, so that a build costs milliseconds.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakes.mill import Mill

EXAMPLES = Path(__file__).parents[2] / "examples"
BASES = (
    "node:22", "node:22-slim", "golang:1.23", "golang:1.23-alpine", "alpine", "busybox:uclibc", "gcr.io/distroless/static",
)  # fmt: skip
NPM = """\
#!/bin/sh
case "$1" in
ci|install) mkdir -p node_modules; cat package*.json > node_modules/all;;
run|build) find . -type f -name '*.*s*' ! -path './node_modules/*' | sort | xargs cat > /tmp/all; mkdir -p dist; mv /tmp/all dist/index.js;;
esac
"""
GO = """\
#!/bin/sh
[ "$1" = build ] || exit 0
while [ "$1" != -o ]; do shift; done
find . -name '*.go' | sort | xargs cat > /tmp/all; mv /tmp/all "$2"
"""
DOCKERFILE = """\
FROM busybox
COPY --chmod=755 bin/ /bin/
RUN mkdir -p /etc/ssl/certs && echo ca > /etc/ssl/certs/ca-certificates.crt
"""

Change = Callable[[Path, Mill], None]


def write(name: str, text: str) -> Change:
    def change(folder: Path, _: Mill) -> None:
        (folder / name).write_text(text)

    return change


def append(name: str, text: str) -> Change:
    def change(folder: Path, _: Mill) -> None:
        (folder / name).write_text((folder / name).read_text() + text)

    return change


def edit(old: str, new: str) -> Change:
    def change(folder: Path, _: Mill) -> None:
        text = (folder / "Dockerfile").read_text()
        assert old in text
        (folder / "Dockerfile").write_text(text.replace(old, new))

    return change


def mode(name: str) -> Change:
    return lambda folder, _: (folder / name).chmod(0o751)


def move(base: str) -> Change:
    def change(_: Path, mill: Mill) -> None:
        mill.write({"moved/Dockerfile": f"FROM {base}\nRUN echo moved > /moved\n"})
        mill.ok("build", "--progress=quiet", "-t", base, "moved")

    return change


CHANGES: list[tuple[str, Change, tuple[str, ...], dict[str, str]]] = [
    ("01-basic", append("src/index.ts", "// x\n"), (), {"COPY . .": "file: src/index.ts changed (content)"}),
    ("01-basic", append("package.json", "\n"), (), {
        "COPY package*.json ./": "file: package.json changed (content)", "COPY . .": "file: package.json changed (content)",
    }),
    ("01-basic", move("node:22-slim"), (), {"WORKDIR /app": "base: node:22-slim moved from "}),
    ("02-named-stages", append("src/index.mts", "// x\n"), (), {"COPY . .": "file: src/index.mts changed (content)"}),
    ("02-named-stages", edit("RUN npm ci", "RUN npm install"), (), {"RUN npm install": "instruction: RUN npm [-ci-] {+install+}"}),
    ("03-parallel", append("backend/main.go", "// x\n"), (), {"COPY backend/ .": "file: backend/main.go changed (content)"}),
    ("03-parallel", edit("CGO_ENABLED=0 go build", "CGO_ENABLED=1 go build"), (), {
        "RUN CGO_ENABLED=1 go build -o server .": "instruction: RUN [-CGO_ENABLED=0-] {+CGO_ENABLED=1+} go build",
    }),
    ("03-parallel", move("golang:1.23"), (), {"WORKDIR /backend": "base: golang:1.23 moved from "}),
    ("04-dependency-caching", append("src/words.ts", "// x\n"), (), {"COPY . .": "file: src/words.ts changed (content)"}),
    ("04-dependency-caching", edit("RUN pnpm build", "ARG V=1\nRUN pnpm build"), (), {"RUN pnpm build": "arg: ARG V is new, 1"}),
    ("05-production-only", append("package.json", "\n"), (), {
        "COPY package*.json ./": "file: package.json changed (content)", "COPY . .": "file: package.json changed (content)",
    }),
    ("06-static-go", append("main.go", "// x\n"), (), {"COPY . .": "file: main.go changed (content)"}),
    ("06-static-go", write("new.go", "package main\n"), (), {"COPY . .": "file: new.go is new"}),
    ("07-testing", (lambda _folder, _mill: None), ("--no-cache-filter", "builder"), {
        "COPY . .": "no-cache: --no-cache-filter builder", "RUN npm run build": "no-cache: --no-cache-filter builder",
    }),
    ("08-conditional", (lambda _folder, _mill: None), ("--build-arg", "BUILD_ENV=dev"), {
        "RUN npm install": "never built: no build before needed the stage deps-dev",
        "COPY index.js ./": "arg: ARG BUILD_ENV was prod, is dev, in FROM deps-${BUILD_ENV:-prod}",
    }),
    ("08-conditional", append("index.js", "// x\n"), (), {"COPY index.js ./": "file: index.js changed (content)"}),
    ("09-copy-from-images", append("www/index.html", "\n"), (), {"COPY www/index.html /www/": "file: www/index.html changed (content)"}),
    ("09-copy-from-images", edit("--chmod=755 serve", "--chmod=750 serve"), (), {
        "COPY --chmod=750 serve /bin/serve": "instruction: COPY [---chmod=755-] {+--chmod=750+} serve /bin/serve",
    }),
    ("09-copy-from-images", move("busybox:uclibc"), (), {}),  # the file that is copied is still the same
    ("10-debugging", mode("main.go"), (), {"COPY . .": "file: main.go changed (mode)"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def bases(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Mill:
    """A store with the examples' bases; only to be copied."""
    mill = Mill(base.root, Path("/nothing")).copy(tmp_path_factory.mktemp("why") / "bases")
    scripts = {"npm": NPM, "pnpm": NPM, "go": GO, "corepack": "#!/bin/sh\n"}
    mill.write({"Dockerfile": DOCKERFILE, **{f"bin/{name}": text for name, text in scripts.items()}})
    mill.ok("build", "--progress=quiet", *(word for name in BASES for word in ("-t", name)), ".")
    return mill


@pytest.mark.parametrize(
    ("name", "change", "flags", "causes"), CHANGES, ids=[f"{number}-{row[0]}" for number, row in enumerate(CHANGES)]
)
def test_of_an_example_the_change_is_named(
    name: str, change: Change, flags: tuple[str, ...], causes: dict[str, str], bases: Mill, tmp_path: Path
) -> None:
    mill = Mill(bases.root, tmp_path / "nothing").copy(tmp_path / "mill")
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    mill.ok("build", "--progress=quiet", str(folder))
    change(folder, mill)

    mill.ok("build", "--progress=quiet", *flags, str(folder))

    steps = why(mill)
    roots = {one["id"]: one for one in steps if one["cause"]["kind"] != "parent"}
    told = {one["text"]: f"{one['cause']['kind']}: {one['cause']['text']}" for one in roots.values()}
    assert told.keys() == causes.keys()
    assert [text for text, cause in causes.items() if not told[text].startswith(cause)] == [], told
    assert {one["cause"]["root"] for one in steps if one["cause"]["kind"] == "parent"} <= roots.keys()

    mill.ok("build", "--progress=quiet", *(flags if "--build-arg" in flags else ()), str(folder))
    assert why(mill) == []


def why(mill: Mill) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(mill.ok("why", "--json").out)["steps"]
    return found
