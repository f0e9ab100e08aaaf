"""Steps at the same time in one build, and many builds at the same time on one store."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from fakes.mill import Mill, Ran

pytestmark = pytest.mark.root

BUILDS = 16


@pytest.fixture
def gate(mill: Mill) -> Path:
    """A directory that `--volume` shows to all steps as /gate, where they can wait for each other."""
    path = mill.folder.parent / "gate"
    path.mkdir()
    return path


def until(condition: str) -> str:
    """A shell's line that waits for a condition, for two minutes at most, and fails where it never holds."""
    return f"for i in $(seq 1200); do ! {condition} || break; sleep 0.1; done; {condition}"


def test_independent_steps_of_all_stages_run_at_the_same_time(mill: Mill, gate: Path) -> None:
    """None of them ends before the last one has begun."""
    meet = until("test $(ls /gate | wc -l) = 8")
    stages = [f"FROM busybox AS s{n}\nRUN touch /gate/{n}; {meet} && echo {n} > /{n}\n" for n in range(8)]
    copies = [f"COPY --from=s{n} /{n} /\n" for n in range(8)]

    ran = mill.build("".join([*stages, "FROM busybox\n", *copies]), "-t", "all", "--volume", f"{gate}:/gate")

    steps = [step for name, step in ran.steps.items() if name.startswith("RUN touch")]
    assert len(steps) == 8
    assert max(step.started for step in steps) < min(step.completed for step in steps)
    assert mill.cat("all", *(f"/{n}" for n in range(8))).split() == list("01234567")


def test_equal_steps_of_different_stages_run_once(mill: Mill) -> None:
    """The first two are equal as they are written, the last two only by what they begin with."""
    ran = mill.build(
        "FROM busybox AS a\nRUN head -c 8 /dev/urandom | od -x > /r\n"
        "FROM busybox AS b\nRUN head -c 8 /dev/urandom | od -x > /r\n"
        "FROM scratch AS c\nCOPY --from=a /r /one\n"
        "FROM scratch AS d\nCOPY --from=b /r /one\n"
        "FROM busybox\nCOPY --from=c /one /1\nCOPY --from=d /one /2\n",
        "-t", "twice",
    )  # fmt: skip

    first, second = mill.cat("twice", "/1").split(), mill.cat("twice", "/2").split()
    assert first == second
    assert sum(step.runs for name, step in ran.steps.items() if name.startswith("RUN head")) == 1


def test_what_the_target_does_not_need_is_not_built(mill: Mill) -> None:
    ran = mill.build(
        "FROM busybox AS unused\nRUN exit 1\nFROM no/such:image AS unknown\nFROM busybox AS wanted\nRUN true\n"
        "FROM unused AS last\nRUN exit 2\n",
        "--target", "wanted",
    )  # fmt: skip

    assert ran.executed == ["RUN true"]


def test_a_failure_stops_what_runs_and_is_the_error_that_is_shown(mill: Mill, gate: Path) -> None:
    slow, bad = "touch /gate/begun; sleep 500", f"{until('test -e /gate/begun')}; echo oh no; exit 3"
    mill.write(
        {
            "Dockerfile": f"FROM busybox AS slow\nRUN {slow}\nFROM busybox AS bad\nRUN {bad}\n"
            "FROM busybox\nCOPY --from=slow / /a\nCOPY --from=bad / /b\nRUN echo never\n"
        }
    )

    ran = mill("build", "--progress=rawjson", "--volume", f"{gate}:/gate", ".")

    assert ran.status == 1
    errors = {name: step.error for name, step in ran.steps.items() if step.error}
    assert errors.pop(f"RUN {slow}") == "context canceled"
    assert list(errors) == [f"RUN {bad}"]
    assert "RUN echo never" not in ran.steps
    assert "did not complete successfully: exit code: 3" in ran.err


SHARED = """
FROM busybox AS one
RUN sleep 0.2; head -c 16 /dev/urandom | od -x > /random
FROM busybox AS two
COPY text /
RUN sleep 0.1; cat /text > /copy
FROM one AS three
RUN cat /random > /again
FROM busybox
COPY --from=two /copy /
COPY --from=three /again /
RUN echo done
"""


def test_sixteen_builds_at_once_on_one_store_run_each_distinct_step_once(mill: Mill) -> None:
    """Half of them have a step of their own at the end."""
    mill.write({"text": "hello\n", "Dockerfile": SHARED})
    for number in range(BUILDS // 2):
        mill.write({f"own{number}": f"{SHARED}RUN echo {number} > /own\n"})

    with ExitStack() as stack:
        started = [
            stack.enter_context(
                mill.start(
                    "build", "--progress=rawjson", "-t", f"image{n}", "-f", f"own{n}" if n < 8 else "Dockerfile", "."
                )
            )
            for n in range(BUILDS)
        ]
        ended = [(*process.communicate(timeout=400), process.returncode) for process in started]

    builds = [Ran(status, out, err.decode()) for out, err, status in ended]
    assert [build.status for build in builds] == [0] * BUILDS, builds[0].err
    executed = Counter(name for build in builds for name in build.executed)
    assert executed == Counter(
        {
            "RUN sleep 0.2; head -c 16 /dev/urandom | od -x > /random": 1,
            "COPY text /": 1,
            "RUN sleep 0.1; cat /text > /copy": 1,
            "RUN cat /random > /again": 1,
            "COPY --from=two /copy /": 1,
            "COPY --from=three /again /": 1,
            "RUN echo done": 1,
            **{f"RUN echo {n} > /own": 1 for n in range(BUILDS // 2)},
        }
    )
    layers = {tuple(mill.inspect(f"image{n}")["RootFS"]["Layers"][:4]) for n in range(BUILDS)}
    assert len(layers) == 1


def test_builds_at_once_of_the_same_image_all_deliver_the_same(mill: Mill) -> None:
    mill.write({"text": "hello\n", "Dockerfile": SHARED})

    with ExitStack() as stack:
        started = [stack.enter_context(mill.start("build", "-q", "-t", "same", ".")) for _ in range(6)]
        ended = [(*process.communicate(timeout=400), process.returncode) for process in started]

    assert {(status, err) for _, err, status in ended} == {(0, b"")}
    assert {out for out, _, _ in ended} == {f"{mill.inspect('same')['Id']}\n".encode()}
