"""What is to be said of an image: `--attest`, `--provenance` and `--sbom`.

Source: buildx, util/buildflags/attests.go, for the spelling; BuildKit, docs/attestations, for what the parameters mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal, TypeAlias

from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.oci.reference import Reference
from stagemill.values import dataclass

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_TYPES = ("provenance", "sbom")
_PROVENANCE = (
    "mode", "version", "builder-id", "filename", "reproducible", "inline-only", "complete-materials",
)  # fmt: skip
_ARGUMENT = "BUILDKIT_ATTEST_"
_SCAN_STAGE, _SCAN_CONTEXT = "scan-stage", "scan-context"
_SBOM = ("generator", "format", _SCAN_STAGE, _SCAN_CONTEXT)
Form: TypeAlias = Literal["spdx", "cyclonedx"]
_FORMS: Mapping[str, tuple[Form, ...]] = {"spdx": ("spdx",), "cyclonedx": ("cyclonedx",), "both": ("spdx", "cyclonedx")}
Place: TypeAlias = Literal["index", "referrers", "none"]
PLACES: tuple[Place, ...] = ("index", "referrers", "none")
_PRESETS = frozenset({"syft", "syft-cyclonedx", "syft-spdx", "trivy", "trivy-cyclonedx", "trivy-spdx"})


@dataclass(frozen=True, slots=True)
class Provenance:
    """`is_max` is for values of arguments, ids of secrets, the steps and the Dockerfile. With `complete` a build whose
    materials are not all known fails. `attached` says that it goes with the result, and not only into a file of its own.
    """

    is_max: bool = True
    version: Literal["v1", "v0.2"] = "v1"
    builder_id: str = ""
    file: str = "provenance.json"
    reproducible: bool = False
    inline_only: bool = False
    complete: bool = False
    attached: bool = True


@dataclass(frozen=True, slots=True)
class Sbom:
    """`generator` is the full name of a scanner's image, empty for our own; `parameters` are the scanner's.

    `forms` are those of our own lists. `stages` says which stages beside the target are listed too, None where the
    Dockerfile's arguments say so; `context` is for the build context. `attached` is as for provenance.
    """

    generator: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    forms: tuple[Form, ...] = ("spdx",)
    stages: str | None = None
    context: bool | None = None
    attached: bool = True


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A file that a list or the provenance is written to, wherever else it goes."""

    path: str
    kind: Form | Literal["provenance"]

    @property
    def flag(self) -> str:
        """The one that asks for it."""
        return "--provenance-output" if self.kind == "provenance" else "--sbom-output"

    @classmethod
    def of_list(cls, path: str, sbom: Sbom) -> StatementFile:
        """Of the form that its name tells, else of the list's."""
        name = path.rpartition("/")[2].lower()
        if name.endswith(".cdx.json") or name == "bom.json":
            return cls(path, "cyclonedx")
        return cls(path, "spdx" if name.endswith(".spdx.json") else sbom.forms[0])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Nothing, unless somebody asks for it. `place` says how what is attached goes with an image; `files` get it too."""

    provenance: Provenance | None = None
    sbom: Sbom | None = None
    place: Place = "index"
    files: tuple[StatementFile, ...] = ()

    def __bool__(self) -> bool:
        return self.provenance is not None or self.sbom is not None

    @property
    def attached(self) -> bool:
        """Whether anything goes with the result."""
        return any(one is not None and one.attached for one in (self.provenance, self.sbom))

    @property
    def in_index(self) -> bool:
        """Whether an image is an index for the sake of what is said of it."""
        return self.attached and self.place == "index"

    def into(self, *, place: Place, lists: Iterable[str], provenances: Iterable[str]) -> Wanted:
        """The same at another place, and in files, for whose sake it is made too. Raises UsageError."""
        lists, provenances = tuple(lists), tuple(provenances)
        if place != "index" and not (self or lists or provenances):
            raise UsageError(f"--attest-as={place}: nothing is to be attached", hint="add --provenance or --sbom")
        sbom, provenance = self.sbom, self.provenance
        if place == "none":
            sbom, provenance = (
                sbom and replace(sbom, attached=False),
                provenance and replace(provenance, attached=False),
            )
        if lists:
            sbom = sbom or Sbom(attached=False)
        if provenances:
            provenance = provenance or Provenance(attached=False)
        files = [StatementFile.of_list(path, sbom) for path in lists if sbom]
        for file in files:
            if sbom and sbom.generator and file.kind != "spdx":
                hint = "leave generator= out for stagemill's own list, or name a file .spdx.json"
                raise UsageError(f"--sbom-output {file.path}: a scanner's list is SPDX", hint=hint)
        files += [StatementFile(path, "provenance") for path in provenances]
        return Wanted(provenance, sbom, place, tuple(files))

    @classmethod
    def parse(
        cls, attest: Iterable[str], *, provenance: str | None, sbom: str | None, build_args: Mapping[str, str]
    ) -> Wanted:
        """Of one type the last one counts; the short flags come after `--attest`, build arguments before. Raises UsageError."""
        found: dict[str, dict[str, str] | None] = {}
        for kind in _TYPES:
            if (text := build_args.get(f"{_ARGUMENT}{kind.upper()}")) is not None:
                found[kind] = _fields(text, f"build argument {_ARGUMENT}{kind.upper()}")
        for text in attest:
            values = _fields(text, "--attest")
            kind = values.pop("type", "").lower()
            if kind not in _TYPES:
                raise UsageError(f"invalid --attest {text!r}: unknown type {kind!r}", hint=_hint(kind, _TYPES))
            found[kind] = _enabled(values, f"--attest {text}")
        for kind, short in (("provenance", provenance), ("sbom", sbom)):
            if short is not None:
                found[kind] = _enabled(_short(kind, short), f"--{kind}={short}")
        made = found.get("provenance"), found.get("sbom")
        return cls(None if made[0] is None else _provenance(made[0]), None if made[1] is None else _sbom(made[1]))


def place(text: str | None) -> Place:
    """`--attest-as`. Raises UsageError."""
    for known in PLACES:
        if text in {None, known}:
            return known
    raise UsageError(f"invalid --attest-as {text!r}", hint=_hint(text or "", PLACES))


def _short(kind: str, text: str) -> dict[str, str]:
    """What `--provenance` or `--sbom` was given; a list's form may stand alone."""
    if text in _TRUE | _FALSE:
        return {"disabled": str(text in _FALSE)}
    if kind == "sbom" and text in _FORMS:
        return {"format": text}
    if kind == "sbom" and text in _PRESETS:
        form = "cyclonedx" if "spdx" not in text else "spdx"
        hint = f"write --sbom={form} for stagemill's own list, or --sbom=generator=IMAGE for a scanner's"
        raise UsageError(
            f"invalid --sbom {text!r}: buildah's presets run scanners, and stagemill has its own", hint=hint
        )
    if kind == "sbom" and "=" not in text and (near := nearest(text, _FORMS)):
        raise UsageError(f"invalid --sbom {text!r}: there is no such form", hint=f"did you mean {near}?")
    return _fields(text, f"--{kind}")


def _fields(text: str, flag: str) -> dict[str, str]:
    import csv  # noqa: PLC0415  few builds say anything of this

    if not text:
        return {}
    try:
        items = next(csv.reader([text]), [])
    except csv.Error as error:
        raise UsageError(f"invalid {flag} {text!r}: {error}", hint="write key=value,key=value") from error
    values: dict[str, str] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals:
            raise UsageError(f"invalid {flag} {text!r}: {item!r} is no key=value", hint="write key=value,key=value")
        key = key.strip()
        name = key.lower() if key.lower() in {"type", "disabled"} else key
        values[name] = f"{values[name]},{value}" if name == _SCAN_STAGE and name in values else value
    return values


def _enabled(values: dict[str, str], what: str) -> dict[str, str] | None:
    """The parameters; None where it is disabled."""
    return None if _switch(values.pop("disabled", "false"), "disabled", what) else values


def _provenance(values: Mapping[str, str]) -> Provenance:
    what = "--provenance"
    for key in values:
        if key not in _PROVENANCE:
            raise UsageError(f"invalid {what}: unknown parameter {key!r}", hint=_hint(key, _PROVENANCE))
    mode = values.get("mode", "max")
    if mode not in {"min", "max", "full"}:
        raise UsageError(f'invalid {what}: invalid mode "{mode}"', hint="write mode=min or mode=max")
    version: Literal["v1", "v0.2"]
    match values.get("version", "v1"):
        case "v1":
            version = "v1"
        case "v0.2":
            version = "v0.2"
        case other:
            raise UsageError(f"invalid {what}: invalid provenance SLSA version: {other}", hint="write v1 or v0.2")
    file = values.get("filename", "provenance.json")
    if not file or "/" in file or file in {".", ".."}:
        raise UsageError(f"invalid {what}: {file!r} is no name of a file", hint="write filename=NAME.json")
    return Provenance(
        is_max=mode != "min",
        version=version,
        builder_id=values.get("builder-id", ""),
        file=file,
        reproducible=_switch(values.get("reproducible", "false"), "reproducible", what),
        inline_only=_switch(values.get("inline-only", "false"), "inline-only", what),
        complete=_switch(values.get("complete-materials", "false"), "complete-materials", what),
    )


def _sbom(values: Mapping[str, str]) -> Sbom:
    what = "--sbom"
    context = _switch(values[_SCAN_CONTEXT], _SCAN_CONTEXT, what) if _SCAN_CONTEXT in values else None
    rest = {
        key: value for key, value in values.items() if key not in _SBOM or (key == "format" and "generator" in values)
    }
    made = Sbom(stages=values.get(_SCAN_STAGE), context=context)
    if "generator" not in values:
        if rest:
            key = next(iter(rest))
            near = nearest(key, _SBOM)
            hint = (
                f"did you mean {near}?"
                if near
                else "leave it out, or name a scanner that knows it with generator=IMAGE"
            )
            raise UsageError(f"invalid --sbom: {key!r} is no parameter of stagemill's own scanner", hint=hint)
        form = values.get("format", "spdx")
        if form not in _FORMS:
            raise UsageError(f"invalid --sbom: unknown format {form!r}", hint=_hint(form, tuple(_FORMS)))
        return replace(made, forms=_FORMS[form])
    if not values["generator"]:
        raise UsageError("sbom generator cannot be empty", hint="leave it out for stagemill's own scanner")
    try:
        name = str(Reference.parse(values["generator"]))
    except ValueError as error:
        raise UsageError(f"invalid --sbom: {error}", hint="name the image of a scanner: generator=IMAGE") from error
    return replace(made, generator=name, parameters=rest)


def _switch(text: str, key: str, what: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise UsageError(f"invalid {what}: {key}={text} is neither true nor false")
    return text in _TRUE


def _hint(key: str, known: tuple[str, ...]) -> str:
    near = nearest(key, known)
    return f"did you mean {near}?" if near else f"known are {', '.join(known)}"
