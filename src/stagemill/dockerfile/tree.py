"""`Dockerfile`, a parsed file: one frozen class per instruction, each with its place in the text.

Nothing here is expanded or unquoted: a `Word` is as its author wrote it, and `expansion` says what it means.
The tree holds all of the text (`leading`, `raw`, `trailing`), so that `printer.render` gives it back byte for byte.
Source of the grammar: docs.docker.com/reference/dockerfile, and BuildKit's frontend where the two differ.
"""

from __future__ import annotations

from typing import TypeAlias

from stagemill.dockerfile.source import Source, Span
from stagemill.values import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """Text as written, with its quotes; continuations in it are joined. In JSON form it is the decoded string."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Flag:
    """`--name=value` between an instruction and its arguments; quotes are removed. `value_span` is `span` without a value."""

    name: str
    value: str | None
    span: Span
    value_span: Span


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A file in the Dockerfile: `<<name` and the lines up to the one that is `name`.

    `content` is the body, without the leading tabs of its lines where `strip_tabs` (`<<-`) says so; `raw` is the body as
    written. `expand` is false where any part of the name was quoted. `span` is the body's, `descriptor` the number before `<<`.
    """

    name: str
    content: str
    expand: bool
    strip_tabs: bool
    span: Span
    descriptor: int = 0
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """`key=value`; both as written, with their quotes. `value` is None in an ARG without `=`."""

    key: str
    value: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: `exec` holds the arguments of the JSON form, and is None in shell form; `text` is the text as written.

    Without arguments it is the empty text in shell form.
    """

    exec: tuple[str, ...] | None
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What all instructions have.

    `span` ends with the last heredoc. `keyword` is in upper case. `original` is the instruction in one line, continuations
    joined and comments in it removed, as the image's history shows it. `comments` are the comments above it, without `#`;
    an empty comment line forgets those above it. `leading` and `raw` are all of the text before it and of itself.
    """

    span: Span
    keyword: str
    flags: tuple[Flag, ...]
    original: str
    comments: tuple[str, ...] = ()
    leading: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class From(Instruction):
    """Begins a stage. `name` is as written; stages are compared in lower case. `after` are the stages that it waits for."""

    image: Word
    platform: Word | None = None
    name: Word | None = None
    after: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(Instruction):
    """Declares build arguments, each with its default or without."""

    items: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Env(Instruction):
    """`legacy` is the form without `=`, which sets one variable to the rest of the line."""

    items: tuple[Pair, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Label(Instruction):
    """`legacy` is the form without `=`, which sets one label to the rest of the line."""

    items: tuple[Pair, ...]
    legacy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Instruction):
    """Runs a command. `only_heredoc` says that the command is nothing but one heredoc."""

    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[Flag, ...] = ()
    devices: tuple[Flag, ...] = ()
    network: Flag | None = None
    security: Flag | None = None
    only_heredoc: bool = False

    @property
    def script(self) -> Heredoc | None:
        """The body to run, where the command is nothing but a heredoc."""
        return self.heredocs[0] if self.only_heredoc else None

    @property
    def shell_text(self) -> str:
        """What the shell is given in shell form: the body of a lone heredoc, or the command with its heredocs below it."""
        if self.only_heredoc:
            return self.heredocs[0].content
        return self.command.text + "".join(f"\n{doc.raw}{doc.name}" for doc in self.heredocs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Instruction):
    """What COPY and ADD share. Heredocs among the sources are in `heredocs`, in the order of the line, not in `sources`."""

    sources: tuple[Word, ...]
    destination: Word
    heredocs: tuple[Heredoc, ...] = ()
    json: bool = False
    chown: Word | None = None
    chmod: Word | None = None
    link: bool | None = None
    excludes: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Transfer):
    """Brings files from the context, a stage or an image. `parents` is None where the flag is not given."""

    from_: Word | None = None
    parents: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Transfer):
    """Brings files, archives, URLs and repositories. The switches are None where they are not given."""

    checksum: Word | None = None
    keep_git_dir: bool | None = None
    unpack: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir(Instruction):
    """The directory of what follows."""

    path: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Instruction):
    """Who runs what follows: `user` or `user:group`, one word."""

    user: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSignal(Instruction):
    """The signal that ends the container; its variables are not expanded yet."""

    signal: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintainer(Instruction):
    """The author, in the deprecated way."""

    name: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmd(Instruction):
    """What a container runs, or its entrypoint's arguments."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrypoint(Instruction):
    """What a container runs."""

    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose(Instruction):
    """The ports in the order of the line; each word may expand to several ports."""

    ports: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Instruction):
    """Directories that are mounted from elsewhere when a container runs."""

    paths: tuple[Word, ...]
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell(Instruction):
    """What runs the commands in shell form from here on."""

    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck(Instruction):
    """`none` is `HEALTHCHECK NONE`; otherwise there is a command. Durations are nanoseconds; 0 means "as inherited"."""

    none: bool = False
    command: Command | None = None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBuild(Instruction):
    """`trigger_text` is what the image config keeps: the trigger's joined line, and its heredocs below it."""

    trigger: InstructionNode
    trigger_text: str


InstructionNode: TypeAlias = (
    From
    | Arg
    | Env
    | Label
    | Run
    | Copy
    | Add
    | Workdir
    | User
    | StopSignal
    | Maintainer
    | Cmd
    | Entrypoint
    | Expose
    | Volume
    | Shell
    | Healthcheck
    | OnBuild
)


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive, `# name=value` at the top of the file; `name` is in lower case."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole file. `trailing` is the text after the last instruction; `empty_continuations` are the numbers of blank lines
    inside of instructions, which builders forgive.
    """

    source: Source
    directives: tuple[Directive, ...]
    escape: str
    instructions: tuple[InstructionNode, ...]
    trailing: str = ""
    empty_continuations: tuple[int, ...] = ()

    @property
    def global_args(self) -> tuple[Arg, ...]:
        """The ARGs before the first FROM."""
        found: list[Arg] = []
        for instruction in self.instructions:
            if not isinstance(instruction, Arg):
                break
            found.append(instruction)
        return tuple(found)

    def stages(self) -> list[tuple[From, list[InstructionNode]]]:
        """Every FROM with the instructions up to the next one."""
        found: list[tuple[From, list[InstructionNode]]] = []
        for instruction in self.instructions:
            if isinstance(instruction, From):
                found.append((instruction, []))
            elif found:
                found[-1][1].append(instruction)
        return found

    def directive(self, name: str) -> Directive | None:
        """The directive of that name (`syntax`, `escape`, `check`)."""
        return next((d for d in self.directives if d.name == name), None)
