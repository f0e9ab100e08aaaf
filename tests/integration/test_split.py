"""Splitting, for real, with nothing but busybox: what is proven, and what is refused since it cannot be."""

from __future__ import annotations

import json

import pytest

from fakes.mill import Mill

SITE = """FROM busybox
WORKDIR /site
COPY . .
RUN mkdir out && for page in pages/*; do sed 's/^/<p>/' $page >out/${page##*/}; done
CMD ["python", "-m", "http.server", "8000", "-d", "out"]
"""
# A compiler that makes busybox of anything, which is the program that its name says.
PROGRAM = """FROM busybox
COPY compiler /bin/gcc
WORKDIR /src
COPY . .
RUN gcc -o stat tool.c && mkdir /data && chown 5:6 /data && chown 5:6 /src
ENV MODE=1
USER 5:6
CMD ["./stat", "/data"]
"""
FILES = {"compiler": "#!/bin/sh\ncp /bin/busybox $2\n", "tool.c": "x" * 9000, "words.txt": "words\n"}


@pytest.fixture
def site(mill: Mill) -> Mill:
    mill.write({"Dockerfile": SITE, "pages/a": "one\n", "pages/b": "two\n", "large": "x" * 100_000})
    return mill


@pytest.fixture
def program(mill: Mill) -> Mill:
    mill.write({"Dockerfile": PROGRAM, **FILES})
    (mill.folder / "compiler").chmod(0o755)
    return mill


def test_the_pages_go_on_and_the_sources_stay_behind(site: Mill) -> None:
    ran = site.ok("split", "--progress=quiet", "--check", "cat out/a out/b", "--write", ".")

    assert "/site/large" in ran.out
    assert "`cat out/a out/b` prints the same in both, exit status 0." in ran.out
    assert ran.err.splitlines() == [
        "split: building it as it is",
        "split: building it in two stages, on busybox",
        "split: running cat out/a out/b in both",
    ]
    builds = json.loads(site.ok("builds", "--json").out)
    assert [(row["file"], row["result"]) for row in builds[:2]] == [
        ("Dockerfile (split)", "built"),
        ("Dockerfile", "built"),
    ]
    text = (site.folder / "Dockerfile").read_text()
    assert text.endswith('CMD ["busybox", "httpd", "-f", "-p", "8000", "-h", "/site/out"]\n')
    site.ok("build", "-q", "-t", "split", ".")
    assert site.ok("run", "split", "ls", "/site").out == "out\n"


def test_a_program_goes_on_with_what_its_steps_have_made(program: Mill) -> None:
    found = json.loads(program.ok("split", "--progress=quiet", "--json", "--check", "./stat -c %u:%g /data .", ".").out)

    assert found["kind"] == "c"
    assert found["same_program"] is True
    assert found["before"] > found["after"] > 0
    lines = found["dockerfile"].splitlines()
    assert "COPY --from=builder --chown=5:6 /data /data" in lines
    assert "RUN chown 5:6 /src" in lines
    assert "COPY --from=builder /src/stat ./stat" in lines
    assert {"path": "/src/tool.c", "why": "it is compiled into the program", "size": 9000} in found["left"]


def test_a_command_that_ends_otherwise_is_a_reason_to_refuse(site: Mill) -> None:
    said = site.fail("split", "--progress=quiet", "--check", "ls large", "--write", ".")

    assert (
        "error: cannot split it: 'ls large' ends otherwise in the runtime\nas it is: exit status 0\n  large\nsplit: exit status 1\n"
        in said
    )
    assert (site.folder / "Dockerfile").read_text() == SITE


def test_a_command_that_is_not_there_proves_nothing(site: Mill) -> None:
    said = site.fail("split", "--progress=quiet", "--check", "node app.js", ".")

    assert "--check 'node app.js' does not run in the image as it is: exit status 127" in said


def test_directories_links_and_what_was_removed_are_as_they_were(program: Mill) -> None:
    more = "RUN chmod 1777 /data && ln -s /src/stat /bin/show && mkdir -p /var/spool && mkdir -m 700 /var/spool/own && rm /etc/group\nENV MODE=1"
    program.write({"Dockerfile": PROGRAM.replace("ENV MODE=1", more)})

    ran = program.ok("split", "--progress=quiet", "--check", "./stat -c %u:%g=%a /data /var/spool/own", "--write", ".")

    assert "split: it needs more: " in ran.err
    lines = (program.folder / "Dockerfile").read_text().splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("RUN mkdir"))
    assert lines[begin : begin + 6] == [
        "RUN mkdir -p /var/spool /var/spool/own \\",
        " && ln -sfn /src/stat /bin/show \\",
        " && rm -rf /etc/group \\",
        " && chmod 700 /var/spool/own \\",
        " && chmod 1777 /data \\",
        " && chown 5:6 /src",
    ]


def test_who_it_runs_as_may_not_change(program: Mill) -> None:
    text = PROGRAM.replace("USER 5:6", "RUN echo app:x:5:6::/:/bin/sh >>/etc/passwd\nUSER app")
    program.write({"Dockerfile": text})

    said = program.fail("split", "--progress=quiet", ".")

    assert "error: cannot split it: the runtime would not be what the image was\nthe user app is not in it" in said
    assert "hint: split it by hand from what --dry-run shows" in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--check", "sh -c 'echo $PPID >/data/$(ls /site | wc -l)'"), "written as it is, and not split: data/"),
        (("--check-timeout=1s", "--check", "sleep 600"), "'sleep 600' has not ended after 1 s"),
    ],
)
def test_what_a_command_writes_and_when_it_ends_is_looked_at(site: Mill, flags: tuple[str, ...], said: str) -> None:
    site.write({"Dockerfile": SITE.replace("COPY . .", "VOLUME /data\nCOPY . .\nRUN mkdir -m 777 /data")})

    assert said in site.fail("split", "--progress=quiet", *flags, ".")


def test_a_file_that_does_not_build_is_told_as_by_build(site: Mill) -> None:
    site.write({"Dockerfile": SITE.replace("mkdir out", "false")})

    assert "did not complete successfully: exit code: 1" in site.fail("split", "--progress=quiet", ".")
