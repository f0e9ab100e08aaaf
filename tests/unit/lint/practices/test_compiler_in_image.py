"""`CompilerInImage`: compilers and build tools are installed into the image that is shipped."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found
from stagemill.dockerfile.parser import parse
from stagemill.lint import LintFile, check
from stagemill.lint.choice import select

RULE = "CompilerInImage"


@pytest.mark.parametrize(
    "run",
    ["apt-get install -y git build-essential", "apk add gcc musl-dev", "yum install -y make && a", "apk add gcc=1"],
)
def test_a_compiler_that_stays_in_the_image_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\nCMD a\n") == [2]


@pytest.mark.parametrize(
    "run",
    ["apk add gcc && make && apk del gcc", "apt-get install gcc && apt-get purge -y gcc", "apk add git", "echo gcc"],
)
def test_one_that_is_removed_in_the_same_run_is_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\nCMD a\n") == []


def test_a_build_stage_has_its_compilers() -> None:
    text = "FROM x AS a\nRUN apk add gcc g++\nFROM y\nCOPY --from=a /b /b\n"

    assert lines_found(RULE, text) == []
    assert findings(RULE, text + "FROM a\nCMD b\n")[0].message == "gcc, g++ stay in the image"


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\nRUN apk add gcc\n",
        'FROM x\nRUN apk add go gcc\nCMD ["/usr/bin/go", "version"]\n',
        "FROM x\nRUN apk add gcc\nCOPY . .\nCMD make run\n",
        "FROM x AS app-dev\nRUN apk add gcc\nCOPY . .\nCMD a\n",
    ],
)
def test_an_image_that_is_there_to_compile_has_its_compilers(text: str) -> None:
    assert lines_found(RULE, text) == []


@pytest.mark.parametrize(("name", "count"), [("Dockerfile.dev", 0), ("build/Dockerfile", 1), ("Dockerfile", 1)])
def test_a_dockerfile_for_development_may_have_them(name: str, count: int) -> None:
    file = LintFile.of(parse('FROM x\nRUN apk add gcc\nCMD ["dotnet", "a.dll"]\n', name))

    assert len(check(file, select(only=[RULE]))) == count
