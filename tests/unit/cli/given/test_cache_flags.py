"""--cache-from and --cache-to: what they say, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from stagemill.cache.documents import Form
from stagemill.cli.given.cache_flags import CacheFrom, CacheTo, caches_from, caches_to
from stagemill.digest import Digest
from stagemill.errors import UsageError
from stagemill.layer.compression import Compression
from stagemill.oci.reference import Reference

REFERENCE = Reference.parse("registry.example/team/cache:main")
DIGEST = Digest.of(b"manifest")


class TestCacheFrom:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("registry.example/team/cache:main", CacheFrom("registry", REFERENCE)),
            ("type=registry,ref=registry.example/team/cache:main", CacheFrom("registry", REFERENCE)),
            ("ref=app@" + DIGEST + ",type=registry", CacheFrom("registry", Reference.parse(f"app@{DIGEST}"))),
            ("TYPE=local,SRC=some/where", CacheFrom("local", directory=Path("some/where"))),
            ("type=local,src=a,tag=dev", CacheFrom("local", directory=Path("a"), tag="dev")),
            (f"type=local,src=a,digest={DIGEST}", CacheFrom("local", directory=Path("a"), digest=DIGEST)),
            ('type=local,"src=a,b"', CacheFrom("local", directory=Path("a,b"))),
        ],
    )
    def test_it_is_the_name_of_an_image_or_a_directory(self, text: str, expected: CacheFrom) -> None:
        assert caches_from([text]) == (expected,)

    def test_several_are_kept_in_their_order_and_each_once(self) -> None:
        assert [each.name for each in caches_from(["b", "type=local,src=a", "b:latest"])] == ["b:latest", "a"]

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("", "it has no type", "the types are registry, local, s3, gha, azblob"),
            ("src=a", "it has no type", "the types are registry, local, s3, gha, azblob"),
            ("type=loca,src=a", "unknown type 'loca'", "did you mean local?"),
            ("type=local", "it has no src", "name the directory of the cache: src=DIRECTORY"),
            ("type=local,src=", "it has no src", "name the directory of the cache: src=DIRECTORY"),
            ("type=local,sr=a", "unknown key 'sr' of type=local", "did you mean src?"),
            ("type=local,src=a,mode=max", "unknown key 'mode' of type=local", "type=local has digest, src, tag"),
            ("type=local,src=a,digest=x", "'x' is no digest", "write digest=sha256: and 64 hex digits"),
            ("type=registry", "it has no ref", "name the image that is the cache: ref=REGISTRY/NAME:TAG"),
            ("type=registry,ref=A", "'A' is no image reference: repository names are in lower case", "write ref="),
            ("type=local,src", "'src' is no key=value", "write --cache-from type=registry,ref=NAME"),
            ('type=local,"src', "unexpected end of data", "write --cache-from type=registry,ref=NAME"),
        ],
    )
    def test_what_it_is_not_is_told(self, text: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_from([text])

        assert caught.value.message == f"invalid --cache-from {text!r}: {message}"
        assert str(caught.value.hint).startswith(hint)


class TestCacheTo:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("registry.example/team/cache:main", CacheTo("registry", REFERENCE)),
            ("inline", CacheTo("inline")),
            ("type=inline", CacheTo("inline")),
            ("type=inline,mode=min", CacheTo("inline")),
            ("type=local,dest=a", CacheTo("local", directory=Path("a"))),
            (
                "type=local,dest=a,tag=dev,mode=min,reset=false,image-manifest=false,oci-mediatypes=0,ignore-error=true",
                CacheTo(
                    "local",
                    directory=Path("a"),
                    tag="dev",
                    mode="min",
                    form=Form(image_manifest=False, oci_types=False),
                    ignore_error=True,
                    clean=False,
                ),
            ),
            (
                "type=registry,ref=registry.example/team/cache:main,compression=zstd,compression-level=19,force-compression=1",
                CacheTo("registry", REFERENCE, compression=Compression("zstd", 19), force=True),
            ),
            (
                "type=local,dest=a,compression=uncompressed",
                CacheTo("local", directory=Path("a"), compression=Compression("uncompressed")),
            ),
            (
                "type=local,dest=a,compression-level=9",
                CacheTo("local", directory=Path("a"), compression=Compression("gzip", 9)),
            ),
            (
                "type=local,dest=a,mounts=/root/.npm,mounts=go,max-size=2g",
                CacheTo("local", directory=Path("a"), mounts=frozenset({"/root/.npm", "go"}), most=2 << 30),
            ),
            ("type=local,dest=a,mounts=all", CacheTo("local", directory=Path("a"), every_mount=True)),
        ],
    )
    def test_it_says_where_to_and_how(self, text: str, expected: CacheTo) -> None:
        assert caches_to([text]) == (expected,)

    def test_every_step_is_exported_where_nothing_is_said(self) -> None:
        assert caches_to(["type=local,dest=a"])[0].mode == "max"

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("type=regstry,ref=a", "unknown type 'regstry'", "did you mean registry?"),
            ("type=local,src=a", "unknown key 'src' of type=local", "did you mean dest?"),
            ("type=local,dest=a,mode=most", "unknown mode 'most'", "it is max (every step) or min (those in the image)"),
            ("type=inline,mode=max", "mode=max is not for type=inline", "an image carries only its own layers"),
            ("type=local,dest=a,compression=zst", "unknown compression 'zst'", "did you mean zstd?"),
            ("type=local,dest=a,compression=lz4", "unknown compression 'lz4'", "there are gzip, zstd, uncompressed"),
            ("type=local,dest=a,compression-level=10", "compression-level=10 is none of gzip", "gzip has the levels 0 to 9"),
            (
                "type=local,dest=a,compression=zstd,compression-level=23",
                "compression-level=23 is none of zstd",
                "zstd has the levels 0 to 22",
            ),
            (
                "type=local,dest=a,compression=uncompressed,compression-level=1",
                "compression-level=1 is none of uncompressed",
                "uncompressed has no levels",
            ),
            ("type=local,dest=a,mounts=all,max-size=big", "max-size=big is no size", "write max-size=500m or max-size=2g"),
            ("type=local,dest=a,max-size=1g", "max-size is of cache mounts, and there are none", "add mounts=all"),
            ("type=inline,mounts=all", "unknown key 'mounts' of type=inline", "type=inline has mode"),
            ("type=local,dest=a,reset=yes", "reset=yes is neither true nor false", "write reset=true or reset=false"),
            (f"type=registry,ref=a@{DIGEST}", "a cache is written under a tag, not a digest", "write ref=REGISTRY/NAME:TAG"),
        ],
    )  # fmt: skip
    def test_what_it_is_not_is_told(self, text: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_to([text])

        assert caught.value.message == f"invalid --cache-to {text!r}: {message}"
        assert str(caught.value.hint).startswith(hint)
