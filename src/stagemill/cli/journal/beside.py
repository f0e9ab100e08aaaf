"""`noted`: a build that another command than build needs, written down as those are, where it runs any step.

From the cache it is not: `stagemill why` is to tell of the build before it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from stagemill.cli.journal.journal import Journal
from stagemill.cli.making.caches import Caches
from stagemill.execute.services import Services

if TYPE_CHECKING:
    from stagemill.build import Built
    from stagemill.cli.making.building import BuildFlags
    from stagemill.cli.making.source import Inputs
    from stagemill.cli.making.warnings import Checks


def noted(
    make: Callable[[Services], Built], services: Services, *, given: BuildFlags, inputs: Inputs, checks: Checks
) -> Built:
    """What `make` gives; `checks` are those that see its plans."""
    journal = Journal(
        services.listener,
        services.store,
        given=given,
        inputs=inputs,
        checks=checks,
        caches=Caches(),
        started=time.time(),
        only_work=True,
    )
    with journal.kept():
        return make(replace(services, listener=journal))
