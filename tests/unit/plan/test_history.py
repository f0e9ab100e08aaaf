"""History, word for word as BuildKit writes it: other tools parse it (traps 25)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import history, planned
from fakes.tree import MemoryTree
from stagemill.oci.config import Healthcheck, History, ImageConfig, RunConfig
from stagemill.oci.platform import Platform
from stagemill.plan import history as words

CASES = [
    ("ARG A", "ARG A"),
    ("ARG A=1 B", "ARG A=1 B"),
    ('ENV A=1 B="two words" A=3', "ENV A=1 B=two words A=3"),
    ("ENV A one two", "ENV A=one two"),
    ('LABEL a=1 "b c"=2', "LABEL a=1 b c=2"),
    ("RUN echo  a", "RUN /bin/sh -c echo  a # buildkit"),
    ("RUN echo a \\\n  # no word\n  && echo b", "RUN /bin/sh -c echo a   && echo b # buildkit"),
    ('RUN ["echo", "a b"]', "RUN echo a b # buildkit"),
    ("RUN <<EOF\necho a\nEOF", "RUN /bin/sh -c echo a\n # buildkit"),
    ("RUN <<-EOF\n\techo a\n\tEOF", "RUN /bin/sh -c echo a\n # buildkit"),
    ("RUN <<run.sh\n#!/bin/sh\necho a\nrun.sh", "RUN /dev/pipes/run.sh # buildkit"),
    ("RUN cat <<A <<B\na\nA\nb\nB", "RUN /bin/sh -c cat <<A <<B\na\nA\nb\nB # buildkit"),
    ("WORKDIR /a/../b/", "WORKDIR /b"),
    ("WORKDIR /", "WORKDIR /"),
    ("USER app:app", "USER app:app"),
    ("COPY a b ./", "COPY a b ./ # buildkit"),
    ("COPY --chown=1:2 --chmod=0644 a /x", "COPY --chown=1:2 --chmod=0644 a /x # buildkit"),
    ("COPY --link=false a .", "COPY a . # buildkit"),
    ("COPY --from=busybox /bin/sh /sh", "COPY /bin/sh /sh # buildkit"),
    ('COPY ["a", "/x y"]', "COPY a /x y # buildkit"),
    ("COPY a <<f b /d/\ntext\nf", "COPY a b <<f /d/ # buildkit"),
    ("ADD --chown=app a /x", "ADD --chown=app a /x # buildkit"),
    ("CMD node  x", 'CMD ["/bin/sh" "-c" "node  x"]'),
    ('CMD ["node", "a\\"b", "\\t\\u0001é\\u200b"]', 'CMD ["node" "a\\"b" "\\t\\x01é\\u200b"]'),
    ("CMD []", "CMD []"),
    ("ENTRYPOINT []", "ENTRYPOINT []"),
    ('ENTRYPOINT ["/server"]', 'ENTRYPOINT ["/server"]'),
    ("EXPOSE 80 53/UDP 8000-8002", "EXPOSE [53/udp 80/tcp 8000/tcp 8001/tcp 8002/tcp]"),
    ("EXPOSE 80 80", "EXPOSE [80/tcp 80/tcp]"),
    ("VOLUME /b /a", "VOLUME [/b /a]"),
    ('VOLUME ["/b", "/a c"]', "VOLUME [/b /a c]"),
    ("STOPSIGNAL SIGQUIT", "STOPSIGNAL SIGQUIT"),
    ('SHELL ["/bin/bash", "-c"]', "SHELL [/bin/bash -c]"),
    ("MAINTAINER A. Person <a@b>", "MAINTAINER A. Person <a@b>"),
    (
        "HEALTHCHECK --interval=90s --timeout=500ms --retries=3 CMD curl -f x",
        "HEALTHCHECK {Test:[CMD-SHELL curl -f x] Interval:1m30s Timeout:500ms StartPeriod:0s StartInterval:0s Retries:3}",
    ),
    (
        'HEALTHCHECK --start-period=1h CMD ["x", "y"]',
        "HEALTHCHECK {Test:[CMD x y] Interval:0s Timeout:0s StartPeriod:1h0m0s StartInterval:0s Retries:0}",
    ),
    (
        "HEALTHCHECK NONE",
        "HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("instruction", "expected"), CASES, ids=[case[0].partition("\n")[0] for case in CASES])
def test_history_says_what_the_instruction_did(instruction: str, expected: str) -> None:
    context = MemoryTree({"a": "a", "b": "b"})

    assert history(f"FROM busybox\n{instruction}\n", context=context) == [expected]


def test_history_shows_values_instead_of_variables() -> None:
    text = "FROM busybox\nARG A=1 U=app\nCOPY --chown=$U a/$A ./\nLABEL v=$A\nWORKDIR /$A\nUSER $U\nVOLUME /$A\n"

    assert history(text, context=MemoryTree({"a/1": ""}))[1:] == [
        "COPY --chown=app a/1 ./ # buildkit",
        "LABEL v=1",
        "WORKDIR /1",
        "USER app",
        "VOLUME [/1]",
    ]


def test_run_shows_arguments_in_order_those_without_value_as_empty() -> None:
    text = "FROM busybox\nARG B=1\nARG A\nARG B=2\nENV C=3\nRUN x\n"

    assert history(text)[-1] == "RUN |2 B=2 A= /bin/sh -c x # buildkit"


def test_run_shows_the_value_that_an_argument_has_now() -> None:
    assert history("FROM busybox\nARG A=1\nENV A=2\nRUN x\n")[-1] == "RUN |1 A=2 /bin/sh -c x # buildkit"


def test_onbuild_adds_no_entry_until_it_fires() -> None:
    text = "FROM busybox AS a\nONBUILD RUN x\nFROM a\nRUN y\n"

    assert history(text, target="a") == []
    assert history(text) == ["RUN /bin/sh -c x # buildkit", "RUN /bin/sh -c y # buildkit"]


def test_entries_know_whether_they_have_a_layer_and_who_wrote_them() -> None:
    text = "FROM busybox\nENV A=1\nRUN x\nWORKDIR /\nWORKDIR /w\nCOPY a /\n"

    entries = planned(text, context=MemoryTree({"a": ""})).target.image.history

    assert [entry.empty_layer for entry in entries] == [True, False, True, False, False]
    assert {entry.comment for entry in entries} == {"buildkit.dockerfile.v0"}
    assert {entry.created for entry in entries} == {""}


def test_the_history_of_the_base_comes_first_as_it_is() -> None:
    made = History("ADD rootfs /", created="2024-01-01T00:00:00Z", comment="debuerreotype")
    base = ImageConfig(Platform.local(), RunConfig(), history=(made,), diff_ids=())

    found = planned("FROM base\nENV A=1\n", images=FakeImages(base=base)).target.image.history

    assert [entry.created_by for entry in found] == ["ADD rootfs /", "ENV A=1"]


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [
        (0, "0s"),
        (10**6, "1ms"),
        (1_500_000, "1.5ms"),
        (10**9, "1s"),
        (1_500_000_000, "1.5s"),
        (60 * 10**9, "1m0s"),
        (3600 * 10**9, "1h0m0s"),
        (90_061_001_000_000, "25h1m1.001s"),
    ],
)
def test_durations_are_written_as_go_writes_them(nanoseconds: int, expected: str) -> None:
    assert words.duration(nanoseconds) == expected


def test_words_are_quoted_as_go_quotes_them() -> None:
    assert words.listed("CMD", ['a"\\', "\x7f\x00\v", "\udcff", "\u2028", "\U000e0001", "ü 日"]) == (
        r'CMD ["a\"\\" "\x7f\x00\v" "\xff" "\u2028" "\U000e0001" "ü 日"]'
    )


def test_a_check_is_written_with_all_of_its_fields() -> None:
    check = Healthcheck(("CMD", "x"), interval=10**9, retries=2)

    assert words.healthcheck(check) == (
        "HEALTHCHECK {Test:[CMD x] Interval:1s Timeout:0s StartPeriod:0s StartInterval:0s Retries:2}"
    )
