"""The text of a split file."""

from __future__ import annotations

from fakes.splitting import builder, facts_of, runtime, split
from stagemill.dockerfile.parser import parse
from stagemill.split.draft import Draft, Kept, Left, Line, without_nested
from stagemill.split.render import render

TEXT = """# syntax=docker/dockerfile:1
# What this is.
ARG GO=1.23

FROM golang:$GO
ARG VERSION=1
LABEL version=$VERSION
WORKDIR /src
COPY . .
RUN go build \\
    -o /app .
ENV MODE=fast
EXPOSE 80/tcp
# Nobody has to be root.
USER 1000
# Start it.
CMD ["/app"]
"""


def test_the_text_of_the_build_stays_and_what_starts_a_container_moves() -> None:
    assert (
        split(TEXT)
        == """# syntax=docker/dockerfile:1
# What this is.
ARG GO=1.23

FROM golang:$GO AS builder
ARG VERSION=1
WORKDIR /src
COPY . .
RUN go build \\
    -o /app .
ENV MODE=fast

# The plain system, without compilers.
FROM debian:bookworm-slim AS runtime
ARG VERSION=1
ENV MODE=fast
WORKDIR /src
# The program.
COPY --from=builder /app /app
LABEL version=$VERSION
EXPOSE 80/tcp
# Nobody has to be root.
USER 1000
# Start it.
CMD ["/app"]
"""
    )


def test_the_result_parses_as_two_stages() -> None:
    assert [start.name.text for start, _ in parse(split(TEXT)).stages() if start.name] == ["builder", "runtime"]


def test_a_stage_that_has_a_name_keeps_it() -> None:
    text = split(TEXT.replace("golang:$GO", "golang:$GO AS compile"))

    assert "FROM golang:$GO AS compile\n" in text
    assert "COPY --from=compile /app /app\n" in text


def test_a_user_that_builds_stays_and_is_said_again() -> None:
    text = 'FROM golang:1.23\nUSER app\nRUN go build -o /tmp/app .\nCMD ["/tmp/app"]\n'

    assert "USER app" in builder(text)
    assert "USER app" in runtime(text)


def test_paths_with_signs_are_written_as_json_and_patterns_are_none() -> None:
    facts = facts_of(TEXT)
    kept = (
        Kept("/src/a b", directory=True),
        Kept("/src/[x]", directory=False),
        Kept("/srv/d", directory=True, owner="5:6"),
    )

    lines = render(facts, Draft("go", "", "debian", "", kept=kept)).splitlines()

    assert 'COPY --from=builder ["/src/a b", "./a b"]' in lines
    assert 'COPY --from=builder ["/src/[[]x]", "./"]' in lines
    assert "COPY --from=builder --chown=5:6 /srv/d /srv/d" in lines


def test_packages_users_the_place_and_another_command_have_their_place() -> None:
    draft = Draft(
        "other", "", "debian", "why", packages=("b", "a"), users=("useradd app",),
        finish=(Line("chown 5:6 /src", "why"), Line("ldconfig", "why")),
        command=Line('CMD ["x"]', "it is shorter"), end=(Line("RUN prune"),), left=(Left("/a", "b"),),
    )  # fmt: skip
    lines = render(facts_of(TEXT), draft).splitlines()

    assert lines.index("RUN prune") < lines.index("FROM debian AS runtime")
    assert [line for line in lines if line.startswith(("RUN useradd", "RUN apt", "RUN chown"))] == [
        "RUN useradd app",
        "RUN apt-get update \\",
        "RUN chown 5:6 /src \\",
    ]
    assert lines[lines.index("RUN chown 5:6 /src \\") - 1 :][:3] == ["# why", "RUN chown 5:6 /src \\", " && ldconfig"]
    assert lines[-2:] == ["# it is shorter", 'CMD ["x"]']
    assert 'CMD ["/app"]' not in lines


def test_a_path_in_a_directory_that_is_kept_is_not_said_again() -> None:
    kept = [
        Kept("/a/b", directory=False),
        Kept("/a", directory=True),
        Kept("/ab", directory=False),
        Kept("/a", directory=True),
    ]

    assert [item.path for item in without_nested(kept)] == ["/a", "/ab"]


def test_line_ends_and_the_sign_of_continuation_stay_what_they_are() -> None:
    text = '# escape=`\nFROM debian\nSHELL ["/bin/sh", "-c"]\nRUN apt-get install -y gcc jq\nRUN gcc a.c\nCMD ["/a"]\n'.replace(
        "\n", "\r\n"
    )

    lines = split(text).split("\r\n")

    assert "RUN apt-get update `" in lines
    assert not any("\n" in line for line in lines)


def test_the_same_base_is_named_as_it_was() -> None:
    text = 'ARG TAG=12\nFROM --platform=linux/amd64 debian:$TAG\nRUN apt-get install -y gcc\nRUN gcc -o /a a.c\nCMD ["/a"]\n'

    assert runtime(text)[0] == "FROM --platform=linux/amd64 debian:$TAG AS runtime"
    pinned = f"node:22@sha256:{'a' * 64}"
    assert "pin this one too" in split(f"FROM {pinned}\nRUN npm ci\nCMD node a.js\n")
    slim = pinned.replace("22", "22-slim")
    assert f"FROM {slim} AS runtime" in runtime(f"FROM {slim}\nRUN npm ci\nCMD node a.js\n")


def test_a_stage_that_is_called_runtime_has_a_second_one() -> None:
    text = 'FROM golang:1.23 AS runtime\nRUN go build -o /app\nCMD ["/app"]\n'

    assert runtime(text)[0] == "FROM debian:bookworm-slim AS runtime-2"
    assert runtime(text)[2] == "COPY --from=runtime /app /app"


def test_the_shell_of_the_shell_form_and_the_last_comments_go_on() -> None:
    text = 'FROM golang:1.23\nSHELL ["/bin/bash", "-c"]\nRUN go build -o /app\nCMD /app\n# The end.\n'

    assert 'SHELL ["/bin/bash", "-c"]' in runtime(text)
    assert 'SHELL ["/bin/bash", "-c"]' not in runtime(text.replace("CMD /app", 'CMD ["/app"]'))
    assert split(text).endswith("CMD /app\n# The end.\n")


def test_a_script_that_prepares_stays_where_the_command_is_another() -> None:
    text = 'FROM python:3.12\nRUN pip install poetry && poetry install\nENTRYPOINT ["./entrypoint.sh"]\nCMD ["poetry", "run", "serve"]\n'

    assert runtime(text)[-2:] == ['ENTRYPOINT ["./entrypoint.sh"]', 'CMD ["serve"]']
