"""`RUN --mount`: what each option means, and which trees the mounts read. Source: BuildKit, convert_runmount.go and others."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from stagemill.dockerfile.source import Span
from stagemill.dockerfile.suggest import nearest
from stagemill.dockerfile.tree import Flag, Run
from stagemill.errors import StagemillError
from stagemill.files.glob import escaped
from stagemill.files.paths import clean
from stagemill.files.select import MissingSourceError
from stagemill.graph.mounts import BindMount, CacheMount, Mount, SecretMount, Sharing, SshMount, TmpfsMount
from stagemill.graph.vertex import Edge, Label, Selection, Vertex
from stagemill.plan import contexts
from stagemill.plan.contexts import Origin
from stagemill.plan.copying import SourceOf
from stagemill.plan.missing import missing_source
from stagemill.plan.mount_options import BARE, NAMES, Option, options
from stagemill.plan.request import FileContext
from stagemill.plan.site import Site
from stagemill.plan.state import State
from stagemill.regex import regex
from stagemill.sandbox.limits import size
from stagemill.values import dataclass

T = TypeVar("T")

_OWNED = {"mode", "uid", "gid"}
KEYS = {
    "bind": {"type", "target", "source", "from", "readonly", "readwrite"},
    "cache": {"type", "target", "source", "from", "readonly", "readwrite", "id", "sharing", *_OWNED},
    "tmpfs": {"type", "target", "size", "readwrite"},
    "secret": {"type", "target", "source", "id", "env", "required", "readonly", *_OWNED},
    "ssh": {"type", "target", "id", "required", "readonly", *_OWNED},
}
"""What can be said of each type, by the main spelling."""
_NAMESPACE = "BUILDKIT_CACHE_MOUNT_NS"
_MODE = regex("[0-7]{1,6}")
_TRUE = {"1", "t", "true"}
_FALSE = {"0", "f", "false"}
_MOST = (1 << 32) - 2
_CONTENT = "content"  # where the files of a context lie in the tree that is made of them


def mounts(node: Run, state: State, site: Site, *, source_of: SourceOf) -> tuple[tuple[Mount, ...], tuple[Edge, ...]]:
    """The mounts of a RUN, and the trees that they read, in the order of the mounts that do. Raises DockerfileError."""
    found: list[Mount] = []
    edges: list[Edge] = []
    for flag in node.mounts:
        given = _Given.of(flag, state, site)
        planner = _Planner(given, state, site, _origin(given, source_of))
        agents = sum(isinstance(mount, SshMount) for mount in found)
        found.append(planner.mount(agents))
        edges += planner.edges()
    return tuple(found), tuple(edges)


def _origin(given: _Given, source_of: SourceOf) -> Origin | None:
    """Where the files of a mount come from, None where it has none."""
    if given.text("from"):
        return source_of(given.options["from"].word, given.site)
    if given.kind != "bind":
        return None
    if given.site.request.context is None:
        hint = "give a directory as the last argument, and the Dockerfile with -f -"
        given.fail("source", "RUN --mount needs a build context, and this build has none", hint=hint)
    return given.site.request.context


@dataclass(frozen=True, slots=True)
class _Given:
    """The options of one mount, by what they mean, the last of each; and their values, expanded."""

    flag: Flag
    site: Site
    kind: str
    options: dict[str, Option]
    values: dict[str, str]

    @classmethod
    def of(cls, flag: Flag, state: State, site: Site) -> _Given:
        found: dict[str, Option] = {}
        values: dict[str, str] = {}
        for option in options(flag, site):
            if not option.name and option.value is not None:
                near = nearest(option.key, NAMES)
                hint = f"did you mean {near}?" if near else f"the keys are {', '.join(sorted(set(NAMES.values())))}"
                raise site.error(f"unexpected key {option.key!r} in {option.text!r}", option.span, hint=hint)
            if option.value is None and option.name not in BARE:
                hint = _bare_hint(option)
                raise site.error(f"invalid field {option.text!r} must be a key=value pair", option.span, hint=hint)
            found[option.name] = option
            values[option.name] = _expanded(option, state, site)
        given = cls(flag, site, values.get("type", "bind"), found, values)
        given._check()
        return given

    def _check(self) -> None:
        known = KEYS.get(self.kind)
        if known is None:
            near = nearest(self.kind, KEYS)
            hint = f"did you mean {near}?" if near else f"the types are {', '.join(KEYS)}"
            self.fail("type", f"unsupported mount type {self.kind!r}", hint=hint)
        for name, option in self.options.items():
            if name not in known:
                self.fail(
                    name,
                    f"unexpected key {option.key!r} for mount type {self.kind!r}",
                    hint=f"it takes {', '.join(sorted(known))}",
                )

    def fail(self, name: str, message: str, *, hint: str) -> NoReturn:
        raise self.site.error(message, self.span(name), hint=hint)

    def span(self, name: str) -> Span:
        option = self.options.get(name)
        return option.span if option else self.flag.value_span

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def parsed(self, name: str, parse: Callable[[str], T], *, default: T, hint: str) -> T:
        """A value that is no text; ValueError says that it is none."""
        if name not in self.values:
            return default
        try:
            return parse(self.values[name])
        except ValueError:
            self.fail(name, f"invalid value for {self.options[name].key}: {self.values[name]!r}", hint=hint)

    def switch(self, name: str) -> bool | None:
        return self.parsed(name, _switch, default=None, hint="it is true or false")

    def read_only(self, *, default: bool) -> bool:
        """The last of readonly and readwrite counts."""
        for name in reversed(self.options):
            if name in {"readonly", "readwrite"}:
                return self.switch(name) is (name == "readonly")
        return default

    def mode(self, default: int) -> int:
        return self.parsed("mode", _mode, default=default, hint="write it in octal, such as 0755")

    def owner(self, name: str) -> int:
        return self.parsed(name, _number, default=0, hint="it is a number, not a name")


@dataclass(frozen=True, slots=True)
class _Planner:
    given: _Given
    state: State
    site: Site
    origin: Origin | None

    def mount(self, agents: int) -> Mount:
        """`agents` counts the ssh mounts before this one."""
        given = self.given
        match given.kind:
            case "bind":
                writable = not given.read_only(default=True)
                return BindMount(self._target(), self._place, writable)
            case "cache":
                return self._cache()
            case "tmpfs":
                if given.switch("readwrite") is False:
                    given.fail("readwrite", "a tmpfs that cannot be written to is of no use", hint="leave it out")
                limit = given.parsed("size", size, default=0, hint="write a number of bytes, or such as 64m or 1.5gib")
                return TmpfsMount(self._target(), limit)
            case "secret":
                return self._secret()
            case _:
                return self._ssh(agents)

    def edges(self) -> Sequence[Edge]:
        """The tree that the mount reads, if it does."""
        if self.origin is None:
            return ()
        tree = self._tree(self.origin) if isinstance(self.origin, FileContext) else self.origin
        return (Edge(tree, Selection((escaped(self._place),))),)

    @property
    def _place(self) -> str:
        """Where the source lies in the tree that is read."""
        return _CONTENT if isinstance(self.origin, FileContext) else self._source

    @property
    def _source(self) -> str:
        return clean(self.given.text("source"))

    def _target(self, default: str = "") -> str:
        """Absolute, and never the root."""
        given = self.given
        text = given.text("target") or default
        if not text:
            given.fail("target", f"a {given.kind} mount needs a target", hint="add target=/path/in/the/image")
        path = self.state.absolute(text)
        if path == "/":
            given.fail("target", f"invalid mount target {text!r}", hint="mount at a directory below the root")
        return path

    def _cache(self) -> CacheMount:
        given = self.given
        target = self._target()
        namespace = self.site.request.build_args.get(_NAMESPACE, "")
        return CacheMount(
            target=target,
            id=f"{namespace}/{given.text('id') or posixpath.normpath(given.text('target'))}",
            sharing=given.parsed("sharing", _sharing, default="shared", hint="it is shared, private or locked"),
            source=self._place,
            seeded=self.origin is not None,
            read_only=given.read_only(default=False),
            mode=given.mode(0o755),
            uid=given.owner("uid"),
            gid=given.owner("gid"),
        )

    def _secret(self) -> SecretMount:
        given = self.given
        self._refuse_writable()
        if given.text("source") and given.text("id"):
            given.fail("source", "source and id of a secret mount mean the same", hint="keep id")
        target = given.text("target")
        name = given.text("id") or given.text("source") or posixpath.basename(posixpath.normpath(target or "."))
        if name in {"", "."}:
            given.fail("id", "a secret mount needs an id or a target", hint="add id=NAME, as in --secret id=NAME")
        env = given.text("env")
        if "env" in given.options and (not env or "=" in env or "\0" in env):
            given.fail("env", f"invalid value for env: {env!r}", hint="it is the name of a variable")
        return SecretMount(
            id=name,
            target="" if env and not target else self._target(f"/run/secrets/{name}"),
            env=env,
            required=given.switch("required") or False,
            mode=given.mode(0o400),
            uid=given.owner("uid"),
            gid=given.owner("gid"),
        )

    def _ssh(self, agents: int) -> SshMount:
        given = self.given
        self._refuse_writable()
        return SshMount(
            id=given.text("id") or "default",
            target=self._target(f"/run/buildkit/ssh_agent.{agents}"),
            required=given.switch("required") or False,
            mode=given.mode(0o600),
            uid=given.owner("uid"),
            gid=given.owner("gid"),
        )

    def _refuse_writable(self) -> None:
        if self.given.switch("readonly") is False:
            self.given.fail("readonly", f"a {self.given.kind} mount is always read-only", hint="leave it out")

    def _tree(self, context: FileContext) -> Vertex:
        """A tree with what the source selects from a context, as COPY would bring it."""
        span = self.given.span("source")
        label = Label("", self.state.numbering.stage, self.site.source.excerpt(span))
        select = Selection((escaped(self._source),))
        try:
            return contexts.tree(context, select, f"/{_CONTENT}", site=self.site, label=label)
        except MissingSourceError as error:
            message, hint = missing_source(error, self.given.text("source"), context)
            raise self.site.error(message, span, hint=hint) from error
        except StagemillError as error:
            raise self.site.error(error.message, span, hint=error.hint) from error


def _expanded(option: Option, state: State, site: Site) -> str:
    if option.value is None:
        return "true"
    value = option.value if option.name == "from" else site.expand(option.word, state.scope.get)
    if "\0" in value:
        raise site.error(f"the value of {option.key} holds a NUL", option.span, hint="take it out")
    return value


def _bare_hint(option: Option) -> str:
    if option.name:
        return f"write {option.key}=VALUE"
    near = nearest(option.key, BARE)
    return f"did you mean {near}?" if near else "only ro, rw and required stand alone"


def _switch(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(text)


def _mode(text: str) -> int:
    if not _MODE.fullmatch(text) or int(text, 8) > 0o7777:
        raise ValueError(text)
    return int(text, 8)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST):
        raise ValueError(text)
    return int(text)


def _sharing(text: str) -> Sharing:
    match text:
        case "shared" | "private" | "locked":
            return text
        case _:
            raise ValueError(text)
