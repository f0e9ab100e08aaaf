"""`Output`, one `--output`: a type, and keys that say where the result goes and in which form. Spelling: buildx's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Literal

from stagemill.cli.given.flags import FALSE, TRUE, reference
from stagemill.errors import StagemillError, UsageError
from stagemill.execute.packaging import USUAL, Packaging
from stagemill.plan.epoch import seconds
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.layer.compression import Compression

OUTPUT_TYPES = ("oci", "docker", "tar", "local", "image", "registry", "cacheonly")
PACKED = ("oci", "docker", "image", "registry")
"""The types of output that carry an image, not its files."""

_FORM = {"compression", "compression-level", "force-compression", "oci-mediatypes"}
_STORE = {
    "store",
    "unpack",
    "dangling-name-prefix",
    "danging-name-empty-only",
    "name-canonical",
}  # as BuildKit spells it
KEYS = {
    "type", "dest", "name", "tar", "push", "push-by-digest", "source-date-epoch", "rewrite-timestamp", "platform-split",
    "attestation-prefix", "attestation-inline", "oci-artifact", "mode", "registry.insecure", *_FORM, *_STORE,
}  # fmt: skip
_REFUSED = {
    "prefer-nondist-layers": "a layer that its registry does not give away is sent like any other",
    "compatibility-version": "it chooses between older forms of BuildKit's images, which are none of stagemill's",
}
"""Keys of BuildKit that would have to change something and do not; false is what happens anyway."""


@dataclass(frozen=True, slots=True)
class Statements:
    """How an output has statements: files with a `prefix`; in an image as an `artifact`, `inline` also those for a store."""

    prefix: str = ""
    artifact: bool = True
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the local store has of an image afterwards: its names, unless there is to be none of it (`named`).

    With `unpack` all its layers have their directories. `dangling` is what names it by its digest beside its names, or
    only where it has none (`dangling_alone`); with `canonical` each of these names names it with its digest too.
    """

    named: bool = True
    unpack: bool = False
    dangling: str = ""
    dangling_alone: bool = False
    canonical: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """One `--output`. `dest` is a path, `-` for standard output, or empty; `tar` is false for an OCI layout directory.

    `names` are full. `split` says whether files lie in a directory for each platform; None: where there are several.
    `epoch` is the text of `source-date-epoch`, None where the build's holds; `annotations` are those of its own, as
    `cli/given/annotations` has them. `statements` says what becomes of statements, `packaging` what form an image has. With `push`
    its names are registries', with `by_digest` without their tags, and over http or without a certificate where `insecure`.
    With `mirror` a directory holds nothing else afterwards.
    """

    type: str
    dest: str = ""
    names: tuple[str, ...] = ()
    tar: bool = True
    epoch: str | None = None
    rewrite: bool = False
    annotations: tuple[str, ...] = ()
    split: bool | None = None
    statements: Statements = field(default_factory=Statements)
    push: bool = False
    by_digest: bool = False
    insecure: bool = False
    packaging: Packaging = USUAL
    keeping: Keeping = field(default_factory=Keeping)
    mirror: bool = False

    @classmethod
    def parse(cls, text: str) -> Output:
        """`type=oci,dest=FILE`, or buildx's short forms: a directory, or `-` for a tar on standard output."""
        import csv
        import io

        try:
            fields = next(csv.reader(io.StringIO(text)), [])
        except csv.Error as error:
            raise UsageError(f"invalid --output {text!r}: {error}", hint="write type=oci,dest=FILE") from error
        if len(fields) == 1 and "=" not in fields[0]:
            return cls("tar", "-") if fields[0] == "-" else cls("local", fields[0])
        values: dict[str, str] = {}
        for item in fields:
            key, equals, value = item.partition("=")
            key = key.strip().lower()
            if not equals:
                hint = "write type=oci,dest=FILE"
                raise UsageError(f"invalid --output {text!r}: {item!r} is no key=value", hint=hint)
            if key in _REFUSED and value.lower() not in FALSE:
                raise StagemillError(f"--output {key}={value} is not supported: {_REFUSED[key]}", hint="leave it out")
            if key not in KEYS | _REFUSED.keys() and not re.match(r"annotation[-.\[]", key):
                hint = _known(key, sorted(KEYS), "annotation.NAME")
                raise UsageError(f"invalid --output {text!r}: unknown key {key!r}", hint=hint)
            values[key] = value
        return _Reading(text, values).output()

    def packed(self, usual: Packaging) -> Output:
        """Compressed as a flag of the command line says, unless its own keys say something."""
        if self.type not in PACKED or self.packaging.compression or not usual.compression:
            return self
        return replace(self, packaging=replace(usual, docker=self.packaging.docker))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What stands between the commas, which is checked here."""

    text: str
    values: Mapping[str, str]

    def wrong(self, what: str, hint: str | None = None) -> UsageError:
        return UsageError(f"invalid --output {self.text!r}: {what}", hint=hint)

    def get(self, key: str) -> str:
        return self.values.get(key, "")

    def switch(self, key: str) -> bool | None:
        """None where it is not said."""
        said = self.get(key).lower()
        if not said:
            return None
        if said not in TRUE | FALSE:
            raise self.wrong(f"{key}={said} is neither true nor false")
        return said in TRUE

    def output(self) -> Output:
        kind, dest = self._kind(), self.get("dest")
        tar = self.switch("tar") is not False
        if not tar and (kind != "oci" or dest == "-"):
            raise self.wrong("tar=false is for type=oci with a directory")
        given = (
            f"{key.removeprefix('annotation')}={self.values[key]}"
            for key in self.values
            if key.startswith("annotation")
        )
        date = self.values.get("source-date-epoch")
        seconds(date or "")
        push = self._push(kind)
        insecure = bool(self.switch("registry.insecure"))
        if insecure and not push:
            raise self.wrong("registry.insecure is for what is pushed", "add push=true, or leave it out")
        return Output(
            kind,
            dest,
            tuple(str(reference(name)) for name in self.get("name").split(",") if name),
            tar,
            date,
            self.values.get("rewrite-timestamp") == "" or bool(self.switch("rewrite-timestamp")),
            tuple(given),
            self.switch("platform-split"),
            self._statements(),
            push,
            bool(self.switch("push-by-digest")),
            insecure,
            self._packaging(kind),
            self._keeping(kind),
            self._mode(kind) == "delete",
        )

    def _kind(self) -> str:
        kind, dest = self.get("type"), self.get("dest")
        if kind not in OUTPUT_TYPES:
            raise self.wrong(f"unknown type {kind!r}", _known(kind, OUTPUT_TYPES))
        if kind == "local" and dest in {"", "-"}:
            raise self.wrong("type=local needs a directory", "add dest=DIRECTORY")
        if kind in {"oci", "tar"} and not dest:
            raise self.wrong(f"type={kind} needs a file", "add dest=FILE, or dest=- for a pipe")
        return kind

    def _statements(self) -> Statements:
        artifact, inline = self.switch("oci-artifact"), self.switch("attestation-inline")
        prefix = self.get("attestation-prefix")
        if "/" in prefix:
            raise self.wrong(f"attestation-prefix={prefix} has a slash")
        return Statements(prefix, artifact is not False, bool(inline))

    def _push(self, kind: str) -> bool:
        push = kind == "registry" or bool(self.switch("push-by-digest")) or bool(self.switch("push"))
        if push and kind not in {"image", "registry"}:
            hint = "add -o type=registry, or --push; several outputs come of one build"
            raise self.wrong(f"type={kind} cannot be pushed", hint)
        return push

    def _packaging(self, kind: str) -> Packaging:
        self._only(_FORM, kind, PACKED, f"an image, and type={kind} makes none")
        docker = self.switch("oci-mediatypes") is False
        force = bool(self.switch("force-compression"))
        compression = self._compression()
        if docker and self.switch("oci-artifact"):
            raise self.wrong("oci-artifact=true conflicts with oci-mediatypes=false", "leave one of them out")
        return Packaging(compression, force, docker) if compression or docker else USUAL

    def _compression(self) -> Compression | None:
        """Forced without another, all layers are gzip."""
        kind = self.get("compression") or ("gzip" if self.switch("force-compression") else "")
        if not (kind or self.get("compression-level")):
            return None
        from stagemill.cli.given.compressions import compression

        return compression(kind, self.get("compression-level"), self.wrong)

    def _keeping(self, kind: str) -> Keeping:
        self._only(_STORE, kind, ("image",), "what the local store keeps, which takes type=image")
        keeping = Keeping(
            self.switch("store") is not False,
            bool(self.switch("unpack")),
            str(replace(reference(prefix), tag="")) if (prefix := self.get("dangling-name-prefix")) else "",
            bool(self.switch("danging-name-empty-only")),
            bool(self.switch("name-canonical")),
        )
        if keeping.unpack and (self.switch("rewrite-timestamp") or self.values.get("rewrite-timestamp") == ""):
            raise self.wrong("rewrite-timestamp conflicts with unpack: no directory has those times", "leave one out")
        if keeping.unpack and not keeping.named:
            raise self.wrong("unpack=true is of an image in the store, and store=false keeps none", "leave one out")
        return keeping

    def _mode(self, kind: str) -> Literal["copy", "delete"]:
        self._only({"mode"}, kind, ("local",), "a directory, which takes type=local")
        match self.get("mode"):
            case "" | "copy":
                return "copy"
            case "delete":
                return "delete"
            case other:
                raise self.wrong(f"unknown mode {other!r}", "it is copy, or delete, which removes all else in dest")

    def _only(self, keys: set[str], kind: str, kinds: Sequence[str], what: str) -> None:
        """Raises where a key is given that is for other types."""
        if kind not in kinds and (found := sorted(keys & self.values.keys())):
            raise self.wrong(f"{found[0]} is for {what}", "leave it out")


def _known(word: str, names: Sequence[str], *more: str) -> str:
    """A name that is near, or all there are."""
    from stagemill.dockerfile.suggest import nearest

    near = nearest(word, names)
    return f"did you mean {near}?" if near else f"known are {', '.join((*names, *more))}"
