"""`building`: the build of one target for one platform, for a command that looks at what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stagemill.build import Built, build, make_all
from stagemill.cli.frame.environment import Workplace
from stagemill.cli.journal.beside import noted
from stagemill.cli.making.building import BuildFlags, prepared
from stagemill.cli.making.source import Inputs
from stagemill.cli.making.warnings import Checks
from stagemill.errors import UsageError
from stagemill.events import Listener
from stagemill.execute.services import Services


@contextmanager
def building(
    given: BuildFlags, inputs: Inputs, *, place: Workplace, listener: Listener, every_stage: bool = False
) -> Iterator[Built]:
    """The build of one target for one platform, carried out; what it works with ends with the block.

    With `every_stage` each stage that the target needs has its tree in the results, not only the target.
    """
    if given.platforms.every or len(given.platforms.all) > 1:
        raise UsageError("only one platform can be looked at", hint="write --platform OS/ARCH, or leave it out")
    make = make_all if every_stage else build
    checks = Checks(inputs, given.build_args)
    with prepared(given, inputs, place=place, listener=listener, checks=checks) as job:

        def carry_out(services: Services) -> Built:
            return make(job.dockerfile, job.requests[0], job.resolver, services=services, options=job.options)

        yield noted(carry_out, job.services, given=given, inputs=inputs, checks=checks)
