"""Whatever the Dockerfile, linting ends, mends into something that parses, and leaves less than it found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.linting import project
from fakes.planning import planned
from fakes.tree import MemoryTree
from stagemill.dockerfile.parser import parse
from stagemill.dockerfile.source import BOM
from stagemill.dockerfile.tree import Copy
from stagemill.errors import DockerfileError, StagemillError
from stagemill.lint import LintFile, check, mend
from stagemill.lint.choice import RULES

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

    before = check(file, RULES)
    result = mend(file, RULES)

    parse(result.text)
    assert len(result.left) <= len(before)
    assert (result.text == text) == (not result.done)
    assert mend(result.file, RULES).done == ()


MISTAKES = st.sampled_from(
    [
        "FROM busybox", "from busybox as B", "FROM busybox AS c", "FROM scratch", "# a comment", "", "  # another", "ADD a /b", "add a b c",
        "COPY a b /c", "COPY --from=0 /a /b", "ENV A b c", "LABEL a b", "EXPOSE 80/TCP", "EXPOSE 0.0.0.0:80:80", "MAINTAINER me",
        "ENV DEBIAN_FRONTEND=noninteractive", "ENV X=1 Y=$X", "RUN a && \\\n\n  b", "RUN a \\\n  # why\n  && b", "RUN wget x",
        "RUN apt-get update", "RUN apt-get install \\\n  a \\\n  b", "RUN apt update && apt install a", "RUN apk add a", "RUN zypper in a",
        "RUN yum install a # b", "RUN pip install a", "RUN npm ci", "RUN useradd -u 1000000 a", 'RUN ["apt-get", "install", "a"]', "ARG V=1",
        "RUN echo $V", "RUN <<E\napt-get update\napk add a\nE", "RUN sudo apt-get install a", "RUN cd /x && (apt install a; b)",
        "RUN if a; then apk add b; fi", "RUN apt update && \\\n  # a\n\n  # b\n  apt install a", "COPY <<A <<B /c\n# no comment\nA\nb\nB",
        "RUN cat <<E > f && apt-get install a\nFROM 0\nE", "ENV A b \\\n  # why\n  c", "\tRUN wget é😀 # x", "CMD a", "USER root", "copy --FROM=0 x y", "WORKDIR x", "RUN apt-get install -y a > /log 2>&1",
    ]
)  # fmt: skip


@given(
    lines=st.lists(MISTAKES, max_size=14),
    end=st.sampled_from(["\n", "\r\n"]),
    head=st.sampled_from(["", BOM, "# escape=`\n", BOM + "# escape=`\n"]),
    unsafe=st.booleans(),
    last=st.booleans(),
)
@settings(max_examples=500, deadline=None)
def test_mending_keeps_comments_marks_and_line_ends_and_is_done_at_once(
    *, lines: list[str], end: str, head: str, unsafe: bool, last: bool
) -> None:
    body = "\n".join(["ARG V=2", "FROM busybox", *lines])
    body = body.replace("\\\n", "`\n") if "escape" in head else body
    text = (head + body).replace("\n", end) + (end if last else "")
    try:
        file = LintFile.of(parse(text))
    except DockerfileError:
        return

    result = mend(file, RULES, unsafe=unsafe)

    assert comments(result.text) == comments(text)
    assert result.text.count("\n") == result.text.count(end)
    assert result.text.count(BOM) == head.count(BOM)
    assert result.text.endswith("\n") == text.endswith("\n")
    assert documents(result.text) == documents(text)
    assert mend(result.file, RULES, unsafe=unsafe).text == result.text
    assert all(finding.fix and (unsafe or finding.fix.safe) for finding in result.done)


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.removeprefix(BOM).splitlines() if line.lstrip().startswith("#")]


def documents(text: str) -> list[str]:
    """What the heredocs of COPY bring, which are no commands."""
    nodes = parse(text).instructions
    return [document.raw for node in nodes if isinstance(node, Copy) for document in node.heredocs]


@given(
    lines=st.lists(
        MISTAKES.filter(lambda line: not line.upper().startswith(("RUN", "ADD", "COPY A B", "COPY <<"))), max_size=10
    )
)
@settings(max_examples=300, deadline=None)
def test_safe_fixes_lead_to_the_same_plan(*, lines: list[str]) -> None:
    """Those of a RUN, of an ADD and of a destination change the text that the step is known by; tests/integration builds these."""
    text = "\n".join(["FROM busybox", "RUN true", *lines]) + "\n"
    context = MemoryTree({"a": "1", "b": "2", "x": "3"})
    try:
        before = planned(text, context=context).target
        result = mend(LintFile.of(parse(text)), RULES)
    except StagemillError:
        return

    after = planned(result.text, context=context).target

    assert after.vertex.digest == before.vertex.digest
    assert after.image.config == before.image.config


@given(script=st.text(alphabet="npmci \\\n'\"$(){}&|;<>`#=-", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_script_can_be_looked_at(*, script: str) -> None:
    try:
        dockerfile = parse(f"FROM node:22\nCOPY . .\nRUN x {script}\n")
    except DockerfileError:
        return

    for found in check(LintFile.of(dockerfile, context=project()), RULES):
        assert found.span.line >= 1
