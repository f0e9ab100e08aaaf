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


def test_an_init_is_no_program_of_its_own() -> None:
    both = entry('ENTRYPOINT ["/usr/bin/tini", "-g", "--"]\nCMD ["node", "app.js"]\n')
    one = entry('ENTRYPOINT ["dumb-init", "gosu", "app", "poetry", "run", "x"]\n')
    script = entry('ENTRYPOINT ["tini", "--", "./entrypoint.sh"]\nCMD ["node", "app.js"]\n')

    assert (both.inner, one.inner, script.inner) == (("node", "app.js"), ("poetry", "run", "x"), ("node", "app.js"))
    assert (both.instead(["a"]), [node.keyword for node in both.inner_nodes]) == ('CMD ["a"]', ["CMD"])
    assert one.instead(["x"]) == 'CMD ["dumb-init", "gosu", "app", "x"]'


def test_a_shell_calls_several_programs() -> None:
    assert entry("CMD A=1 exec ./app | tee /log\n").called == ("./app", "tee")
    assert entry('ENTRYPOINT ["./x.sh"]\nCMD ["bash", "-c", "migrate; ./app"]\n').called == ("migrate", "./app")
    assert entry('CMD ["/bin/bash", "-c", "migrate; ./app"]\n').called == ("migrate", "./app")
    assert entry('CMD ["./app"]\n').called == ()


@pytest.mark.parametrize(
    "command",
    ["go run .", "cargo run", "npx tsx a.ts", "ts-node a.ts", "nodemon a.js", "mvn spring-boot:run", "./gradlew bootRun", "next dev"],
)  # fmt: skip
def test_what_builds_when_it_starts_is_refused(command: str) -> None:
    said, hint = refusal(f"{BASE}CMD {command}\n")

    assert "builds or watches when the container starts" in said
    assert hint.startswith("build in a RUN: ")
