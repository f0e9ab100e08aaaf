"""`PipefailMissing`: a pipe whose first command may fail without anybody knowing."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found

RULE = "PipefailMissing"


@pytest.mark.parametrize("run", ["curl x | tar x", "a && wget -O- x | sh", "curl x \\\n  | gpg", "curl x | a | b"])
def test_a_pipe_that_hides_a_failure_is_found_once(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == [2]


@pytest.mark.parametrize(
    "text",
    [
        "RUN echo a | sh", "RUN grep a b | c", "RUN curl x | sha256sum -c -", "RUN yes | a", "RUN set -o pipefail && curl x | sh", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN a | b',
        "RUN a || b", "RUN if a | b; then c; fi", 'RUN ["a", "|", "b"]', "RUN a 'b | c'", 'SHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a | b',
        'SHELL ["pwsh", "-c"]\nRUN a | b', "RUN <<EOF\nset -eo pipefail\na | b\nEOF",
    ],
)  # fmt: skip
def test_pipefail_harmless_commands_and_other_shells_are_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}\n") == []


def test_the_hint_knows_the_shell() -> None:
    (plain,) = findings(RULE, "FROM x\nRUN a | b\n")
    (bash,) = findings(RULE, 'FROM x\nSHELL ["bash", "-c"]\nRUN a | b\n')

    assert plain.hint
    assert plain.hint.startswith('write SHELL ["/bin/bash", "-o", "pipefail", "-c"]')
    assert bash.hint == "begin the step with set -o pipefail &&"
