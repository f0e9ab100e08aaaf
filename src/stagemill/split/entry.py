"""`Entry`: what a container of the image runs, and why that may be something that no runtime image has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.tree import Cmd, Command, Entrypoint
from stagemill.errors import DockerfileError
from stagemill.lint import shell
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage
from stagemill.values import dataclass

# What compiles or watches when a container starts, by the words it begins with, and what to do instead.
_BUILDS = {
    ("go", "run"): 'RUN go build -o /app/server . and CMD ["/app/server"]',
    ("cargo", "run"): 'RUN cargo build --release and CMD ["./target/release/NAME"]',
    ("cargo", "watch"): 'RUN cargo build --release and CMD ["./target/release/NAME"]',
    ("dotnet", "run"): 'RUN dotnet publish -o /out and CMD ["dotnet", "/out/NAME.dll"]',
    ("ts-node",): 'RUN npx tsc and CMD ["node", "dist/index.js"]',
    ("tsx",): 'RUN npx tsc and CMD ["node", "dist/index.js"]',
    ("nodemon",): 'CMD ["node", "server.js"]',
    ("vite",): "RUN npx vite build, and serve dist",
    ("webpack",): "RUN npx webpack, and serve dist",
    ("next", "dev"): 'RUN npx next build and CMD ["npx", "next", "start"]',
    ("air",): 'RUN go build -o /app/server . and CMD ["/app/server"]',
    ("make",): 'run what it makes: CMD ["./NAME"]',
}  # fmt: skip
_JAVA = frozenset({"mvn", "mvnw", "gradle", "gradlew"})
_RUNNERS = frozenset({"npx", "bunx", "pnpx"})
_SHELL_SIGNS = frozenset("|&;<>$`*?\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """`words` are ENTRYPOINT and CMD as they are joined. `shell` says that a shell runs them, `plain` that they are one command.

    `nodes` are the instructions, `span` is the place of the last of them. The first `wrapper` words are a script of the project.
    """

    words: tuple[str, ...]
    nodes: tuple[Cmd | Entrypoint, ...]
    span: Span
    shell: bool = False
    plain: bool = True
    wrapper: int = 0

    @property
    def program(self) -> str:
        return self.words[0].rpartition("/")[2]

    @property
    def inner(self) -> tuple[str, ...]:
        """The words behind a script that prepares and then runs what follows it; all of them where there is none."""
        return self.words[self.wrapper :]

    @property
    def inner_program(self) -> str:
        return self.inner[0].rpartition("/")[2]

    @classmethod
    def of(cls, file: LintFile, stage: Stage, base: str) -> Entry:
        """Raises DockerfileError where nothing says what runs, or where what runs needs what builds."""
        nodes = [step.node for step in stage.steps]
        entrypoint = next((node for node in reversed(nodes) if isinstance(node, Entrypoint)), None)
        cmd = next((node for node in reversed(nodes) if isinstance(node, Cmd)), None)
        if cmd and entrypoint and nodes.index(cmd) < nodes.index(entrypoint) and entrypoint.command.exec is None:
            cmd = None
        found = [node for node in (entrypoint, cmd) if node]
        if not found:
            at = file.dockerfile.source.excerpt(stage.start.span)
            hint = f"end the file with CMD; what {base} runs by itself is for people who build"
            raise DockerfileError(
                "cannot split it: neither CMD nor ENTRYPOINT says what the image runs", at=at, hint=hint
            )
        entry = _joined([node.command for node in found], tuple(found))
        if cmd and entrypoint and entrypoint.command.exec and _is_wrapper(entrypoint.command.exec):
            entry = replace(entry, wrapper=len(entrypoint.command.exec))
        entry.check(file)
        return entry

    def check(self, file: LintFile) -> None:
        """Raises DockerfileError for what builds when it starts."""
        words = [self.program, *self.words[1:]]
        advice = _advice(words[1:] if words[0] in _RUNNERS else words)
        if advice:
            at = file.dockerfile.source.excerpt(self.span)
            what = " ".join(words[:2]) if len(words) > 1 else words[0]
            raise DockerfileError(
                f"cannot split it: `{what}` builds or watches when the container starts",
                at=at,
                hint=f"build in a RUN: {advice}",
            )


def _is_wrapper(words: Sequence[str]) -> bool:
    """Whether an ENTRYPOINT is a script that runs CMD in the end, by its name."""
    return words[-1].endswith(".sh") or "entrypoint" in words[-1]


def _joined(commands: Sequence[Command], nodes: tuple[Cmd | Entrypoint, ...]) -> Entry:
    words: list[str] = []
    shell_form, plain = False, True
    for command in commands:
        if command.exec is not None:
            words += command.exec
            continue
        found = shell.of_command(command)
        shell_form = True
        plain = plain and len(found) == 1 and not _SHELL_SIGNS & set(command.text)
        words += found[0].texts if found else ()
    if words[:1] and words[0].rpartition("/")[2] in {"sh", "bash"} and "-c" in words[1:2]:
        shell_form, plain = True, False
        words = words[2].split() if len(words) > 2 else words
    return Entry(tuple(words) or ("sh",), nodes, nodes[-1].span, shell_form, plain)


def _advice(words: Sequence[str]) -> str:
    """What to do instead, empty where the words only run something."""
    if words[0] in _JAVA and any(word.endswith((":run", "bootRun", "exec:java")) or word == "run" for word in words):
        return 'RUN mvn package (or gradle build), and CMD ["java", "-jar", "target/NAME.jar"]'
    if words[0] == "vite" and words[1:2] == ["preview"]:
        return ""
    return next((text for start, text in _BUILDS.items() if tuple(words[: len(start)]) == start), "")
