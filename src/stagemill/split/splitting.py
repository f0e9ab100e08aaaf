"""`Split`: a split file with all that speaks for it. Both files are built, and what differs without reason refuses it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from stagemill.build import Built
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Dockerfile, Run
from stagemill.errors import StagemillError, StepError
from stagemill.execute.tree import Tree
from stagemill.files.view import FileView
from stagemill.split import closure, finish, leftovers, lost, proof, recipes, smoke, system
from stagemill.split.closure import Closure, Missing
from stagemill.split.draft import Draft, Kept, Left, without_nested
from stagemill.split.evidence import Evidence, Wrote
from stagemill.split.facts import Facts
from stagemill.split.finish import Runtime
from stagemill.split.proof import Check
from stagemill.split.render import render
from stagemill.split.site import Site
from stagemill.values import dataclass

_MOST_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Split:
    """`before` and `after` are bytes of files in the images, `files` how many were compared; `same_program` says that the
    runtime starts the very program that the old image does. A split that was only foreseen has no sizes.
    """

    facts: Facts
    draft: Draft
    text: str
    before: int = 0
    after: int = 0
    files: int = 0
    same_program: bool = False
    checks: tuple[Check, ...] = ()

    @property
    def proven(self) -> bool:
        return self.before > 0

    @property
    def percent(self) -> float:
        """What is saved, to a tenth."""
        return round(100 * (self.before - self.after) / self.before, 1) if self.before else 0.0


def foreseen(facts: Facts) -> Split:
    """By text and context alone. Raises DockerfileError where it cannot be split without guessing."""
    draft = recipes.draft(facts, Site.foreseen(facts))
    compiled = {ran.directory for ran in facts.commands} if draft.kind in leftovers.COMPILERS else set[str | None]()
    elsewhere = [Kept(path, directory) for path, directory in facts.copied_elsewhere() if path not in compiled]
    assumed = (*draft.assumed, f"what the RUN lines leave outside of {facts.workdir}, and what more of it is needed")
    draft = _in_order(replace(draft, kept=(*draft.kept, *elsewhere), assumed=assumed))
    return Split(facts, draft, render(facts, draft))


@dataclass(frozen=True)
class Splitter:
    """`make` builds a file with what the command line says, `name` is what the split one is called in errors, `say` tells what is done.

    A check may take `seconds`.
    """

    make: Callable[[Dockerfile], Built]
    name: str
    say: Callable[[str], None]
    seconds: float = 60

    def split(
        self, dockerfile: Dockerfile, read: Callable[[Built], Facts], commands: Sequence[tuple[str, ...]]
    ) -> Split:
        """`read` gives the facts when the base is known, too. Raises StagemillError where a build fails, or where the runtime is not what it was."""
        self.say("building it as it is")
        before = self.make(dockerfile)
        facts = read(before)
        old, evidence = _evidence(before, facts)
        draft, after = self._settled(facts, self._draft(facts, evidence), evidence)
        checks = tuple(self._check(command, before, after) for command in commands)
        compared = proof.compare(facts, draft, before, after)
        if compared.differences:
            raise StagemillError(
                f"cannot split it: the runtime would not be what the image was\n{proof.shown(compared.differences)}",
                hint="split it by hand from what --dry-run shows, or change what makes these differ",
            )
        sizes = [_size(built, built.tree(built.plan.target)) for built in (before, after)]
        _refuse_worse(sizes)
        new = after.forms.view(after.tree(after.plan.target))
        weighed = (
            *_tools(facts, draft, before, after),
            *(_weighed(item, evidence) for item in draft.left if not item.path.startswith("the ")),
        )
        weighed += evidence.packages_left(new, [item.path for item in draft.left])
        return Split(
            facts, replace(draft, left=weighed), render(facts, draft), sizes[0], sizes[1], compared.files,
            _same_program(old, new, before, after), checks,
        )  # fmt: skip

    def _settled(self, facts: Facts, draft: Draft, evidence: Evidence) -> tuple[Draft, Built]:
        """Builds the split file until it lacks nothing that the image had."""
        before: tuple[Missing, ...] = ()
        old = evidence.view
        for _ in range(_MOST_ROUNDS):
            after = self._make(facts, draft)
            new = after.forms.view(after.tree(after.plan.target))
            config = after.plan.target.image.config
            missing = lost.lost(facts, draft, Closure(old, new), config)
            if evidence.trusts_more() and draft.base != "scratch":
                missing += Closure(old, new).program("update-ca-certificates", config)
            if missing and missing == before:
                break
            steps = finish.lacking(facts, draft, Runtime(evidence, new, after.forms.view(_base(after))))
            if not (missing or steps):
                return draft, after
            if draft.base == "scratch" and steps:
                draft = self._draft(facts, evidence, needs_system=True)
                continue
            if missing:
                self.say(f"missing in it: {', '.join(f'/{item.path}' for item in missing[:3])}")
                lost.check_supply(missing, old)
                draft = _in_order(closure.supplied(draft, missing, old, new))
            if steps:
                self.say(f"it needs more: {steps[0].text}")
                draft = replace(draft, finish=finish.in_order((*draft.finish, *steps)))
            before = missing
        raise StagemillError(
            "cannot split it: the runtime lacks what it needs\n"
            + "\n".join(f"/{item.path}, which /{item.by} needs" for item in before),
            hint="split it by hand from what --dry-run shows",
        )

    def _make(self, facts: Facts, draft: Draft) -> Built:
        self.say(f"building it in two stages, on {draft.base}")
        try:
            return self.make(parse(render(facts, draft), self.name))
        except StepError as error:
            raise StagemillError(
                f"cannot split it: the image can be built as it is, and in two stages it cannot\n{error.message}",
                hint="a step may need what an earlier one has set up outside of what is copied: see --dry-run, and split it by hand",
            ) from error

    @staticmethod
    def _draft(facts: Facts, evidence: Evidence, *, needs_system: bool = False) -> Draft:
        site = replace(Site.after(facts, evidence.view), needs_system=needs_system)
        draft = recipes.draft(facts, site)
        if evidence.unnamed(facts) and draft.base == "scratch":
            return Splitter._draft(facts, evidence, needs_system=True)
        names = [] if draft.command else [name.rpartition("/")[2] for name in lost.started(facts)]
        refined = evidence.refined(draft, facts, names)
        packages = (*refined.packages, *evidence.unnamed(facts))
        return _in_order(replace(refined, packages=packages, finish=finish.links(refined)))

    def _check(self, command: tuple[str, ...], before: Built, after: Built) -> Check:
        shown = " ".join(command)
        self.say(f"running {shown} in both")
        check = Check(command, *(smoke.run(built, command, seconds=self.seconds) for built in (before, after)))
        if check.before.status in {126, 127}:
            hint = "it is run without a shell: name a program of the image, and its arguments"
            raise StagemillError(
                f"--check {shown!r} does not run in the image as it is: exit status {check.before.status}", hint=hint
            )
        if not check.same:
            raise StagemillError(f"cannot split it: {shown!r} ends otherwise in the runtime\n{_contrast(check)}",
                                 hint="what it needs is left out: see --dry-run for all that stays behind")  # fmt: skip
        return check


def _in_order(draft: Draft) -> Draft:
    """The first path that is kept is the one that matters most; the others are sorted."""
    first, *rest = draft.kept or [None]
    if first is None:
        return draft
    kept = without_nested([first, *rest])
    return replace(
        draft,
        kept=(*(item for item in kept if item == first), *(item for item in kept if item != first)),
        packages=tuple(dict.fromkeys(draft.packages)),
    )


def _size(built: Built, tree: Tree) -> int:
    """The bytes of the files in its layers."""
    return sum(built.forms.index(name).size for name in built.forms.layers(tree))


def _base(built: Built) -> Tree:
    """What the target begins from."""
    tree = built.tree(built.plan.target)
    return Tree(tree.layers[: len(tree.layers) - len(built.plan.target.steps)])


def _tools(facts: Facts, draft: Draft, before: Built, after: Built) -> tuple[Left, ...]:
    """What the one base has more than the other."""
    more = _size(before, _base(before)) - _size(after, _base(after))
    return (Left(facts.base, f"it has tools that {draft.base} has not", more),) if more > 0 else ()


def _evidence(built: Built, facts: Facts) -> tuple[FileView, Evidence]:
    target, below = built.plan.target, _base(built)
    tree = built.tree(target)
    names = built.forms.layers(tree)[len(below.layers) :]
    view, base = built.forms.view(tree), built.forms.view(below)
    steps = [
        Wrote(
            step.at.line,
            built.forms.index(name),
            packages=system.only_installs(ran := [each for each in facts.commands if each.line == step.at.line]),
            own=system.surely_none(ran) if ran else step.at.line not in _runs(facts),
        )
        for step, name in zip(target.steps, names, strict=True)
    ]
    return view, Evidence(view, base, steps)


def _runs(facts: Facts) -> frozenset[int]:
    return frozenset(step.node.span.line for step in facts.stage.steps if isinstance(step.node, Run))


def _weighed(item: Left, evidence: Evidence) -> Left:
    if item.path.startswith("/"):
        return replace(item, size=evidence.size(item.path))
    return replace(item, size=evidence.weight(item.path))


def _same_program(old: FileView, new: FileView, before: Built, after: Built) -> bool:
    places = [proof.program(view, built.plan.target.image.config) for view, built in ((old, before), (new, after))]
    if not all(places):
        return False
    return old.digest(places[0]) == new.digest(places[1])


def _refuse_worse(sizes: Sequence[int]) -> None:
    if sizes[1] >= sizes[0]:
        hint = "leave it as it is; stagemill size . shows what weighs most"
        raise StagemillError(
            f"cannot split it: the runtime would not be smaller, {sizes[1]} bytes for {sizes[0]}", hint=hint
        )


def _contrast(check: Check) -> str:
    parts = []
    for name, outcome in (("as it is", check.before), ("split", check.after)):
        text = (outcome.stdout + outcome.stderr).decode("utf-8", "replace").strip()
        last = text.splitlines()[-3:]
        parts.append("\n".join([f"{name}: exit status {outcome.status}", *(f"  {line}" for line in last)]))
    one, other = set(check.before.written), set(check.after.written)
    parts += [f"written as it is, and not split: {', '.join(sorted(one - other)[:5])}"] if one - other else []
    parts += [f"written split, and not as it is: {', '.join(sorted(other - one)[:5])}"] if other - one else []
    return "\n".join(parts)
