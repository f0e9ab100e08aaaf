"""The patterns and mistakes of the mission's page: each mistake is found, each pattern has true findings only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.linting import LOCK, PACKAGE, lint_file, project
from stagemill.cli.main import run
from stagemill.dockerfile.parser import parse
from stagemill.lint import LintFile, check, mend
from stagemill.lint.choice import RULES

EXAMPLES = Path(__file__).parents[3] / "examples"
BUILDER = "FROM node:22 AS builder\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
RUNTIME = 'FROM node:22-slim AS runtime\nWORKDIR /app\n{}CMD ["node", "dist/index.js"]\n'


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("01-basic", [(15, "dev-packages")]),
        ("02-named-stages", []),
        ("03-parallel", [(13, "ImageTagMissing")]),
        ("04-dependency-caching", [(17, "dev-packages")]),
        ("05-production-only", [(13, "LanguagePackageCache"), (13, "deprecated-npm-flag")]),
        ("06-static-go", []),
        ("07-testing", [(17, "dev-packages")]),
        ("08-conditional", [(11, "LanguagePackageCache"), (11, "deprecated-npm-flag")]),
        ("09-copy-from-images", [(1, "ImageTagMissing"), (7, "ImageTagLatest")]),
        ("10-debugging", [(6, "ImageTagMissing")]),
    ],
)
def test_a_pattern_of_the_page_has_true_findings_only(example: str, expected: list[tuple[int, str]]) -> None:
    dockerfile = parse((EXAMPLES / example / "Dockerfile").read_text())

    found = check(LintFile.of(dockerfile), RULES)

    assert [(f.span.line, f.rule) for f in found] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("COPY --from=builder /app/node_modules ./node_modules\n", ["dev-packages"]),
        ("COPY --from=0 /app/dist ./dist\n", ["index-from"]),
        ("COPY --from=builder /app ./\n", ["whole-directory"]),
        ("COPY package*.json ./\nRUN npm ci --only=production\n", ["LanguagePackageCache", "deprecated-npm-flag"]),
        ("COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/package.json ./\n", []),
    ],
)
def test_a_mistake_of_the_page_is_found_in_a_whole_file(lines: str, expected: list[str]) -> None:
    file = lint_file(BUILDER + RUNTIME.format(lines))

    assert [f.rule for f in check(file, RULES)] == expected


def test_the_conditional_pattern_without_its_arg_is_found() -> None:
    dockerfile = parse((EXAMPLES / "08-conditional" / "Dockerfile.page").read_text())

    found = check(LintFile.of(dockerfile, build_args={"BUILD_ENV": "dev"}), RULES)

    assert [(f.span.line, f.rule) for f in found] == [
        (9, "LanguagePackageCache"),
        (9, "deprecated-npm-flag"),
        (11, "undeclared-arg"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/node_modules ./node_modules\n",
        "COPY --from=0 /app/dist ./dist\n",
        "COPY --from=builder /app ./\n",
        "COPY package*.json ./\nRUN npm ci --only=production\nCOPY --from=builder /app/dist ./dist\n",
    ],
)
def test_each_mistake_of_the_page_is_mended(lines: str) -> None:
    file = lint_file(BUILDER + RUNTIME.format(lines), context=project())

    result = mend(file, RULES, unsafe=True)

    assert result.done != ()
    assert [f.rule for f in result.left] == []


@dataclass(frozen=True)
class Mistake:
    """A mistake of the page: its lines in the runtime stage, where it is found, what the hint says, and the stage mended."""

    lines: str
    found: tuple[int, int, str]
    says: str
    builder: str
    runtime: str


MISTAKES = {
    "copying all of node_modules": Mistake(
        "COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/node_modules ./node_modules\n",
        (10, 21, "dev-packages"),
        "RUN npm prune --omit=dev",
        BUILDER + "RUN npm prune --omit=dev\n",
        "COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/node_modules ./node_modules\n",
    ),
    "no names": Mistake(
        "COPY --from=0 /app/dist ./dist\n",
        (9, 13, "index-from"),
        "numbers move when a stage is added; write `builder`",
        BUILDER,
        "COPY --from=builder /app/dist ./dist\n",
    ),
    "unnecessary files": Mistake(
        "COPY --from=builder /app ./\n",
        (9, 21, "whole-directory"),
        "COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/package.json ./package.json",
        BUILDER + "RUN npm prune --omit=dev\n",
        "COPY --from=builder /app/dist ./dist\nCOPY --from=builder /app/package.json ./package.json\n"
        "COPY --from=builder /app/node_modules ./node_modules\n",
    ),
    "the old spelling": Mistake(
        "COPY package*.json ./\nRUN npm ci --only=production\nCOPY --from=builder /app/dist ./dist\n",
        (10, 12, "deprecated-npm-flag"),
        "write --omit=dev",
        BUILDER,
        "COPY package*.json ./\nRUN npm ci --omit=dev && npm cache clean --force\nCOPY --from=builder /app/dist ./dist\n",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_the_command_finds_explains_and_mends_each_mistake_of_the_page(
    mistake: Mistake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "Dockerfile"
    place.write_text(BUILDER + RUNTIME.format(mistake.lines))
    for name, facts in (("package.json", PACKAGE), ("package-lock.json", LOCK)):
        (tmp_path / name).write_text(json.dumps(facts))
    (tmp_path / ".dockerignore").write_text("node_modules\n")

    status = run(["lint", "--no-shellcheck", "--format=json", str(tmp_path)])
    found = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["rule"] == mistake.found[2]]
    page = run(["lint", "--explain", mistake.found[2]])
    explained = capsys.readouterr().out
    left = run(["lint", "--no-shellcheck", "--fix", "--unsafe", str(tmp_path)])

    assert (status, page, left) == (1, 0, 0)
    assert [(f["line"], f["column"], f["rule"]) for f in found] == [mistake.found]
    assert mistake.says in found[0]["hint"]
    assert all(f"## {part}" in explained for part in ("Why", "Before", "After", "Fix"))
    assert place.read_text() == mistake.builder + RUNTIME.format(mistake.runtime)
