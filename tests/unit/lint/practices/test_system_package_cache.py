"""`SystemPackageCache`: the lists and archives of a package manager stay in a layer of the image."""

from __future__ import annotations

import pytest

from fakes.linting import findings, lines_found, unsafely_mended

RULE = "SystemPackageCache"


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update && apt-get install -y a", "apk add a", "apk update && apk add a", "yum install -y a",
        "dnf -y install a", "dnf -y upgrade", "dnf in -y a", "zypper -n in a", "apt-get update && rm -rf /tmp/x && apt-get clean",
        "rm -rf /var/lib/apt/lists/* && apt-get update",
    ],
)  # fmt: skip
def test_what_stays_in_the_image_is_found(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == [2]


@pytest.mark.parametrize(
    "run",
    [
        "apt-get update && apt-get install -y a && rm -rf /var/lib/apt/lists/*", "apt-get update && rm -r /var/lib/apt/lists",
        "apt-get update; rm -rf /var/cache/apt/* /var/lib/apt/*", "apk add --no-cache a", "apk add a && rm -rf /var/cache/apk/*",
        "yum install -y a && yum clean all", "dnf install -y a && rm -rf /var/cache/dnf", "zypper -n in a && zypper clean",
        "--mount=type=cache,target=/var/lib/apt apt-get update", "--mount=type=tmpfs,target=/var/lib/apt/lists apt-get update",
        "--mount=type=cache,target=/var/cache/apk apk add a", "apt-get install -y a", "echo apt-get update",
        "microdnf install a && microdnf clean all",
    ],
)  # fmt: skip
def test_what_is_cleaned_in_the_same_run_or_kept_out_by_a_mount_is_fine(run: str) -> None:
    assert lines_found(RULE, f"FROM x\nRUN {run}\n") == []


CLEAN = "RUN rm -f /etc/apt/apt.conf.d/docker-clean\n"
LISTS = "RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y a"


def test_archives_stay_where_the_setting_that_removes_them_was_removed() -> None:
    (found,) = findings(RULE, f"FROM x\n{CLEAN}{LISTS}\n")

    assert (found.span.line, found.message, found.alias) == (3, "/var/cache/apt stays in the image", "DL3009")
    assert found.hint == "end this RUN with && apt-get clean"
    assert lines_found(RULE, f"FROM x AS a\n{CLEAN}FROM a\n{LISTS}\n") == [4]


@pytest.mark.parametrize(
    "text",
    [
        f"{LISTS}\n", f"{CLEAN}{LISTS} && apt-get clean\n", f"{CLEAN}{LISTS} && rm -rf /var/cache/apt\n", f"{LISTS}\n{CLEAN}",
        CLEAN + LISTS.replace("target=/var/lib/apt", "target=/var/lib/apt --mount=type=cache,target=/var/cache/apt") + "\n",
    ],
)  # fmt: skip
def test_archives_that_are_removed_or_kept_out_are_fine(text: str) -> None:
    assert lines_found(RULE, f"FROM x\n{text}") == []


def test_a_build_stage_may_keep_it() -> None:
    text = "FROM x AS build\nRUN apt-get update\nFROM y\nCOPY --from=build /a /a\n"

    assert lines_found(RULE, text) == []
    assert lines_found(RULE, text + "FROM build\n") == [2]


def test_a_later_run_only_hides_it() -> None:
    (found,) = findings(RULE, "FROM x\nRUN apt-get update\nRUN rm -rf /var/lib/apt/lists/*\n")

    assert found.message == (
        "/var/lib/apt/lists stays in the image: the rm in line 3 only hides it, for it is in a layer below"
    )


def test_the_fixes_clean_in_the_same_run() -> None:
    assert unsafely_mended(RULE, "FROM x\nRUN apk add a\n") == "FROM x\nRUN apk add --no-cache a\n"
    assert unsafely_mended(RULE, "FROM x\nRUN yum install \\\n  a\n") == (
        "FROM x\nRUN yum install \\\n  a && yum clean all\n"
    )


@pytest.mark.parametrize(
    ("later", "line"),
    [
        ("RUN apt-get install -y b", 3),
        ("RUN true\nRUN sudo apt install -y b", 4),
        ("RUN apt-get install -y b && apt-get update", 3),
        ("FROM a\nRUN apt-get install -y b", 4),
    ],
)
def test_lists_that_a_later_run_installs_by_are_not_removed_before_it(later: str, line: int) -> None:
    found = findings(RULE, f"FROM debian:12 AS a\nRUN apt-get update\n{later}\n")[0]

    assert found.fix is None
    assert found.hint == (
        f"join it with the RUN in line {line}, which needs the lists, and end that with && rm -rf /var/lib/apt/lists/*"
    )


@pytest.mark.parametrize(
    "later",
    [
        "RUN apt-get update && apt-get install -y b",
        "RUN apt-get update\nRUN apt-get install -y b",
        "RUN echo apt-get install b",
        "RUN apt-get remove b",
    ],
)
def test_lists_that_nothing_needs_later_may_go(later: str) -> None:
    found = findings(RULE, f"FROM debian:12\nRUN apt-get update && apt-get install -y a\n{later}\n")[0]

    assert found.fix is not None


@pytest.mark.parametrize(
    "run", ["apt-get update; a", "apt-get update > log", "<<EOF\napt-get update\nEOF", "if a; then apt-get update; fi"]
)
def test_there_is_no_fix_where_the_end_is_not_sure(run: str) -> None:
    assert [found.fix for found in findings(RULE, f"FROM x\nRUN {run}\n")] == [None]
