"""How an image was built, as a predicate of SLSA. Source: slsa.dev, provenance v1 and v0.2; what BuildKit puts into them is in
its docs/attestations/slsa-definitions.md and solver/llbsolver/provenance/types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime

from stagemill.attest.materials import Ingredients, Material
from stagemill.attest.statement import PROVENANCE_02, PROVENANCE_1, Attestation
from stagemill.attest.steps import Steps, Text
from stagemill.attest.wanted import Provenance
from stagemill.digest import Digest
from stagemill.errors import StagemillError, redacted
from stagemill.graph.vertex import Vertex
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import Json, JsonObject
from stagemill.oci.platform import Platform
from stagemill.values import dataclass

_TYPE_1 = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md"
_TYPE_02 = "https://mobyproject.org/buildkit@v1"
_FRONTEND = "dockerfile.v0"
_BUILDER = "https://stagemill.invalid/builder"  # the specification wants one, and nobody vouches for this machine
_VALUES = ("build-arg:", "label:")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command line asked for: `args` in BuildKit's names, without what only the machine decides.

    `path` is the name of the Dockerfile, `context` the URL of a context that has one. `local` says that the Dockerfile came
    from this machine; `vcs` what a repository around it says of itself.
    """

    args: Mapping[str, str]
    path: str
    context: str = ""
    material: Material | None = None
    local: bool = True
    vcs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of stagemill: times in seconds since 1970, an `id` that no other call has, and the version of the program."""

    id: str
    started: float
    finished: float
    version: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A build that was carried out. `vertices` are all that the result needs, what they read first.

    `layers` are those of the image up to a vertex, by its digest, where it is known.
    """

    asked: Asked
    vertices: Sequence[Vertex]
    text: Text
    invocation: Invocation
    layers: Mapping[Digest, Sequence[Descriptor]] = field(default_factory=dict)


def provenance(facts: Facts, wanted: Provenance) -> Attestation:
    """Raises StagemillError where all materials have to be known, and are not."""
    predicate = _predicate(facts, wanted)
    if wanted.version == "v0.2":
        return Attestation(wanted.file, PROVENANCE_02, older(predicate), wanted.inline_only)
    return Attestation(wanted.file, PROVENANCE_1, predicate, wanted.inline_only)


def record(facts: Facts, wanted: Provenance) -> JsonObject:
    """What is kept of a build beside its result: the predicate of v0.2."""
    return older(_predicate(facts, wanted))


def _predicate(facts: Facts, wanted: Provenance) -> JsonObject:
    found = Ingredients.of(facts.vertices)
    locals_ = sorted({*found.contexts, *(["dockerfile"] if facts.asked.local else [])})
    complete = not locals_
    if wanted.complete and not complete:
        names = ", ".join(locals_)
        hint = "build from the URL of a repository, or leave complete-materials out"
        raise StagemillError(f"provenance materials are incomplete: nothing tells what {names} held", hint=hint)
    steps = Steps(facts.vertices)
    request, whole = _request(facts.asked, found, locals_, wanted)
    internal: dict[str, Json] = {"builderPlatform": str(Platform.local())}
    extra: dict[str, Json] = {}
    if facts.asked.vcs:
        extra["vcs"] = dict(sorted(facts.asked.vcs.items()))
    if wanted.is_max:
        internal["buildConfig"] = steps.config()
        extra["source"] = steps.source(facts.text)
        if layers := steps.layers(facts.layers):
            extra["layers"] = layers
    metadata: dict[str, Json] = {
        "invocationId": facts.invocation.id,
        "startedOn": _time(facts.invocation.started),
        "finishedOn": _time(facts.invocation.finished),
        "buildkit_metadata": extra,
        "buildkit_hermetic": complete and not found.network,
        "buildkit_completeness": {"request": whole, "resolvedDependencies": complete},
        "buildkit_reproducible": wanted.reproducible,
    }
    return {
        "buildDefinition": {
            "buildType": _TYPE_1,
            "externalParameters": {"configSource": _config_source(facts.asked), "request": request},
            "internalParameters": internal,
            "resolvedDependencies": [material.to_json() for material in found.materials],
        },
        "runDetails": {
            "builder": {"id": wanted.builder_id or _BUILDER, "version": {"stagemill": facts.invocation.version}},
            "metadata": metadata,
        },
    }


def _request(asked: Asked, found: Ingredients, locals_: Sequence[str], wanted: Provenance) -> tuple[JsonObject, bool]:
    """What was asked for, and whether that is all of it: values and confidences are for mode=max."""
    args = {key: value if key.startswith("context:") else redacted(value) for key, value in sorted(asked.args.items())}
    document: dict[str, Json] = {"frontend": _FRONTEND}
    if wanted.is_max:
        kept = args
        confided = {"secrets": found.secrets, "ssh": found.agents}
        document |= {key: [each.to_json() for each in items] for key, items in confided.items() if items}
    else:
        kept = {key: value for key, value in args.items() if not key.startswith(_VALUES)}
    if kept:
        document["args"] = kept
    if locals_:
        document["locals"] = [{"name": name} for name in locals_]
    return document, kept == args


def _config_source(asked: Asked) -> JsonObject:
    document: dict[str, Json] = {"uri": asked.context} if asked.context else {}
    if asked.material:
        document["digest"] = {asked.material.algorithm: asked.material.digest}
    return {**document, "path": asked.path} if asked.path else document


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def older(predicate: JsonObject) -> JsonObject:
    """The same in the words of v0.2."""
    definition, details = _part(predicate, "buildDefinition"), _part(predicate, "runDetails")
    external, internal = _part(definition, "externalParameters"), _part(definition, "internalParameters")
    config, metadata = _part(external, "configSource"), _part(details, "metadata")
    complete = _part(metadata, "buildkit_completeness")
    renamed = {"entryPoint" if key == "path" else key: value for key, value in config.items()}
    document: dict[str, Json] = {
        "builder": {"id": _part(details, "builder")["id"]},
        "buildType": _TYPE_02,
        "invocation": {
            "configSource": renamed,
            "parameters": external["request"],
            "environment": {"platform": internal["builderPlatform"]},
        },
        "materials": definition["resolvedDependencies"],
        "metadata": {
            "buildInvocationID": metadata["invocationId"],
            "buildStartedOn": metadata["startedOn"],
            "buildFinishedOn": metadata["finishedOn"],
            "completeness": {
                "parameters": complete["request"],
                "environment": True,
                "materials": complete["resolvedDependencies"],
            },
            "reproducible": metadata["buildkit_reproducible"],
            f"{_TYPE_02}#hermetic": metadata["buildkit_hermetic"],
            f"{_TYPE_02}#metadata": metadata["buildkit_metadata"],
        },
    }
    if "buildConfig" in internal:
        document["buildConfig"] = internal["buildConfig"]
    return document


def _part(document: JsonObject, key: str) -> JsonObject:
    found = document[key]
    assert isinstance(found, Mapping)
    return found
