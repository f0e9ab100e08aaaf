"""Projects of no known kind."""

from __future__ import annotations

from fakes.splitting import drafted, refusal

TEXT = "FROM ruby:3.3\nRUN apt-get install -y build-essential libyaml-0-2\nWORKDIR /app\nCOPY . .\nCMD ruby app.rb\n"


def test_what_only_builds_stays_behind() -> None:
    draft = drafted(TEXT, {"app.rb": "", "README.md": ""})

    assert (draft.kind, draft.base, draft.packages) == ("other", "ruby:3.3-slim", ("libyaml-0-2",))
    assert [item.path for item in draft.left] == ["/app/README.md", "build-essential"]


def test_where_nothing_is_known_to_stay_behind_it_is_refused() -> None:
    said, hint = refusal("FROM debian\nRUN apt-get install -y jq\nCOPY . .\nCMD sh run.sh\n")

    assert "no step is known to build" in said
    assert "stagemill size ." in hint


def test_a_package_s_own_program_was_not_compiled_here() -> None:
    text = "FROM debian\nRUN apt-get install -y nginx-light gcc make\nWORKDIR /www\nCOPY . .\nRUN make\nCMD nginx\n"

    assert (drafted(text).kind, drafted(text).packages) == ("other", ("nginx-light",))
