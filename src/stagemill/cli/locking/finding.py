"""`find`: plans a build to find what it needs of others, and what of that nobody can lock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from stagemill.cli.frame.environment import Workplace
from stagemill.cli.making.building import BuildFlags, Job, prepared
from stagemill.cli.making.building import reading as opened
from stagemill.errors import DockerfileError, Excerpt, StagemillError, either
from stagemill.events import Listener
from stagemill.files.view import FileView
from stagemill.lock import packages, reading, snapshots
from stagemill.lock.change import Change
from stagemill.lock.entries import Entry, Lock
from stagemill.lock.survey import Survey
from stagemill.lock.tolerant import Missing, TolerantResolver, TolerantSources
from stagemill.lock.unseen import Unseen, unseen
from stagemill.plan.planner import Plan, plan_each
from stagemill.plan.resolver import Resolver
from stagemill.values import dataclass

_ONE_TARGET = "lock what a target needs, and not all stages: --target STAGE"


@dataclass(frozen=True, slots=True)
class Found:
    """`lock` has what is needed, as far as it is known; `missing` is not in the old one, and nobody was asked for it.

    `copied` is the instruction that copies the lock itself, if one does.
    """

    lock: Lock
    missing: tuple[Change, ...]
    unseen: tuple[Unseen, ...]
    copied: Excerpt | None


def find(
    build: BuildFlags,
    survey: Survey,
    *,
    place: Workplace,
    listener: Listener,
    generator: str = "",
    tolerant: bool = False,
) -> Found:
    """Raises StagemillError as a build would; `tolerant` of what the old lock has not. `generator` is one more image."""
    place.pins = survey
    missing = Missing({})
    with (
        opened(build, place=place, listener=listener) as inputs,
        prepared(build, inputs, place=place, listener=listener) as job,
    ):
        plans = _planned(build, job, missing if tolerant else None)
        if generator:
            _resolver(job, missing if tolerant else None).resolve(generator, None)
        views = job.services.contexts
        own: Iterator[Entry] = (one.locked for one in packages.read(plans, views))
        days: Iterator[Entry] = (one.locked for one in snapshots.named(plans, views))
        lock = Lock((*survey.entries(), *own, *days))
        copied = _copied(Path(survey.name), plans, views)
        return Found(lock, tuple(missing.found.values()), tuple(unseen(plans, views)), copied)


def _copied(lock: Path, plans: Sequence[Plan], views: Mapping[str, FileView]) -> Excerpt | None:
    """Where a file is read from a context that is the lock, or will be."""
    folder = os.path.realpath(lock.parent)
    for file in reading.files(plans, views, named=(lock.name,)):
        if os.path.realpath(views[file.context].real_path(file.path).parent) == folder:
            return file.at
    return None


def _planned(build: BuildFlags, job: Job, missing: Missing | None) -> Sequence[Plan]:
    sources = job.services.remotes
    asked = sources if missing is None else TolerantSources(sources, missing)
    try:
        return plan_each(job.dockerfile, job.requests, _resolver(job, missing), asked)
    except DockerfileError as error:
        if not build.all_stages or not _builds(job):
            raise
        raise DockerfileError(error.message, at=error.at, hint=either([error.hint, _ONE_TARGET])) from error


def _resolver(job: Job, missing: Missing | None) -> Resolver:
    return job.resolver if missing is None else TolerantResolver(job.resolver, missing)


def _builds(job: Job) -> bool:
    """Whether the target itself can be planned: the fault is in a stage that it does not need."""
    try:
        plan_each(
            job.dockerfile,
            [replace(each, all_stages=False) for each in job.requests],
            job.resolver,
            job.services.remotes,
        )
    except StagemillError:
        return False
    return True
