"""RUN --mount: what the options mean, which trees are read, what is refused and where (peer-features 1.6, traps 19 to 21)."""

from __future__ import annotations

import pytest

from fakes.images import FakeImages
from fakes.planning import key, marked, operations, planned, refused
from fakes.tree import MemoryTree
from stagemill.graph.mounts import BindMount, CacheMount, Mount, SecretMount, SshMount, TmpfsMount
from stagemill.graph.operations import BaseImage, Context, Copy, Run, Scratch
from stagemill.graph.vertex import Edge, Selection
from stagemill.oci.config import RunConfig
from stagemill.plan.planner import Plan

FILES = MemoryTree({"a": "a", "dir/b": "b", "x[1]": "", "other": ""})


def plans(flags: str, *, before: str = "", **request: object) -> Plan:
    text = f"FROM busybox AS one\nRUN one\nFROM busybox\n{before}RUN {flags} x\n"
    return planned(text, context=FILES, **request)  # type: ignore[arg-type]


def mounted(flags: str, *, before: str = "", **request: object) -> tuple[Mount, ...]:
    return operations(plans(flags, before=before, **request), Run)[-1].mounts


def mount(options: str, *, before: str = "", **request: object) -> Mount:
    (found,) = mounted(f"--mount={options}", before=before, **request)
    return found


def inputs(flags: str) -> list[Edge]:
    """What a RUN reads beside its parent."""
    return list(plans(flags).target.vertex.inputs[1:])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("type=cache,target=/c", CacheMount("/c", "//c")),
        ("type=cache,target=/a/../c/", CacheMount("/c", "//c")),
        ("type=cache,dst=c,id=x", CacheMount("/w/c", "/x")),
        ("type=cache,target=c", CacheMount("/w/c", "/c")),
        (
            "type=cache,id=x,target=/c,sharing=locked,mode=0700,uid=1,gid=2,ro,source=/a/../b",
            CacheMount("/c", "/x", sharing="locked", source="b", read_only=True, mode=0o700, uid=1, gid=2),
        ),
        ("type=cache,target=/c,ro,rw", CacheMount("/c", "//c")),
        ("type=cache,target=/c,readwrite=false", CacheMount("/c", "//c", read_only=True)),
        ("type=tmpfs,destination=/t", TmpfsMount("/t")),
        ("type=tmpfs,target=/t,size=128m", TmpfsMount("/t", 128 << 20)),
        ("type=tmpfs,target=/t,size=1.5GiB", TmpfsMount("/t", 3 << 29)),
        ("type=tmpfs,target=/t,size=5", TmpfsMount("/t", 5)),
        ("type=secret,id=t", SecretMount("t", "/run/secrets/t")),
        ("type=secret,src=t", SecretMount("t", "/run/secrets/t")),
        ("type=secret,target=/etc/t", SecretMount("t", "/etc/t")),
        ("type=secret,target=own/t,required", SecretMount("t", "/w/own/t", required=True)),
        ("type=secret,id=t,env=T", SecretMount("t", "", env="T")),
        ("type=secret,id=t,env=T,dst=/t", SecretMount("t", "/t", env="T")),
        ("type=secret,id=t,mode=0440,uid=1,gid=2,required=false", SecretMount("t", "/run/secrets/t", mode=0o440, uid=1, gid=2)),
        ("type=ssh", SshMount("default", "/run/buildkit/ssh_agent.0")),
        ("type=ssh,id=git,target=/s,required=1,mode=0666", SshMount("git", "/s", required=True, mode=0o666)),
        ("target=/m,from=one", BindMount("/m")),
        ("type=bind,from=one,src=/d/e/,target=m,rw", BindMount("/w/m", "d/e", writable=True)),
        ("TYPE=bind,FROM=one,Target=/m,ro=false", BindMount("/m", writable=True)),
        ("'from=one,\"target=/a,b\"'", BindMount("/a,b")),
    ],
)  # fmt: skip
def test_options_mean_what_they_mean_to_buildkit(options: str, expected: Mount) -> None:
    assert mount(options, before="WORKDIR /w\n") == expected


def test_each_agent_has_a_place_of_its_own() -> None:
    found = mounted("--mount=type=ssh --mount=type=tmpfs,target=/t --mount=type=ssh,id=b")

    assert [mount.target for mount in found] == ["/run/buildkit/ssh_agent.0", "/t", "/run/buildkit/ssh_agent.1"]


def test_values_may_have_variables_even_the_type_and_the_from_may_not() -> None:
    before = "ARG KIND=cache\nENV DIR=/c ID='a b'\n"

    assert mount("type=$KIND,target=${DIR}/x,id=$ID", before=before) == CacheMount("/c/x", "/a b")


def test_the_namespace_of_caches_is_a_build_argument_and_not_in_the_key() -> None:
    given = {"BUILDKIT_CACHE_MOUNT_NS": "mine"}

    assert mount("type=cache,target=/c", build_args=given) == CacheMount("/c", "mine//c")
    text = "FROM busybox\nRUN --mount=type=cache,target=/c x\n"
    assert key(text, build_args=given) == key(text)


def test_a_bind_of_a_stage_is_keyed_by_the_content_of_its_source() -> None:
    (edge,) = inputs("--mount=from=one,source=d/e,target=/m")

    assert isinstance(edge.vertex.op, Run)
    assert edge.select == Selection(("d/e",))


def test_a_source_is_a_path_and_no_pattern() -> None:
    (edge,) = inputs("--mount=from=one,source=d[1]*,target=/m")

    assert edge.select == Selection(("d[[]1][*]",))


def test_a_bind_of_an_image_makes_that_known() -> None:
    images = FakeImages(busybox=RunConfig(), tools=RunConfig())
    found = planned("FROM busybox\nRUN --mount=from=tools,target=/m x\n", images=images)

    assert [op.reference.rpartition("/")[2] for op in operations(found, BaseImage)] == ["busybox", "tools"]


def test_scratch_can_be_bound() -> None:
    (edge,) = inputs("--mount=from=scratch,target=/m")

    assert edge.vertex.op == Scratch()


def test_a_bind_of_the_context_is_what_copy_would_bring_and_counts_by_its_content() -> None:
    (edge,) = inputs("--mount=source=dir,target=/m")

    assert edge.select == Selection(("content",))
    assert edge.vertex.op == Copy(("dir",), "/content")
    assert [type(below.vertex.op) for below in edge.vertex.inputs] == [Scratch, Context]
    assert edge.vertex.label.name == ""
    assert mount("source=dir,target=/m") == BindMount("/m", "content")


def test_what_the_context_has_beside_the_source_is_not_in_the_key() -> None:
    text = "FROM busybox\nRUN --mount=source=dir,target=/m x\n"
    files = {"dir/b": "b", "other": "1"}

    assert key(text, context=MemoryTree(files)) == key(text, context=MemoryTree({**files, "other": "2"}))
    assert key(text, context=MemoryTree(files)) != key(text, context=MemoryTree({**files, "dir/b": "2"}))


def test_a_cache_reads_a_tree_only_where_it_has_one_to_begin_with() -> None:
    (edge,) = inputs("--mount=type=cache,target=/a --mount=type=cache,target=/c,from=one,source=s")

    assert edge.select == Selection(("s",))
    assert mount("type=cache,target=/c,from=one,source=s") == CacheMount("/c", "//c", source="s", seeded=True)


def test_inputs_are_in_the_order_of_the_mounts_that_read_them() -> None:
    found = inputs(
        "--mount=type=tmpfs,target=/t --mount=from=one,target=/a --mount=target=/b --mount=from=busybox,target=/c"
    )

    assert [type(edge.vertex.op) for edge in found] == [Run, Copy, BaseImage]


def test_a_stage_that_is_only_mounted_is_built_and_counts_as_read() -> None:
    found = plans("--mount=from=one,target=/m")

    assert [stage.name for stage in found.stages] == ["one", ""]
    assert found.target.reads == (0,)


def test_an_agent_and_a_secret_are_in_the_key_by_what_can_be_seen_of_them() -> None:
    def of(options: str) -> object:
        return key(f"FROM busybox\nRUN --mount={options} x\n")

    assert of("type=secret,id=a") != of("type=secret,id=b")
    assert of("type=secret,id=a") != of("type=secret,id=a,mode=0444")
    assert of("type=ssh") != of("type=ssh,id=b")
    assert of("type=tmpfs,target=/t") != of("type=tmpfs,target=/t,size=1m")
    assert of("type=cache,target=/c") == of("type=cache,target=/c,id=x,sharing=locked")
    assert of("type=cache,target=/c") != of("type=cache,target=/d")


@pytest.mark.parametrize(
    ("options", "message", "hint", "place"),
    [
        ("typ=bind,target=/m", "unexpected key 'typ' in 'typ=bind'", "did you mean type?", "typ=bind"),
        ("colour=red,target=/m", "unexpected key 'colour' in 'colour=red'", "the keys are env, from, gid, id,", "colour=red"),
        ("target=/m,reaadonly", "invalid field 'reaadonly' must be a key=value pair", "did you mean readonly?", "reaadonly"),
        ("target", "invalid field 'target' must be a key=value pair", "write target=VALUE", "target"),
        ("target=/m,xyz", "invalid field 'xyz' must be a key=value pair", "only ro, rw and required stand alone", "xyz"),
        ("target=/m,", "invalid field '' must be a key=value pair", "only ro, rw and required stand alone", ""),
        ("type=tmp,target=/m", "unsupported mount type 'tmp'", "did you mean tmpfs?", "type=tmp"),
        ("type=npipe,target=/m", "unsupported mount type 'npipe'", "the types are bind, cache, tmpfs,", "type=npipe"),
        ("type=cache", "a cache mount needs a target", "add target=", "type=cache"),
        ("from=one", "a bind mount needs a target", "add target=", "from=one"),
        ("target=/,from=one", "invalid mount target '/'", "mount at a directory below", "target=/"),
        ("target=../..,from=one", "invalid mount target '../..'", "mount at a directory below", "target=../.."),
        ("target=/m,mode=0755", "unexpected key 'mode' for mount type 'bind'", "it takes from, readonly,", "mode=0755"),
        ("target=/m,required", "unexpected key 'required' for mount type 'bind'", "it takes from,", "required"),
        ("target=/m,sharing=shared", "unexpected key 'sharing' for mount type 'bind'", "it takes", "sharing=shared"),
        ("type=cache,target=/m,sharing=x", "invalid value for sharing: 'x'", "it is shared, private or locked", "sharing=x"),
        ("type=cache,target=/m,mode=rwx", "invalid value for mode: 'rwx'", "write it in octal", "mode=rwx"),
        ("type=cache,target=/m,mode=0o755", "invalid value for mode: '0o755'", "write it in octal", "mode=0o755"),
        ("type=tmpfs,target=/m,size=99999999999p", "invalid value for size: '99999999999p'", "write a number", None),
        ("type=cache,target=/m,mode=77777", "invalid value for mode: '77777'", "write it in octal", "mode=77777"),
        ("type=cache,target=/m,uid=root", "invalid value for uid: 'root'", "it is a number", "uid=root"),
        ("type=cache,target=/m,gid=4294967295", "invalid value for gid: '4294967295'", "it is a number", "gid=4294967295"),
        ("type=cache,target=/m,ro=maybe", "invalid value for ro: 'maybe'", "it is true or false", "ro=maybe"),
        ("type=tmpfs,target=/m,size=big", "invalid value for size: 'big'", "write a number of bytes", "size=big"),
        ("type=tmpfs,target=/m,rw=0", "a tmpfs that cannot be written to is of no use", "leave it out", "rw=0"),
        ("type=secret", "a secret mount needs an id or a target", "add id=NAME", "type=secret"),
        ("type=secret,id=a,src=b", "source and id of a secret mount mean the same", "keep id", "src=b"),
        ("type=secret,id=a,env=", "invalid value for env: ''", "it is the name of a variable", "env="),
        ("type=secret,id=a,from=one", "unexpected key 'from' for mount type 'secret'", "it takes env,", "from=one"),
        ("type=secret,id=a,ro=0", "a secret mount is always read-only", "leave it out", "ro=0"),
        ('target=/m,id="x', "a quote stands inside of 'id=\"x'", "put the whole option in double quotes", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(options: str, message: str, hint: str, place: str | None) -> None:
    written = options.replace('"', '\\"')
    error = refused(f"FROM busybox AS one\nFROM busybox\nRUN --mount={written} x\n")

    assert error.message == message
    assert (error.hint or "").startswith(hint)
    if place:
        shown = {"type=cache": options, "from=one": options, "type=secret": options} if options == place else {}
        assert marked(error) == f"Dockerfile:3: {shown.get(place, place)}"


def test_a_nul_that_came_with_an_image_is_told() -> None:
    images = FakeImages(odd=RunConfig(env=(("A", "a\0b"),)))

    error = refused("FROM odd\nRUN --mount=type=tmpfs,target=/$A x\n", images=images)

    assert (error.message, error.hint) == ("the value of target holds a NUL", "take it out")
    assert marked(error) == "Dockerfile:2: target=/$A"


def test_a_context_that_there_is_not_cannot_be_bound() -> None:
    error = refused("FROM busybox\nRUN --mount=target=/m x\n")

    assert error.message == "RUN --mount needs a build context, and this build has none"
    assert error.hint == "give a directory as the last argument, and the Dockerfile with -f -"


def test_a_source_that_the_context_lacks_is_told_with_a_near_name() -> None:
    error = refused("FROM busybox\nRUN --mount=target=/m,source=dri x\n", context=FILES)

    assert error.message == '"/dri": not found in the build context'
    assert error.hint == "did you mean dir?"
    assert marked(error) == "Dockerfile:2: source=dri"


def test_a_stage_below_cannot_be_mounted() -> None:
    error = refused("FROM busybox\nRUN --mount=from=later,target=/m x\nFROM busybox AS later\n", target="0")

    assert "is defined below, in line 3" in error.message
    assert marked(error) == "Dockerfile:2: later"


def test_a_mount_of_several_lines_is_underlined_as_a_whole() -> None:
    error = refused("FROM busybox\nRUN --mount=type=cache,\\\ntarget=/ x\n")

    assert error.message == "invalid mount target '/'"
    assert str(error.at) == "Dockerfile:2"
