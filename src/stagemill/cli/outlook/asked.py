"""`asked`: what the build of a command line would do, without doing any of it."""

from __future__ import annotations

import os
import sys

from stagemill import events
from stagemill.build import foresee
from stagemill.cli.frame.environment import workplace
from stagemill.cli.frame.values import Values
from stagemill.cli.making.building import BuildFlags, prepared, reading
from stagemill.cli.making.caches import Caches
from stagemill.cli.outlook.causes import causes
from stagemill.cli.outlook.gather import Gathering
from stagemill.cli.progress import open_progress
from stagemill.insight.outlook import OutlookReport


def asked(values: Values) -> OutlookReport:
    """Of images nothing is fetched but their manifests; notices go to the progress. Raises StagemillError as a build does."""
    flags, caches = BuildFlags.of(values, os.environ), Caches.read_by(values)
    with (
        workplace() as place,
        open_progress(flags.progress, sys.stderr) as listener,
        reading(flags, place=place, listener=listener) as inputs,
        prepared(flags, inputs, place=place, listener=listener, caches=caches) as job,
    ):
        foreseen = foresee(job.dockerfile, job.requests, job.resolver, services=job.services, options=job.options)
        if place.lock:
            place.lock.approve(foreseen.plans, job.services.contexts)
        told = causes(
            foreseen,
            given=flags,
            inputs=inputs,
            store=place.store,
            imports=job.services.imports,
            sources=tuple(source.name for source in caches.sources),
        )
        report = Gathering(foreseen, job.dockerfile, job.requests, flags.targets, place.store, told).report()
        for notice in dict.fromkeys(notice for plan in foreseen.plans for notice in plan.notices):
            listener(events.Notice(notice, job.services.clock()))
    return report
