"""What the image runs, and what it must not run."""

from __future__ import annotations

import pytest

from fakes.splitting import facts_of, refusal
from stagemill.split.entry import Entry

BASE = "FROM debian\nRUN make\n"


def entry(text: str) -> Entry:
    return facts_of(BASE + text).entry


def test_entrypoint_and_cmd_are_joined() -> None:
    found = entry('ENTRYPOINT ["/bin/app"]\nCMD ["--port", "80"]\n')

    assert (found.words, found.program, found.shell, found.plain) == (("/bin/app", "--port", "80"), "app", False, True)


def test_the_shell_form_needs_a_shell_and_may_hold_several_commands() -> None:
    assert (entry("CMD ./app --x\n").shell, entry("CMD ./app --x\n").plain) == (True, True)
    assert not entry("CMD migrate && ./app\n").plain
    assert not entry('CMD ["sh", "-c", "migrate; ./app"]\n').plain


def test_a_script_that_runs_what_follows_it_is_no_program_of_its_own() -> None:
    found = entry('ENTRYPOINT ["./docker-entrypoint.sh"]\nCMD ["node", "app.js"]\n')

    assert (found.inner, found.inner_program) == (("node", "app.js"), "node")
    assert entry('ENTRYPOINT ["node"]\nCMD ["app.js"]\n').inner_program == "node"


@pytest.mark.parametrize(
    "command",
    ["go run .", "cargo run", "npx tsx a.ts", "ts-node a.ts", "nodemon a.js", "mvn spring-boot:run", "./gradlew bootRun", "next dev"],
)  # fmt: skip
def test_what_builds_when_it_starts_is_refused(command: str) -> None:
    said, hint = refusal(f"{BASE}CMD {command}\n")

    assert "builds or watches when the container starts" in said
    assert hint.startswith("build in a RUN: ")
