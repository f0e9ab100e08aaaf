"""Several targets, stages beside them, stages that wait, and steps that are run again; with real processes."""

from __future__ import annotations

import json

from fakes.mill import Mill

GRAPH = """\
FROM busybox AS base
RUN echo base > /base

FROM base AS test
RUN sleep 1 && echo tested

FROM base AS web
RUN echo web > /web

FROM base AS worker
RUN echo worker > /worker
"""
WAITING = GRAPH.replace("FROM base AS web", "FROM --after=test base AS web")


def test_two_targets_share_what_they_have_in_common(mill: Mill) -> None:
    ran = mill.build(GRAPH, "--target", "web=web:1", "--target", "worker=worker:1")

    assert ran.executed == ["RUN echo base > /base", "RUN echo web > /web", "RUN echo worker > /worker"]
    assert (mill.cat("web:1", "/base", "/web"), mill.cat("worker:1", "/base", "/worker")) == (
        "base\nweb\n",
        "base\nworker\n",
    )


def test_targetstage_is_each_targets_own(mill: Mill) -> None:
    text = "FROM busybox AS base\nARG TARGETSTAGE\nRUN echo $TARGETSTAGE > /s\nFROM base AS a\nFROM base AS b\n"

    mill.build(text, "--target", "a=a", "--target", "b=b")

    assert (mill.cat("a", "/s"), mill.cat("b", "/s")) == ("a\n", "b\n")


def test_a_stage_beside_the_target_must_succeed_and_is_in_no_image(mill: Mill) -> None:
    mill.build(GRAPH, "-t", "app", "--target", "web", "--also", "test")
    mill.write({"Dockerfile": GRAPH.replace("echo tested", "false")})

    said = mill.fail("build", "-t", "broken", "--target", "web", "--also", "test", ".")

    assert "Dockerfile:5" in said
    assert len(mill.inspect("app")["RootFS"]["Layers"]) == 3
    assert "broken" not in mill.ok("images").out


def test_a_stage_waits_and_fails_with_what_it_waits_for(mill: Mill) -> None:
    ran = mill.build(WAITING, "--target", "web", "-t", "app")
    steps = ran.steps

    assert steps["RUN echo web > /web"].started >= steps["RUN sleep 1 && echo tested"].completed

    mill.write({"Dockerfile": WAITING.replace("echo tested", "false")})
    assert "Dockerfile:5" in mill.fail("build", "--target", "web", ".")
    assert mill.build(GRAPH, "--target", "web").executed == []


def test_a_line_is_run_again_and_takes_with_it_only_what_it_changes(mill: Mill) -> None:
    text = (
        "FROM busybox AS build\nRUN date +%N > /now; echo same > /same\nRUN echo after\n"
        "FROM busybox\nCOPY --from=build /same /same\nRUN cat /same\n"
    )
    mill.build(text)

    ran = mill.build(text, "--rerun", "2")

    assert ran.executed == ["RUN date +%N > /now; echo same > /same", "RUN echo after"]
    assert ran.steps["COPY --from=build /same /same"].cached
    assert mill.build(text).executed == []


def test_what_gives_the_same_disturbs_nothing(mill: Mill) -> None:
    text = "FROM busybox AS a\nRUN true\nRUN echo x > /x\nCOPY f /f\n"
    mill.write({"f": "f"})
    mill.build(text)

    assert mill.build(text, "--rerun", "2").executed == ["RUN true"]
    assert mill.build(text, "--rerun", "a").executed == ["COPY f /f", "RUN echo x > /x", "RUN true"]
    assert "line 4 of Dockerfile" not in mill.ok("build", "--rerun", "4", ".").err


def test_all_targets_get_their_digests_in_one_file(mill: Mill) -> None:
    mill.build(GRAPH, "--target", "web=web", "--target", "worker=worker", "--iidfile", "ids", "--metadata-file", "meta")

    ids = json.loads((mill.folder / "ids").read_text())
    assert ids == {name: mill.inspect(name)["Id"] for name in ("web", "worker")}


def test_the_stages_below_can_be_kept_as_images_with_labels(mill: Mill) -> None:
    text = f"{GRAPH}FROM busybox AS unused\nFROM base\nCOPY --from=web /web /\nCOPY --from=0 /base /copied\n"

    mill.write({"Dockerfile": text})

    said = mill.ok("build", "-t", "app:1", "--save-stages", "--layer-label", "who=ci", "--label", "app=yes", ".")

    assert mill.cat("app:1-web", "/base", "/web") == "base\nweb\n"
    assert mill.inspect("app:1-base")["Config"]["Labels"] == {"who": "ci"}
    assert mill.inspect("app:1")["Config"]["Labels"] == {"app": "yes"}
    assert "the stage web is kept as app:1-web" in said.err
    assert sorted(line.split()[1] for line in mill.ok("images").out.splitlines() if line.startswith("app")) == [
        "1", "1-base", "1-web",
    ]  # fmt: skip
    assert "which has no name" in mill.fail("build", "--save-stages", ".", status=2)
    assert "--save-stages keeps" in mill.fail("build", "--layer-label", "a=b", "-t", "app", ".", status=2)


def test_a_stage_that_is_only_copied_from_in_the_cache_is_kept_whole(mill: Mill) -> None:
    text = "FROM busybox AS build\nRUN echo 1 > /a\nRUN echo 2 > /b\nFROM scratch\nCOPY --from=build /a /\n"
    mill.build(text, "-t", "app")

    ran = mill.build(text, "-t", "app", "--save-stages")

    assert ran.executed == []
    assert mill.cat("app:build", "/a", "/b") == "1\n2\n"
