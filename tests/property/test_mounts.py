"""The options of a mount, whatever stands there: they are understood, or refused with a place; and sizes are what they say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fakes.planning import operations, planned
from fakes.tree import MemoryTree
from stagemill.errors import DockerfileError
from stagemill.graph.mounts import TmpfsMount
from stagemill.graph.operations import Run
from stagemill.plan.mount_options import NAMES

KEYS = st.sampled_from([*NAMES, "typ", "", "FROM"])
VALUES = st.sampled_from(
    ["bind", "cache", "tmpfs", "secret", "ssh", "true", "0", "/", "/m", "../x", "one", "$A", "${A:?no}", "0755", "1m", "shared", ""]
) | st.text(max_size=8)  # fmt: skip
OPTIONS = st.lists(st.builds("{}={}".format, KEYS, VALUES) | st.sampled_from(["ro", "rw", "required", '"'])).map(
    ",".join
)


@given(st.lists(OPTIONS | st.text(max_size=30), min_size=1, max_size=3), st.sampled_from(['"', "'", ""]))
def test_any_options_are_planned_or_refused_with_a_place(mounts: list[str], quote: str) -> None:
    flags = " ".join(f"--mount={quote}{text}{quote}" for text in mounts)

    refused = None
    try:
        planned(f"FROM busybox AS one\nFROM busybox\nRUN {flags} x\n", context=MemoryTree({"m": ""}))
    except DockerfileError as error:
        refused = error

    assert refused is None or (refused.message and refused.at)


@given(st.integers(1, 1 << 30), st.sampled_from(["", "k", "M", "g"]), st.sampled_from(["", "b", "iB"]))
def test_a_size_is_in_bytes_or_in_units_of_1024(number: int, unit: str, ending: str) -> None:
    text = f"FROM busybox\nRUN --mount=type=tmpfs,target=/t,size={number}{unit}{ending} x\n"

    (op,) = operations(planned(text), Run)

    assert op.mounts == (TmpfsMount("/t", number * 1024 ** ["", "k", "M", "g"].index(unit)),)
