"""Every other project: the same base, begun anew, with what the file brought and made, and the packages that are not for building."""

from __future__ import annotations

from stagemill.split import families, system
from stagemill.split.draft import Draft
from stagemill.split.facts import Facts
from stagemill.split.families import Base
from stagemill.split.site import Site


def draft(facts: Facts, site: Site) -> Draft:
    """Raises DockerfileError where nothing is known that would stay behind."""
    wanted, unwanted = system.divided(facts)
    base = Base.of(facts.base)
    runtime = families.slim(base)
    kept, left = site.sorted_out("other")
    if not unwanted and runtime == str(base):
        hint = "name what it builds with, or split it by hand: stagemill size . shows what weighs most"
        raise facts.refusal("cannot split it: no step is known to build, and no package to be for building", hint)
    return Draft(
        kind="other",
        tool="",
        base=runtime,
        why="The same base, begun anew: what only builds stays behind.",
        kept=tuple(kept),
        left=(*left, *unwanted),
        packages=wanted,
        manager=system.manager(facts),
        users=system.users(facts),
    )
