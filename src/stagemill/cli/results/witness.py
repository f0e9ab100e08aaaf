"""`Witness`: what can be said of a build's result, said when an output wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeAlias

from stagemill.attest.statement import CYCLONEDX, SPDX, Attestation
from stagemill.attest.wanted import Provenance, Sbom, Wanted
from stagemill.build import Built, make_tree
from stagemill.digest import Digest
from stagemill.dockerfile.suggest import nearest
from stagemill.errors import UsageError
from stagemill.events import Event
from stagemill.execute.services import Services
from stagemill.files.view import FileView
from stagemill.graph.vertex import Vertex, walk
from stagemill.oci.descriptor import Descriptor
from stagemill.oci.document import JsonObject
from stagemill.oci.image import Image
from stagemill.plan.planner import Plan, Stage
from stagemill.values import dataclass

if TYPE_CHECKING:
    from stagemill.attest.provenance import Asked, Facts, Invocation
    from stagemill.attest.steps import Text
    from stagemill.plan.resolver import Resolver

Step: TypeAlias = Callable[[str], AbstractContextManager[None]]
_SCAN_STAGE = "BUILDKIT_SBOM_SCAN_STAGE"
_SCAN_CONTEXT = "BUILDKIT_SBOM_SCAN_CONTEXT"
_CONTEXT = "context"
_TARGET = "sbom"
_KINDS = {"spdx": SPDX, "cyclonedx": CYCLONEDX}
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a command line. `origin` is what a fetched context was made of; `resolver` finds a scanner's image."""

    wanted: Wanted
    asked: Asked
    text: Text
    invocation: Invocation
    resolver: Callable[[], Resolver]
    origin: Vertex | None = None

    def finished(self, stage: str, now: float) -> Account:
        """Of one target, when it is made."""
        args = {**self.asked.args, "target": stage} if stage else self.asked.args
        return replace(self, asked=replace(self.asked, args=args), invocation=replace(self.invocation, finished=now))

    def witness(self, stage: str, now: float, step: Step) -> Witness:
        """Who says it of that target."""
        return Witness(self.finished(stage, now), step)


@dataclass(slots=True)
class Witness:
    """Attestations of the builds of one target, one for each platform; what is scanned is scanned once."""

    account: Account
    step: Step
    scanned: dict[int, tuple[Attestation, ...]] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        return self.account.wanted

    def speaks(self, *, inline: bool) -> bool:
        """Whether anything goes with a result; `inline` says that it stays with an image in a store."""
        provenance, sbom = self.wanted.provenance, self.wanted.sbom
        listed = sbom is not None and sbom.attached
        return listed or (provenance is not None and provenance.attached and (inline or not provenance.inline_only))

    def attestations(
        self, number: int, built: Built, image: Image | None = None, *, inline: bool = False
    ) -> tuple[Attestation, ...]:
        """What goes with one of the builds, and the image that was made of it, if one was. Raises StagemillError."""
        provenance, sbom = self.wanted.provenance, self.wanted.sbom
        found: list[Attestation] = []
        if sbom is not None and sbom.attached:
            forms = [_KINDS[form] for form in sbom.forms]
            lists = [each for each in self._sbom(number, built) if each.type in forms]
            found += lists if image is None else with_layers(lists, built, image)
        if provenance is not None and provenance.attached:
            found += self._provenance(built, image)
        return tuple(each for each in found if inline or not each.inline_only)

    def of_file(self, kind: str, number: int, built: Built, image: Image | None = None) -> tuple[Attestation, ...]:
        """What a file of its own has of one of the builds: the lists in one form, that of the target first, or the provenance."""
        if kind == "provenance":
            return tuple(self._provenance(built, image))
        lists = [each for each in self._sbom(number, built) if each.type == _KINDS[kind]]
        return tuple(lists if image is None else with_layers(lists, built, image))

    def record(self, built: Built, image: Image) -> JsonObject | None:
        """What `--metadata-file` has of the provenance, in the words of v0.2."""
        if self.wanted.provenance is None:
            return None
        from stagemill.attest.provenance import record

        return record(self._facts(built, image), _claimed(self.wanted.provenance, built))

    def _provenance(self, built: Built, image: Image | None) -> Iterator[Attestation]:
        if self.wanted.provenance is not None:
            from stagemill.attest.provenance import provenance

            yield provenance(self._facts(built, image), _claimed(self.wanted.provenance, built))

    def _facts(self, built: Built, image: Image | None) -> Facts:
        from stagemill.attest.provenance import Facts

        seen = self.account
        vertices = list(walk([*([seen.origin] if seen.origin else []), built.plan.target.vertex]))
        invocation = _still(seen.invocation, built, image) if built.plan.times == "still" else seen.invocation
        return Facts(seen.asked, vertices, seen.text, invocation, layers(built.plan, image) if image else {})

    def _sbom(self, number: int, built: Built) -> tuple[Attestation, ...]:
        if self.wanted.sbom is None:
            return ()
        if number not in self.scanned:
            scan = self._generated if self.wanted.sbom.generator else self._listed
            with self.step(f"listing what is in {built.plan.target.title} for {built.plan.platform}"):
                self.scanned[number] = tuple(scan(built))
        return self.scanned[number]

    def _listed(self, built: Built) -> Iterator[Attestation]:
        """By our own scanner."""
        from stagemill.attest.inventory import Inventory
        from stagemill.attest.sbom import lists

        wanted = self.wanted.sbom
        assert wanted is not None
        files = (file.kind for file in self.wanted.files if file.kind != "provenance")
        forms = tuple(dict.fromkeys([*(wanted.forms if wanted.attached else ()), *files]))
        target = built.plan.target
        now = built.services.clock() if built.epoch is None else built.epoch
        trees: dict[str, tuple[str, FileView]] = {_TARGET: (target.title, built.forms.view(built.tree(target)))}
        for stage in scanned_stages(built.plan, wanted):
            trees[f"{_TARGET}-{stage.title}"] = stage.title, built.forms.view(built.tree(stage))
        if scans_context(built.plan, wanted) and (context := built.services.contexts.get(_CONTEXT)):
            trees[f"{_TARGET}-context"] = "the build context", context
        for name, (title, view) in trees.items():
            found = Inventory.of(
                view,
                title=title,
                platform=str(built.plan.platform),
                created=now,
                version=self.account.invocation.version,
            )
            yield from lists(found, name, forms)

    def _generated(self, built: Built) -> Iterator[Attestation]:
        """By the scanner that was named."""
        from stagemill.attest import scanning
        from stagemill.graph import operations

        wanted = self.wanted.sbom
        assert wanted is not None
        base = self.account.resolver().resolve(wanted.generator, None)
        extras = {stage.title: stage.vertex for stage in scanned_stages(built.plan, wanted)}
        if scans_context(built.plan, wanted) and (context := built.services.contexts.get(_CONTEXT)):
            extras[_CONTEXT] = scanning.of_context(context)
        vertex = scanning.scanner(
            operations.BaseImage(base.manifest, str(base.config.platform), base.reference),
            base.config,
            target=built.plan.target.vertex,
            extras=extras,
            parameters=wanted.parameters,
        )
        view = make_tree(vertex, services=_telling_news(built))
        yield from scanning.found(view, wanted.generator)


def _claimed(wanted: Provenance, built: Built) -> Provenance:
    """With the claim that the result is the same each time, where it is to be."""
    return replace(wanted, reproducible=True) if built.plan.times == "still" else wanted


def _still(invocation: Invocation, built: Built, image: Image | None) -> Invocation:
    """The same for each call that gives this result, so that the statement is the same too."""
    date = float(built.epoch or 0)
    digest = image.digest if image else built.plan.target.vertex.digest
    return replace(invocation, id=digest.hex[: len(invocation.id)], started=date, finished=date)


def _telling_news(built: Built) -> Services:
    """What the build has told of its steps is not told again."""
    tell = built.services.listener

    def listener(event: Event) -> None:
        if getattr(event, "step", None) not in built.results:
            tell(event)

    return replace(built.services, listener=listener)


def more(wanted: Wanted) -> Callable[[Plan], Sequence[Vertex]]:
    """What has to be made for the sake of lists. It raises UsageError for a stage that the command line names in vain."""
    sbom = wanted.sbom
    if sbom is None:
        return lambda _plan: ()

    def scanned(plan: Plan) -> Sequence[Vertex]:
        if sbom.stages and sbom.stages not in _TRUE | _FALSE:
            for name in _names(sbom.stages):
                _check_stage(plan, name)
        return [stage.vertex for stage in scanned_stages(plan, sbom)]

    return scanned


def _check_stage(plan: Plan, name: str) -> None:
    built = [stage.title for stage in plan.stages]
    if name in built:
        return
    if name in [stage.title for stage in plan.skipped]:
        hint = f"build it too, with --also {name}"
        raise UsageError(f"--sbom scan-stage={name}: nothing that is built needs this stage", hint=hint)
    near = nearest(name, built)
    hint = f"did you mean {near}?" if near else f"there is {', '.join(built)}"
    raise UsageError(f"--sbom scan-stage={name}: there is no stage of this name", hint=hint)


def _names(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",")]


def with_layers(lists: Sequence[Attestation], built: Built, image: Image) -> list[Attestation]:
    """The lists of a target, which come first, with the layers of its image; none in one of other layers, as a squashed one."""
    from stagemill.attest.layered import layered

    tree = built.tree(built.plan.target)
    if len(tree.layers) != len(image.manifest.layers):
        return list(lists)
    view = built.forms.view(tree)

    def layer_of(path: str) -> Digest | None:
        number = view.layer(path)
        return None if number is None else image.manifest.layers[number].digest

    return [layered(each, layer_of) if each.file.partition(".")[0] == _TARGET else each for each in lists]


def layers(plan: Plan, image: Image) -> Mapping[Digest, Sequence[Descriptor]]:
    """The layers of an image up to each vertex that gave it one; none where it has others, as a squashed one has."""
    by_index = {stage.index: stage for stage in plan.stages}
    chain: list[Stage] = [plan.target]
    while (parent := chain[0].parent) is not None:
        chain.insert(0, by_index[parent])
    steps = [step.vertex for stage in chain for step in stage.steps]
    base = chain[0].base
    count = len(base.config.diff_ids) if base else 0
    if count + len(steps) != len(image.manifest.layers):
        return {}
    found = {vertex.digest: image.manifest.layers[: count + number] for number, vertex in enumerate(steps, 1)}
    for vertex in walk([plan.target.vertex]) if base and count else ():
        if base and getattr(vertex.op, "manifest", None) == base.manifest:
            found[vertex.digest] = image.manifest.layers[:count]
    return found


def scanned_stages(plan: Plan, wanted: Sbom) -> tuple[Stage, ...]:
    """The stages beside the target that are scanned too, as the command line or else their ARG says.

    Source: BuildKit, docs/attestations/sbom.md.
    """
    others = (stage for stage in plan.stages if stage.index != plan.target.index)
    return tuple(stage for stage in others if _scans(plan, stage, _SCAN_STAGE, given=wanted.stages))


def scans_context(plan: Plan, wanted: Sbom) -> bool:
    return _scans(plan, plan.target, _SCAN_CONTEXT) if wanted.context is None else wanted.context


def _scans(plan: Plan, stage: Stage, name: str, *, given: str | None = None) -> bool:
    """What was `given` counts first, then the stage's own ARG, then the global one; each may be a list of stages."""
    own = stage.scope.get(name) if name in stage.scope.args else None
    value = next((said for said in (given, own, plan.globals.get(name)) if said is not None), "")
    if value in _TRUE | _FALSE:
        return value in _TRUE
    return stage.title in _names(value)
