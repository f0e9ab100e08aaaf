"""A scanner that is an image of its own: what it is run as, and what it left. Source: BuildKit, docs/attestations/sbom-protocol.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagemill.attest.statement import SPDX, Attestation
from stagemill.errors import StagemillError
from stagemill.files.content import content
from stagemill.files.view import FileView
from stagemill.graph import operations
from stagemill.graph.mounts import BindMount, Mount, TmpfsMount
from stagemill.graph.vertex import Edge, Label, Selection, Vertex
from stagemill.oci.config import ImageConfig
from stagemill.oci.document import MalformedError, obj, parse_object, text

CORE = "sbom"
OUT = "run/out"
_SOURCE = "/run/src"
_EVERYTHING = Selection(("",))
_MOST_BYTES = 40 << 20
_HINT = "it has to write in-toto statements with SPDX documents; see its own documentation"


def scanner(
    image: operations.BaseImage,
    config: ImageConfig,
    *,
    target: Vertex,
    extras: Mapping[str, Vertex],
    parameters: Mapping[str, str],
) -> Vertex:
    """The step that scans the target's tree, and those of `extras` by name. Raises StagemillError for an image without a command."""
    args = (*(config.config.entrypoint or ()), *(config.config.cmd or ()))
    if not args:
        raise StagemillError(
            f"scanner {image.reference} does not have cmd", hint="name the image of a scanner: generator=IMAGE"
        )
    env = {
        **dict(config.config.env),
        "BUILDKIT_SCAN_DESTINATION": f"/{OUT}/",
        "BUILDKIT_SCAN_SOURCE": f"{_SOURCE}/core/{CORE}",
        **({"BUILDKIT_SCAN_SOURCE_EXTRAS": f"{_SOURCE}/extras/"} if extras else {}),
        **{f"BUILDKIT_SCAN_{name}": value for name, value in parameters.items()},
    }
    mounts: list[Mount] = [TmpfsMount("/tmp"), BindMount(f"{_SOURCE}/core/{CORE}")]
    mounts += [BindMount(f"{_SOURCE}/extras/{CORE}-{name}") for name in extras]
    run = operations.Run(
        args=args,
        env=tuple(env.items()),
        cwd=config.config.working_dir or "/",
        user="0",
        platform=image.platform,
        mounts=tuple(mounts),
    )
    base = Vertex(image, (), Label(f"[internal] FROM {image.reference}"))
    below = Vertex(operations.MakeDirectory(f"/{OUT}"), (Edge(base),), Label(""))
    sources = (Edge(vertex, _EVERYTHING) for vertex in (target, *extras.values()))
    return Vertex(run, (Edge(below), *sources), Label(f"generating sbom using {image.reference}"))


def of_context(view: FileView) -> Vertex:
    """A tree of all the files of the main context."""
    files = Vertex(operations.Context("context", content(view, _EVERYTHING, owners=False).digest), (), Label(""))
    scratch = Vertex(operations.Scratch(), (), Label(""))
    return Vertex(operations.Copy(("",), "/"), (Edge(scratch), Edge(files)), Label(""))


def found(view: FileView, reference: str) -> Iterator[Attestation]:
    """What a scanner wrote, that of the target first. Raises StagemillError for what is none of it."""
    names = view.listdir(OUT)
    for name in sorted(names, key=lambda name: (name.partition(".")[0] != CORE, name)):
        path = f"{OUT}/{name}"
        entry = view.lstat(path)
        if entry is None or entry.kind != "file" or entry.size > _MOST_BYTES:
            raise StagemillError(
                f"the scanner {reference} wrote {name}, which is no file of at most 40 MiB", hint=_HINT
            )
        try:
            statement = parse_object(view.real_path(path).read_bytes(), name)
            kind = text(statement, "predicateType")
        except MalformedError as error:
            raise StagemillError(f"the scanner {reference} wrote no statement: {error}", hint=_HINT) from error
        if kind != SPDX:
            raise StagemillError(f"the scanner {reference} wrote {name}, a statement of {kind}", hint=_HINT)
        yield Attestation(name, SPDX, obj(statement, "predicate"))
    if not names:
        raise StagemillError(f"the scanner {reference} found nothing, not even an empty list", hint=_HINT)
