"""What to do about each kind of waste, in one line."""

from __future__ import annotations

from collections.abc import Mapping

from stagemill.insight.leftovers import Leftover
from stagemill.insight.waste import Kind

ADVICE: Mapping[Kind | Leftover, str] = {
    Kind.DELETED: "delete it in the RUN that makes it, or make it in a stage of its own and copy what stays",
    Kind.OVERWRITTEN: "write it once: join the steps, or take it from where it is written last",
    Kind.TOUCHED: "set mode and owner where it is written: COPY --chmod, COPY --chown, or the same RUN",
    Kind.DEVELOPMENT: "install for production in the runtime: npm ci --omit=dev, pip without the group, or copy from a stage that does",
    Kind.COPY: "keep one and link to it, or copy less",
    Leftover.CACHE: "RUN --mount=type=cache,target=DIRECTORY keeps it for the next build, and out of the layer",
    Leftover.TEMPORARY: "RUN --mount=type=tmpfs,target=/tmp keeps it out of the layer",
    Leftover.COMPILER: "compile in a stage of its own and COPY --from what runs, or begin from a slim base",
    Leftover.HEADERS: "install -dev packages in the build stage only, and copy what was built",
    Leftover.MAPS: "leave source maps out of the runtime: COPY --exclude=**/*.map",
    Leftover.TESTS: "leave them out of what is copied: COPY --exclude=**/test",
    Leftover.DOCS: "apt-get install --no-install-recommends, or COPY --exclude=**/*.md",
}
