"""`stagemill why` on the examples when two things are changed at once: both are named where they count, and nothing else is.

A mutation is one cause. Each is tried alone, and beside others: of the first example all pairs, of the others each with the
next. Their bases are busybox with small scripts for npm, pnpm and go, so that a build costs milliseconds.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fakes.mill import Mill
from fakes.program import Call, caller, surround

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

Where: TypeAlias = tuple[str, str]
"""A stage, and how a step of it begins."""
Change: TypeAlias = "Callable[[Room], None]"


@dataclass(frozen=True)
class Room:
    """An example in a folder, on a store of its own."""

    folder: Path
    call: Call

    def ok(self, *arguments: str) -> str:
        said = self.call(*arguments)
        assert said.status == 0, said.err
        return said.out


@dataclass(frozen=True)
class Mutation:
    """What is changed, with which flags the build runs, and the causes that have to be named, as `kind: a part of its text`.

    `gives` are parts of what is said of steps that run for what a stage gives. Of steps of stages that it `hides` no other
    cause is told; `anywhere` is a cause that any step may have.
    """

    name: str
    causes: Mapping[Where, str] = field(default_factory=dict)
    change: Change = lambda _room: None
    flags: tuple[str, ...] = ()
    gives: Mapping[Where, str] = field(default_factory=dict)
    hides: frozenset[str] = frozenset()
    anywhere: str = ""


@dataclass(frozen=True)
class Example:
    """`prepared` is done before the first build, which has the `flags` too."""

    name: str
    mutations: tuple[Mutation, ...]
    prepared: tuple[Change, ...] = ()
    flags: tuple[str, ...] = ()
    all_pairs: bool = False

    def cases(self) -> Iterator[tuple[Mutation, ...]]:
        yield from ((one,) for one in self.mutations)
        if self.all_pairs:
            yield from combinations(self.mutations, 2)
        else:
            yield from zip(self.mutations, self.mutations[1:], strict=False)


def edit(old: str, new: str, name: str = "Dockerfile") -> Change:
    def change(room: Room) -> None:
        text = (room.folder / name).read_text()
        assert old in text, old
        (room.folder / name).write_text(text.replace(old, new, 1))

    return change


def append(name: str, text: str = "// more\n") -> Change:
    def change(room: Room) -> None:
        path = room.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)

    return change


def move(base: str, script: str = "echo moved > /moved") -> Change:
    def change(room: Room) -> None:
        other = room.folder.parent / f"moved-{base.replace('/', '-')}"
        other.mkdir()
        (other / "Dockerfile").write_text(f"FROM {base}\nRUN {script}\n")
        room.ok("build", "--progress=quiet", "-t", base, str(other))

    return change


def link(room: Room) -> None:
    (room.folder / "go.mod").unlink()
    (room.folder / "go.mod").symlink_to("main.go")


def prune(room: Room) -> None:
    room.ok("prune", "--all", "--force")


def given(name: str, value: str) -> tuple[str, str]:
    return ("--build-arg", f"{name}={value}")


CI, BUILD = ("builder", "RUN npm ci"), ("builder", "RUN npm run build")
PACKAGES, ALL = ("builder", "COPY package*.json"), ("builder", "COPY . .")
HOST = "flag: --add-host was not given, is db"
BASIC = Example(
    "01-basic",
    (
        Mutation("content", {ALL: "file: src/index.ts changed (content)"}, append("src/index.ts")),
        Mutation("mode", {ALL: "file: tsconfig.json changed (mode)"}, lambda room: (room.folder / "tsconfig.json").chmod(0o751)),
        Mutation("added", {ALL: "file: src/new.ts is new"}, append("src/new.ts")),
        Mutation("removed", {ALL: "file: notes/a is gone"}, lambda room: (room.folder / "notes/a").unlink()),
        Mutation("ignored before", {ALL: "file: notes/x.log is not ignored any more"}, edit("**/*.log\n", "", ".dockerignore")),
        Mutation("ignored now", {ALL: "file: notes/b is ignored now"}, append(".dockerignore", "notes/b\n")),
        Mutation("a file of two COPYs", {PACKAGES: "file: package.json changed (content)", ALL: "file: package.json changed (content)"}, append("package.json", "\n")),
        Mutation("text", {CI: "instruction: RUN npm ci {+--quiet+}"}, edit("RUN npm ci", "RUN npm ci --quiet")),
        Mutation("ARG", {CI: "arg: ARG VERSION was 1, is 2", BUILD: "arg: ARG VERSION was 1, is 2"}, flags=given("VERSION", "2")),
        Mutation("a secret", dict.fromkeys((CI, BUILD), "arg: ARG NPM_TOKEN has another value (secret)"), flags=given("NPM_TOKEN", "hidden-new")),
        Mutation("ENV", dict.fromkeys((CI, BUILD), "env: ENV MODE was prod, is dev"), edit("MODE=prod", "MODE=dev")),
        Mutation("the base of a stage", {("builder", "WORKDIR"): "base: node:22 moved from "}, move("node:22")),
        Mutation("the other base", {("runtime", "WORKDIR"): "base: node:22-slim moved from "}, move("node:22-slim")),
        Mutation("--add-host", dict.fromkeys((CI, BUILD), HOST), flags=("--add-host", "db:127.0.0.1")),
        Mutation("--no-cache-filter", dict.fromkeys((("runtime", "WORKDIR"), ("runtime", "COPY --from=builder /app/dist"), ("runtime", "COPY --from=builder /app/node_modules")), "no-cache: --no-cache-filter runtime"), flags=("--no-cache-filter", "runtime"), hides=frozenset({"runtime"})),
        Mutation("pruned", change=prune, anywhere="pruned: pruned: what build "),
        Mutation("--no-cache", flags=("--no-cache",), hides=frozenset({"builder", "runtime"}), anywhere="no-cache: --no-cache"),
    ),
    prepared=(
        edit("WORKDIR /app\n", "WORKDIR /app\nARG VERSION=1\nARG NPM_TOKEN=hidden-old\nENV MODE=prod\n"),
        append("notes/a"), append("notes/b"), append("notes/x.log"), append(".dockerignore", "\n**/*.log\n"),
    ),
    all_pairs=True,
)  # fmt: skip
GO_BUILD, GO_MODULES, SERVER = (
    ("builder", "RUN CGO_ENABLED"),
    ("builder", "RUN --mount"),
    ("runtime", "COPY --from=builder /app/server"),
)
OTHERS = (
    Example("02-named-stages", (
        Mutation("content", {("builder", "COPY . ."): "file: src/index.mts changed (content)"}, append("src/index.mts"), gives={("production", "COPY --from"): "/app/dist/index.js changed (content)"}),
        Mutation("SHELL", {("builder", "RUN npm run build"): "instruction: SHELL was /bin/sh -c, is /bin/sh -ec"}, edit("RUN npm run build", 'SHELL ["/bin/sh", "-ec"]\nRUN npm run build')),
        Mutation("a new instruction", {("deps", "RUN true"): "instruction: the instruction is new"}, edit("# Install dependencies", "RUN true")),
        Mutation("a base", {("production", "WORKDIR"): "base: node:22-slim moved from "}, move("node:22-slim")),
        Mutation("text", {("builder", "RUN npm run build"): "instruction: RUN npm run build {+--quiet+}"}, edit("RUN npm run build", "RUN npm run build --quiet")),
        Mutation("ARG that is new", {("builder", "RUN npm run build"): "arg: ARG V is new, 1"}, edit("# Build application", "ARG V=1")),
        Mutation("USER", {("deps", "RUN npm ci"): "instruction: USER was root, is 0:0", ("builder", "RUN npm run build"): "instruction: USER was root, is 0:0"}, edit("RUN npm ci", "USER 0:0\nRUN npm ci")),
    )),
    Example("03-parallel", (
        Mutation("one stage", {("frontend-builder", "COPY frontend/"): "file: frontend/src/main.tsx changed (content)"}, append("frontend/src/main.tsx")),
        Mutation("the other stage", {("backend-builder", "COPY backend/"): "file: backend/main.go changed (content)"}, append("backend/main.go"), gives={("runtime", "COPY --from=backend-builder"): "/backend/server changed (content)"}),
        Mutation("text of one", {("backend-builder", "RUN CGO"): "instruction: RUN [-CGO_ENABLED=0-] {+CGO_ENABLED=1+} go"}, edit("CGO_ENABLED=0", "CGO_ENABLED=1")),
        Mutation("text of the other", {("frontend-builder", "RUN npm ci"): "instruction: "}, edit("npm ci &&", "npm ci ; ")),
        Mutation("--ulimit", dict.fromkeys((("frontend-builder", "RUN"), ("backend-builder", "RUN")), "flag: --ulimit was not given, is nofile:99:99"), flags=("--ulimit", "nofile=99:99")),
        Mutation("a base", {("backend-builder", "WORKDIR"): "base: golang:1.23 moved from "}, move("golang:1.23")),
        Mutation("--rerun", {("frontend-builder", "WORKDIR"): "no-cache: --rerun"}, flags=("--rerun", "3")),
    )),
    Example("04-dependency-caching", (
        Mutation("mount source", {("builder", "RUN --mount"): "mount: conf/x changed (content), which it mounts"}, append("conf/x")),
        Mutation("a file", {("builder", "COPY --exclude"): "file: src/words.ts changed (content)"}, append("src/words.ts")),
        Mutation("mount source added", {("builder", "RUN --mount"): "mount: conf/y is new"}, append("conf/y")),
        Mutation("ARG that is new", {("builder", "RUN --mount"): "arg: ARG V is new, 1"}, edit("RUN --mount", "ARG V=1\nRUN --mount")),
        Mutation("lock file", {("deps", "COPY package.json"): "file: pnpm-lock.yaml changed (content)", ("builder", "COPY --exclude"): "file: pnpm-lock.yaml changed (content)"}, append("pnpm-lock.yaml", "\n")),
        Mutation("--network", dict.fromkeys((("deps", "RUN"), ("builder", "RUN --mount")), "flag: --network was default, is none"), flags=("--network", "none")),
    ), prepared=(edit("COPY . .", "COPY --exclude=conf . ."), edit("RUN pnpm build", "RUN --mount=type=bind,source=conf,target=/conf pnpm build"), append("conf/x"))),
    Example("05-production-only", (
        Mutation("a file of three COPYs", dict.fromkeys((PACKAGES, ALL, ("runtime", "COPY package*.json")), "file: package.json changed (content)"), append("package.json", "\n")),
        Mutation("text in the other stage", {("runtime", "RUN npm ci"): "instruction: RUN npm ci [---only=production-] {+--omit=dev+}"}, edit("--only=production", "--omit=dev")),
        Mutation("an instruction that is gone", {("runtime", "COPY --from=builder"): "instruction: RUN true is gone"}, edit("RUN true\n", "")),
    ), prepared=(edit("COPY --from=builder", "RUN true\nCOPY --from=builder"),)),
    Example("06-static-go", (
        Mutation("a file that is mounted too", {("builder", "COPY . ."): "file: main.go changed (content)", GO_MODULES: "mount: main.go changed (content), which it mounts"}, append("main.go"), gives={SERVER: "/app/server changed ("}),
        Mutation("owner in a stage", {GO_BUILD: "instruction: "}, edit("-o server .", "-o server . && chown 7:7 server"), gives={SERVER: "/app/server changed (owner"}),
        Mutation("ARG by default", {GO_MODULES: "arg: ARG V was 1, is 2", GO_BUILD: "arg: ARG V was 1, is 2"}, edit("V=1", "V=2")),
        Mutation("ARG and a flag", {**dict.fromkeys((GO_MODULES, GO_BUILD), HOST)}, flags=("--add-host", "db:127.0.0.1")),
        Mutation("modules", {("builder", "COPY go.*"): "file: go.mod changed (content)", ("builder", "COPY . ."): "file: go.mod changed (content)"}, append("go.mod", "\n")),
        Mutation("WORKDIR", {("builder", "WORKDIR"): "instruction: WORKDIR [-/app-] {+/srv+}", ("builder", "COPY go.*"): "instruction: its destination was ", GO_MODULES: "instruction: ", ("builder", "COPY . ."): "instruction: its destination was ", GO_BUILD: "instruction: WORKDIR was /app, is /srv", ("runtime", "COPY --from=builder /srv/server"): "instruction: "}, lambda room: (edit("WORKDIR /app", "WORKDIR /srv")(room), edit("/app/server", "/srv/server")(room))[-1]),
    ), prepared=(edit("RUN go mod", "ARG V=1\nRUN --mount=type=bind,source=main.go,target=/m go mod"),)),
    Example("07-testing", (
        Mutation("a file of a step that two stages have", {("builder", "COPY . ."): "file: src/index.ts changed (content)"}, append("src/index.ts")),
        Mutation("--no-cache-filter", dict.fromkeys((("builder", "COPY . ."), ("builder", "RUN npm run build")), "no-cache: --no-cache-filter builder"), flags=("--no-cache-filter", "builder"), hides=frozenset({"builder"})),
        Mutation("text", {("tester", "RUN npm test"): "instruction: RUN npm test {+--quiet+}"}, edit("RUN npm test", "RUN npm test --quiet")),
        Mutation("pruned", change=prune, anywhere="pruned: pruned: what build "),
    ), flags=("--also", "tester")),
    Example("08-conditional", (
        Mutation("another stage is chosen", {("deps-dev", "RUN npm install"): "never built: no build before needed the stage deps-dev", ("deps", "COPY index.js"): "arg: ARG BUILD_ENV was prod, is dev, in FROM deps-${BUILD_ENV:-prod}"}, flags=given("BUILD_ENV", "dev")),
        Mutation("a file", {("deps", "COPY index.js"): "file: index.js changed (content)"}, append("index.js")),
        Mutation("a base", {("base", "WORKDIR"): "base: node:22 moved from "}, move("node:22")),
    )),
    Example("09-copy-from-images", (
        Mutation("a file", {("runtime", "COPY www/index.html"): "file: www/index.html changed (content)"}, append("www/index.html")),
        Mutation("an image that files are copied of", {("runtime", "COPY --from=busybox"): "base: busybox:uclibc moved from "}, move("busybox:uclibc", "chmod 711 /bin/busybox"), gives={("runtime", "COPY --from=busybox"): "/bin/busybox changed (mode)"}),
        Mutation("a flag in the text", {("runtime", "COPY --chmod=750 serve"): "instruction: COPY [---chmod=755-] {+--chmod=750+} serve"}, edit("--chmod=755 serve", "--chmod=750 serve")),
    )),
    Example("10-debugging", (
        Mutation("mode", {("builder", "COPY . ."): "file: main.go changed (mode)"}, lambda room: (room.folder / "main.go").chmod(0o751)),
        Mutation("type", {("builder", "COPY . ."): "file: go.mod changed (type)"}, link),
        Mutation("ENV that is new", {("builder", "RUN CGO"): "env: ENV MODE is new, dev"}, edit("COPY . .", "ENV MODE=dev\nCOPY . .")),
        Mutation("--shm-size", {("builder", "RUN CGO"): "flag: --shm-size was not given, is 2097152"}, flags=("--shm-size", "2m")),
        Mutation("another base", {("builder", "WORKDIR"): "base: the base was golang:1.23, is golang:1.23-alpine"}, lambda room: (move("golang:1.23-alpine")(room), edit("golang:1.23 ", "golang:1.23-alpine ")(room))[-1]),
    )),
)  # fmt: skip
CASES = [(example, case) for example in (BASIC, *OTHERS) for case in example.cases()]


def _copied(store: Path, to: Path) -> None:
    """Layers and blobs do not change, and may be the same files."""
    subprocess.run(["cp", "-al", str(store), str(to)], check=True)
    for path in to.iterdir():
        if path.name not in {"layers", "blobs"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            subprocess.run(["cp", "-a", str(store / path.name), str(to)], check=True)


class Starts:
    """For each example a store in which it was built, and its folder; made when it is wanted, and put back for each case."""

    def __init__(self, base: Mill, home: Path) -> None:
        self._bases = base.copy(home / "bases")
        scripts = {"npm": NPM, "pnpm": NPM, "go": GO, "corepack": "#!/bin/sh\n"}
        self._bases.write({f"bin/{name}": text for name, text in scripts.items()})
        for name in BASES:
            self._bases.build(f"{DOCKERFILE}RUN echo {name} > /etc/name\n", "-t", name)
        self._home = home
        self._kept: dict[str, Path] = {}
        self.store, self.work = home / "store", home / "work"

    def put(self, example: Example, call: Call) -> Room:
        """The example as it was just built."""
        for path in (self.store, self.work):
            shutil.rmtree(path, ignore_errors=True)
        kept = self._kept.get(example.name)
        if kept:
            _copied(kept / "store", self.store)
            subprocess.run(["cp", "-a", str(kept / "work"), str(self._home)], check=True)
            return Room(self.work / example.name, call)
        subprocess.run(["cp", "-a", str(self._bases.root), str(self.store)], check=True)
        room = Room(self.work / example.name, call)
        shutil.copytree(EXAMPLES / example.name, room.folder)
        for change in example.prepared:
            change(room)
        room.ok("build", "--progress=quiet", *example.flags, str(room.folder))
        kept = self._kept[example.name] = self._home / f"kept-{example.name}"
        kept.mkdir()
        subprocess.run(["cp", "-a", str(self.store), str(self.work), str(kept)], check=True)
        return room


@pytest.fixture(scope="module")
def starts(base: Mill, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    return Starts(base, tmp_path_factory.mktemp("pairs"))


@pytest.mark.parametrize(
    ("example", "case"),
    CASES,
    ids=[f"{example.name}: {', '.join(one.name for one in case)}" for example, case in CASES],
)
def test_all_that_was_changed_is_named_and_nothing_else(
    example: Example,
    case: tuple[Mutation, ...],
    starts: Starts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    surround(monkeypatch, home=tmp_path, store=starts.store, folder=tmp_path)
    room = starts.put(example, caller(monkeypatch, capfdbinary))
    for one in case:
        one.change(room)
    flags = [flag for one in case for flag in one.flags]

    room.ok("build", "--progress=quiet", *example.flags, *flags, str(room.folder))

    document = room.ok("why", "--json")
    assert "hidden-" not in document
    _check(json.loads(document)["steps"], case)


def _check(steps: list[dict[str, Any]], case: tuple[Mutation, ...]) -> None:
    hidden = {stage: one for one in case for stage in one.hides}
    wanted = [(where, cause) for one in case for where, cause in one.causes.items() if hidden.get(where[0], one) is one]
    anywhere = [one.anywhere for one in case if one.anywhere]
    by_id = {step["id"]: step for step in steps}
    told = {
        step["id"]: [f"{cause['kind']}: {cause['text']}" for cause in (step["cause"], *step["also"])] for step in steps
    }
    assert steps
    missing = [
        (where, cause)
        for where, cause in wanted
        if not any(_is(cause, text) for step in _at(where, steps) for text in told[step["id"]])
    ]
    assert missing == [], told
    for step in steps:
        expected = [*anywhere, *(cause for where, cause in wanted if step in _at(where, steps))]
        own = [text for text in told[step["id"]] if not text.startswith("parent: ")]
        assert [text for text in own if not any(_is(cause, text) for cause in expected)] == [], expected
        for cause in (step["cause"], *step["also"]):
            assert (cause["kind"] == "parent") == (cause["root"] in by_id)
            assert cause["kind"] != "parent" or by_id[cause["root"]]["cause"]["kind"] != "parent"
    if not hidden and not anywhere:
        for one in case:
            for where, part in one.gives.items():
                assert any(part in text for step in _at(where, steps) for text in told[step["id"]]), told


def _is(wanted: str, told: str) -> bool:
    kinds, parts = zip(*(text.split(": ", 1) for text in (wanted, told)), strict=True)
    return kinds[0] == kinds[1] and parts[0] in parts[1]


def _at(where: Where, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [step for step in steps if step["stage"] == where[0] and step["text"].startswith(where[1])]


@pytest.mark.parametrize("example", [BASIC, *OTHERS], ids=lambda example: example.name)
def test_where_all_was_cached_there_is_no_cause(
    example: Example,
    starts: Starts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    surround(monkeypatch, home=tmp_path, store=starts.store, folder=tmp_path)
    room = starts.put(example, caller(monkeypatch, capfdbinary))

    room.ok("build", "--progress=quiet", *example.flags, str(room.folder))

    found = json.loads(room.ok("why", "--json"))
    assert (found["steps"], found["advice"]) == ([], [])
