"""Digests of operations are for ever: a change here invalidates every cache, so it must bump the kind instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from stagemill.digest import Digest, canonical
from stagemill.graph.mounts import BindMount, CacheMount, HostMount, SecretMount, SshMount, TmpfsMount
from stagemill.graph.operations import (
    BaseImage,
    Context,
    Copy,
    Git,
    Http,
    InlineFile,
    MakeDirectory,
    Operation,
    Origin,
    Run,
    Scratch,
    Stack,
)

A = Digest("sha256:" + "a" * 64)

GOLDEN: list[tuple[str, Operation, str, str]] = [
    (
        "the empty tree",
        Scratch(),
        '{"kind":"scratch/1"}',
        "sha256:42942c4a35b64d8870cbcb8c601f422ade103105e5dbc40b5fab9f7fc7a2b879",
    ),
    (
        "a base image",
        BaseImage(manifest=A, platform="linux/amd64"),
        '{"kind":"base/1","manifest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","platform":"linux/amd64"}',
        "sha256:ae3923a9ed063235c68e4299162b15aa07465d0f95ede37dc574e8762aa4a9fa",
    ),
    (
        "a base image, wherever it is found",
        BaseImage(manifest=A, platform="linux/amd64", reference="docker.io/library/debian:12"),
        '{"kind":"base/1","manifest":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","platform":"linux/amd64"}',
        "sha256:ae3923a9ed063235c68e4299162b15aa07465d0f95ede37dc574e8762aa4a9fa",
    ),
    (
        "a context",
        Context(name="context", content=A),
        '{"content":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kind":"context/1","name":"context"}',
        "sha256:2430b94839ab2e5abcc6deb7e1036b44843ba7d21f7dbe6f4485665a5071d060",
    ),
    (
        "a run with what it must have",
        Run(args=("/bin/sh", "-c", "make"), env=(), cwd="/", user=""),
        '{"args":["/bin/sh","-c","make"],"capabilities":[],"cwd":"/","devices":[],"env":[],"hostname":"","hosts":[],"kind":"run/3","mounts":[],"network":"default","platform":"","script":null,"security":"sandbox","shm_size":0,"ulimits":[],"user":""}',
        "sha256:79d4a06aab21410b8b72213a088f401791624f2208efeb0eaf84bdaf9a4cca42",
    ),
    (
        "a run with everything",
        Run(
            args=("/bin/sh", "-c", "echo 'ü'"),
            env=(("PATH", "/bin"), ("A", "")),
            cwd="/src",
            user="app:app",
            network="none",
            platform="linux/arm64",
            hostname="mill",
            script=("file", "#!/bin/sh\necho\n"),
            extra_hosts=("10.0.0.1\tdb",),
        ),
        '{"args":["/bin/sh","-c","echo \'ü\'"],"capabilities":[],"cwd":"/src","devices":[],"env":[["PATH","/bin"],["A",""]],"hostname":"mill","hosts":["db"],"kind":"run/3","mounts":[],"network":"none","platform":"linux/arm64","script":["file","#!/bin/sh\\necho\\n"],"security":"sandbox","shm_size":0,"ulimits":[],"user":"app:app"}',
        "sha256:20a296c655bcb0ede566c9145e0bfb5a90c5af895308eb11fe8dc22d394a578f",
    ),
    (
        "a run behind a proxy",
        Run(args=("/bin/sh", "-c", "make"), env=(), cwd="/", user="", proxy=(("http_proxy", "http://proxy"),)),
        '{"args":["/bin/sh","-c","make"],"capabilities":[],"cwd":"/","devices":[],"env":[],"hostname":"","hosts":[],"kind":"run/3","mounts":[],"network":"default","platform":"","script":null,"security":"sandbox","shm_size":0,"ulimits":[],"user":""}',
        "sha256:79d4a06aab21410b8b72213a088f401791624f2208efeb0eaf84bdaf9a4cca42",
    ),
    (
        "an insecure run with every kind of mount",
        Run(
            args=("make",),
            env=(),
            cwd="/",
            user="",
            mounts=(
                BindMount("/src", "app", writable=True),
                CacheMount(
                    "/c", id="/x", sharing="locked", source="a", seeded=True, read_only=True, mode=0o700, uid=1, gid=2
                ),
                TmpfsMount("/t", 64),
                SecretMount("token", target="/s", env="TOKEN", required=True, mode=0o440, uid=3, gid=4),
                SshMount("default", "/agent", required=True, mode=0o660, uid=5, gid=6),
            ),
            security="insecure",
        ),
        '{"args":["make"],"capabilities":[],"cwd":"/","devices":[],"env":[],"hostname":"","hosts":[],"kind":"run/3","mounts":[{"target":"/src","type":"bind","writable":true},{"gid":2,"mode":448,"read_only":true,"source":"a","target":"/c","type":"cache","uid":1},{"size":64,"target":"/t","type":"tmpfs"},{"env":"TOKEN","gid":4,"id":"token","mode":288,"required":true,"target":"/s","type":"secret","uid":3},{"gid":6,"id":"default","mode":432,"required":true,"target":"/agent","type":"ssh","uid":5}],"network":"default","platform":"","script":null,"security":"insecure","shm_size":0,"ulimits":[],"user":""}',
        "sha256:2491a3aadd9a1746535774f237407cbe062d40e287299ca0bd99e09a1b576eaa",
    ),
    (
        "a copy with what it must have",
        Copy(sources=("src",), destination="/app/"),
        '{"destination":"/app/","excludes":[],"files":[],"keep_owner":false,"kind":"copy/2","mode":"","named_owner":false,"owner":"","parents":false,"sources":["src"],"unpack":false}',
        "sha256:0c18e4414ffb6ad2951e4daf37fb3564f5bfa3584ee880e97b928b764fc45895",
    ),
    (
        "a copy with everything",
        Copy(
            sources=("a", "b*"),
            destination="/app",
            files=(InlineFile(name="motd", content="hello\n"),),
            owner="1000:1000",
            mode="u=rwX,go=rX",
            keep_owner=True,
            unpack=True,
            excludes=("*.md", "!a.md"),
            parents=True,
            named_owner=True,
        ),
        '{"destination":"/app","excludes":["*.md","!a.md"],"files":[["motd","hello\\n"]],"keep_owner":true,"kind":"copy/2","mode":"u=rwX,go=rX","named_owner":true,"owner":"1000:1000","parents":true,"sources":["a","b*"],"unpack":true}',
        "sha256:b25221cd2e015541f5b7eeaf95e5002b7a462f7874d9169426d8b450009d3155",
    ),
    (
        "a linked layer on a tree",
        Stack(),
        '{"kind":"stack/1"}',
        "sha256:368d8d971c43d9c3b439f6f7964ec5370ebc43c2d676c49468696e88c18b6ae9",
    ),
    (
        "a copy from several trees",
        Copy((), "/x/", origins=(Origin(("a",), unpack=True), Origin(("b",)))),
        '{"destination":"/x/","excludes":[],"files":[],"keep_owner":false,"kind":"copy/2","mode":"","named_owner":false,"origins":[{"sources":["a"],"unpack":true},{"sources":["b"],"unpack":false}],"owner":"","parents":false,"sources":[],"unpack":false}',
        "sha256:5611ad85a7ca8bdbf8cd72c1faace9e6527adda3e157525743bc5570cf9c31cc",
    ),
    (
        "a file of a URL",
        Http(A, "foo", url="https://h/foo", login="me:secret", mtime=5),
        '{"content":"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","kind":"http/1","name":"foo"}',
        "sha256:76bb1e2ddfd87e670dd6b2433392fdaa9345fa5054eef66bacde284a86c3d627",
    ),
    (
        "a commit",
        Git("c" * 40, remote="https://h/r.git", ref="refs/heads/main", login="me:secret"),
        '{"checkout_times":false,"commit":"cccccccccccccccccccccccccccccccccccccccc","kind":"git/1","origin":null,"subdir":"","submodules":true}',
        "sha256:0ea33f31e2125510069b821de4170ebfb45da8eeb322567666a6eb396433f184",
    ),
    (
        "a commit with its repository",
        Git(
            "c" * 40,
            "",
            keep_git_dir=True,
            submodules=False,
            checkout_times=True,
            remote="https://h/r.git",
            ref="refs/tags/v1",
        ),
        '{"checkout_times":true,"commit":"cccccccccccccccccccccccccccccccccccccccc","kind":"git/1","origin":"https://h/r.git#refs/tags/v1","subdir":"","submodules":false}',
        "sha256:e13246e1d7fd1defa7335cdbbf3cc747b343bf472bc6ff5fed5847d019833073",
    ),
    (
        "a directory",
        MakeDirectory(path="/app", user="app"),
        '{"kind":"mkdir/1","path":"/app","user":"app"}',
        "sha256:89971064f4aaa700d9cdfcffb36c71d56d34995199674ab6c89e29ab1e196e29",
    ),
]


@pytest.mark.parametrize(("operation", "form", "digest"), [row[1:] for row in GOLDEN], ids=[row[0] for row in GOLDEN])
def test_the_canonical_form_of_an_operation_stays_as_it_is(operation: Operation, form: str, digest: str) -> None:
    actual = canonical(operation.canonical())

    assert actual.decode() == form
    assert Digest.of(actual) == digest


def test_every_kind_of_operation_is_pinned() -> None:
    pinned = {type(operation) for _, operation, _, _ in GOLDEN}

    assert pinned == set(get_args(Operation))


def test_no_two_kinds_share_a_name() -> None:
    kinds = [kind.kind for kind in get_args(Operation)]

    assert sorted(set(kinds)) == sorted(kinds)


@pytest.mark.parametrize(
    "change",
    [
        {"args": ("/bin/sh", "-c", "other")},
        {"env": (("A", "1"),)},
        {"cwd": "/src"},
        {"user": "app"},
        {"network": "none"},
        {"platform": "linux/arm64"},
        {"hostname": "mill"},
        {"script": ("name", "body")},
        {"extra_hosts": ("db=10.0.0.1",)},
        {"mounts": (TmpfsMount("/t"),)},
        {"security": "insecure"},
        {"ulimits": (("nofile", 1, 2),)},
        {"shm_size": 1},
        {"capabilities": ("+net_admin",)},
        {"devices": (("example.com/gpu=0", True),)},
        {"mounts": (HostMount("/here", "/there"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_that_a_process_can_see_is_in_the_key_of_a_run(change: dict[str, Any]) -> None:
    run = Run(args=("/bin/sh", "-c", "make"), env=(), cwd="/", user="")

    assert replace(run, **change).canonical() != run.canonical()


def test_what_is_in_a_directory_of_this_machine_is_in_no_key() -> None:
    assert HostMount("/a", "/t").canonical() == HostMount("/b", "/t").canonical()
    assert HostMount("/a", "/t").canonical() != HostMount("/a", "/t", read_only=True).canonical()


def test_the_order_of_the_environment_is_in_the_key() -> None:
    one = Run(args=("make",), env=(("A", "1"), ("B", "2")), cwd="/", user="")
    other = replace(one, env=one.env[::-1])

    assert one.canonical() != other.canonical()
