"""What earlier builds of a file have shown, for the rules of lint that ask for it: from the journal, and layers that are still here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from stagemill.cli.journal.journal import place_of
from stagemill.cli.reasons.reading import History
from stagemill.digest import Digest
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.tree import Arg, Dockerfile, Env
from stagemill.errors import StagemillError
from stagemill.execute.tree import Trees
from stagemill.insight.brought import Brought, brought
from stagemill.insight.survey import Survey, surveyed
from stagemill.insight.why.past import Past
from stagemill.layer.index import LayerIndex
from stagemill.lint import reach
from stagemill.lint.evidence import Evidence, Needless, Unneeded
from stagemill.lint.file import LintFile
from stagemill.lint.stages import Stage
from stagemill.store.builds import KEPT, BuildRow
from stagemill.store.store import Store

_MOST = 8
"""How many different builds of a file are looked at."""


def found(context: str, file: LintFile, root: Path) -> tuple[Evidence, ...]:
    """Of builds of a file with a context, as the store at a root has them, the latest first. Raises StoreError."""
    place = place_of(context, file.dockerfile)
    with Store.open(root) as store:
        rows = [row for row in store.builds.of_place(place, KEPT) if row.graph]
        return tuple(_Reader(store, rows, file.target).evidence())


class _Reader:
    """Reads the builds of one file, the latest first."""

    def __init__(self, store: Store, rows: Sequence[BuildRow], target: Stage) -> None:
        self._store = store
        self._rows = rows
        self._target = _title(target)
        self._history = History(store)
        self._trees = Trees()

    def evidence(self) -> Iterator[Evidence]:
        """One for each text and steps that were built; what ran for a variable is told of the last build that ran something."""
        ran = next((row for row in self._rows if row.ran), None)
        made = next((row for row in self._rows if row.result == "built" and self._target in row.title.split()), None)
        different: dict[str, BuildRow] = {}
        for row in self._rows:
            different.setdefault(row.graph, row)
        chosen = {row.number: row for row in (*islice(different.values(), _MOST), ran, made) if row}
        for _, row in sorted(chosen.items(), reverse=True):
            past = self._history.past(row)
            told = self._told(past)
            if told is not None:
                told = replace(told, needless=self._needless(past, told.dockerfile)) if row is ran else told
                yield replace(told, unneeded=self._unneeded(past, told.dockerfile)) if row is made else told

    def _told(self, past: Past) -> Evidence | None:
        """What a build was of. None for a text that cannot be read any more."""
        source, name = past.graph.source.encode("utf-8", "surrogateescape"), past.graph.file or "Dockerfile"
        try:
            file = LintFile.of(parse(source, name))
        except StagemillError:
            return None
        built = {one.line for one in past.graph.stages}
        made = {stage.index for stage in _needed(file, past.title.split()) if stage.start.span.line in built}
        day = datetime.fromtimestamp(past.begun, UTC).date().isoformat()
        return Evidence(file.dockerfile, f"build {past.number} of {day}", frozenset(made), dict(self._seconds(past)))

    def _seconds(self, past: Past) -> Iterator[tuple[int, float]]:
        """What steps took in the build, or where they were cached when they ran."""
        for step in past.graph.steps.values():
            if step.is_step and step.line:
                outcome = past.outcome(step.digest)
                took = outcome.seconds if outcome and outcome.state == "ran" else None
                took = took or self._store.durations.get(Digest(step.digest), step.name)
                if took is not None:
                    yield step.line, took

    def _needless(self, past: Past, dockerfile: Dockerfile) -> dict[int, Needless]:
        """What `why` advises about variables, by their lines; of a line that declares several it does not tell which."""
        declared = {node.span.line for node in dockerfile.instructions if isinstance(node, Arg | Env)}
        advice = self._history.answer(past.number).advice
        return {one.line: Needless(one.steps, one.seconds) for one in advice if one.line in declared}

    def _unneeded(self, past: Past, dockerfile: Dockerfile) -> dict[int, tuple[Unneeded, ...]]:
        """What is left over of what the steps of the target brought, as far as their layers are still here."""
        file = LintFile.of(dockerfile)
        stage = next((one for one in file.stages if self._target == _title(one)), None)
        lines = {step.node.span.line for step in file.steps(stage)} if stage else set()
        surveys: dict[int, Survey] = {}
        for step in past.graph.steps.values():
            wanted = step.is_step and step.line in lines and step.line not in surveys
            if wanted and (survey := self._survey(step.digest)):
                surveys[step.line] = survey
        ordered = sorted(surveys)
        each = brought([surveys[line] for line in ordered])
        return {line: tuple(map(_unneeded, some)) for line, some in zip(ordered, each, strict=True) if some}

    def _survey(self, step: str) -> Survey | None:
        """What a step added; None where its result is gone or lies packed."""
        record = self._store.records.get(Digest(step))
        try:
            tree = self._trees.parse(record.result) if record else None
            home = self._store.home(tree.layers[-1].digest) if tree and tree.layers else None
            if home is None:
                return None
            index, directory = LayerIndex.parse(self._store.layers.index(home)), self._store.layers.directory(home)
            return surveyed(index, lambda path: (directory / path).read_bytes())
        except (StagemillError, ValueError, OSError):
            return None


def _title(stage: Stage) -> str:
    """What a build calls it."""
    return stage.name or f"stage-{stage.index}"


def _needed(file: LintFile, targets: Sequence[str]) -> Iterator[Stage]:
    """The stages that targets need, by the text; those that were only asked for beside them are not."""
    wanted = [stage for stage in file.stages if _title(stage) in targets]
    found = {index for stage in wanted for index in reach.needed(file, stage) - {stage.index}}
    return (stage for stage in file.stages if stage.index in found and stage not in wanted)


def _unneeded(one: Brought) -> Unneeded:
    return Unneeded(one.kind.value, one.files, one.size, one.largest)
