"""Digests of operations are for ever: a change here invalidates every cache, so it must bump the kind instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from stagemill.digest import Digest, canonical
from stagemill.graph.mounts import BindMount, CacheMount, SecretMount, SshMount, TmpfsMount
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
        '{"args":["/bin/sh","-c","make"],"cwd":"/","env":[],"hostname":"","hosts":[],"kind":"run/2","mounts":[],"network":"default","platform":"","script":null,"security":"sandbox","user":""}',
        "sha256:2690d1a78551ccd8403ce6240b19334d9ebcf7b214741bbc9223e39d836560e0",
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
        '{"args":["/bin/sh","-c","echo \'ü\'"],"cwd":"/src","env":[["PATH","/bin"],["A",""]],"hostname":"mill","hosts":["db"],"kind":"run/2","mounts":[],"network":"none","platform":"linux/arm64","script":["file","#!/bin/sh\\necho\\n"],"security":"sandbox","user":"app:app"}',
        "sha256:282f6fe8bb4f4be410332e9b5124a7f41b32a05fb1e067bcdf1f6a934e6395c0",
    ),
    (
        "a run behind a proxy",
        Run(args=("/bin/sh", "-c", "make"), env=(), cwd="/", user="", proxy=(("http_proxy", "http://proxy"),)),
        '{"args":["/bin/sh","-c","make"],"cwd":"/","env":[],"hostname":"","hosts":[],"kind":"run/2","mounts":[],"network":"default","platform":"","script":null,"security":"sandbox","user":""}',
        "sha256:2690d1a78551ccd8403ce6240b19334d9ebcf7b214741bbc9223e39d836560e0",
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
        '{"args":["make"],"cwd":"/","env":[],"hostname":"","hosts":[],"kind":"run/2","mounts":[{"target":"/src","type":"bind","writable":true},{"gid":2,"mode":448,"read_only":true,"source":"a","target":"/c","type":"cache","uid":1},{"size":64,"target":"/t","type":"tmpfs"},{"env":"TOKEN","gid":4,"id":"token","mode":288,"required":true,"target":"/s","type":"secret","uid":3},{"gid":6,"id":"default","mode":432,"required":true,"target":"/agent","type":"ssh","uid":5}],"network":"default","platform":"","script":null,"security":"insecure","user":""}',
        "sha256:2f092e34245819d0a3f6796f3c2d852ef76ff4aa7f825a0da24ac6f68e7d0201",
    ),
    (
        "a copy with what it must have",
        Copy(sources=("src",), destination="/app/"),
        '{"destination":"/app/","files":[],"keep_owner":false,"kind":"copy/1","mode":"","owner":"","sources":["src"],"unpack":false}',
        "sha256:889723cc82bec959a9e4e6c790e75345924a8dea0953fd315e2e9c24200ba10d",
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
        ),
        '{"destination":"/app","files":[["motd","hello\\n"]],"keep_owner":true,"kind":"copy/1","mode":"u=rwX,go=rX","owner":"1000:1000","sources":["a","b*"],"unpack":true}',
        "sha256:54ebdd0b34c945f562546fefd081eb55f8e87ae4d8fea1516140b8da9f069c48",
    ),
    (
        "a copy from several trees",
        Copy((), "/x/", origins=(Origin(("a",), unpack=True), Origin(("b",)))),
        '{"destination":"/x/","files":[],"keep_owner":false,"kind":"copy/1","mode":"","origins":[{"sources":["a"],"unpack":true},{"sources":["b"],"unpack":false}],"owner":"","sources":[],"unpack":false}',
        "sha256:e919a00aa77a97443958911dab486f4a7982d30acf2de89c2ee89d07d87e0482",
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
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_that_a_process_can_see_is_in_the_key_of_a_run(change: dict[str, Any]) -> None:
    run = Run(args=("/bin/sh", "-c", "make"), env=(), cwd="/", user="")

    assert replace(run, **change).canonical() != run.canonical()


def test_the_order_of_the_environment_is_in_the_key() -> None:
    one = Run(args=("make",), env=(("A", "1"), ("B", "2")), cwd="/", user="")
    other = replace(one, env=one.env[::-1])

    assert one.canonical() != other.canonical()
