"""Whatever the Dockerfile, linting ends, mends into something that parses, and leaves less than it found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.linting import project
from stagemill.dockerfile.parser import parse
from stagemill.errors import DockerfileError
from stagemill.lint import LintFile, check, mend

LINES = st.sampled_from(
    [
        "FROM node:22", "FROM node:22 AS builder", "FROM builder", "FROM $X AS x", "FROM 0 AS y", "FROM alpine:${T} AS z",
        "ARG X=node", "ARG T", "# comment", "", "WORKDIR /app", "WORKDIR sub", "WORKDIR $D", "ENV NODE_ENV=production",
        "COPY . .", "COPY package*.json ./", "COPY --from=0 /app/node_modules ./node_modules", "COPY --from=1 /app ./",
        "COPY --from=builder /app/node_modules /m/node_modules", "COPY --from=x / /", "COPY --from=y /app /app",
        "RUN npm ci", "RUN npm ci --only=production", "RUN npm \\\n  install --production \\\n && ls", "RUN pnpm i",
        "RUN <<E\nnpm ci --production\nE", 'RUN ["npm", "ci"]', "RUN npm run build", "RUN npm prune --omit=dev",
        "RUN --mount=type=bind,from=0,target=/t ls", "USER node", 'CMD ["node", "index.js"]', "ONBUILD COPY --from=0 / /",
        "RUN cd 'a b' && npm --prefix x ci", 'SHELL ["pwsh"]', "FROM scratch", "ARG", "EXPOSE 80", 'RUN "', "RUN $(",
    ]
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=14), end=st.sampled_from(["\n", "\r\n"]), last=st.booleans())
@settings(max_examples=400, deadline=None)
def test_mending_ends_with_a_file_that_parses_and_has_less_to_find(*, lines: list[str], end: str, last: bool) -> None:
    text = "\n".join(["FROM node:22 AS first", *lines]).replace("\n", end) + (end if last else "")
    try:
        file = LintFile.of(parse(text), context=project())
    except DockerfileError:
        return

    before = check(file)
    result = mend(file)

    parse(result.text)
    assert len(result.left) <= len(before)
    assert (result.text == text) == (not result.done)
    assert mend(result.file).done == ()


@given(script=st.text(alphabet="npmci \\\n'\"$(){}&|;<>`#=-", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_script_can_be_looked_at(*, script: str) -> None:
    try:
        dockerfile = parse(f"FROM node:22\nCOPY . .\nRUN x {script}\n")
    except DockerfileError:
        return

    for found in check(LintFile.of(dockerfile, context=project())):
        assert found.span.line >= 1
