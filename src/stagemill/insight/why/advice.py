"""`advise`: what would have saved time: a variable that is declared too early, files that are copied too early, …"""

from __future__ import annotations

from collections.abc import Sequence

from stagemill.dockerfile.parser import parse
from stagemill.errors import StagemillError
from stagemill.insight.why.advising.bases import bases
from stagemill.insight.why.advising.ignores import ignores
from stagemill.insight.why.advising.installs import installs
from stagemill.insight.why.advising.lists import lists
from stagemill.insight.why.advising.saving import Advice
from stagemill.insight.why.advising.variables import variables
from stagemill.insight.why.explain import Explained
from stagemill.insight.why.past import Past


def advise(build: Past, explained: Sequence[Explained]) -> tuple[Advice, ...]:
    """The ones that save most come first; nothing for a Dockerfile that cannot be read any more."""
    if not explained:
        return ()
    try:
        dockerfile = parse(build.graph.source.encode("utf-8", "surrogateescape"), build.graph.file)
    except StagemillError:
        return ()
    found = [
        *variables(dockerfile, build, explained),
        *installs(explained),
        *ignores(explained, build.graph),
        *bases(explained, build.graph),
        *lists(build, explained),
    ]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.line)))
