"""Caches that are neither in a registry nor in a directory: what the keys say, and the environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagemill.cache.actions import Service
from stagemill.cache.azure import Container
from stagemill.cache.s3 import Bucket
from stagemill.cli.given.cache_flags import caches_from, caches_to
from stagemill.errors import UsageError


class TestBuckets:
    def test_the_keys_are_buildkits(self) -> None:
        text = (
            "type=s3,bucket=b,region=eu-1,name=main;dev,prefix=p/,blobs_prefix=x/,manifests_prefix=y/,"
            "endpoint_url=http://127.0.0.1:9,use_path_style=true,access_key_id=k,secret_access_key=s,session_token=t,"
            "retry_mode=adaptive,retry_max_attempts=7"
        )

        (source,), (target,) = (
            caches_from([text]),
            caches_to([f"{text},mode=min,touch_refresh=90m,upload_parallelism=8"]),
        )

        expected = Bucket(
            "b", ("main", "dev"), "eu-1", "p/", "x/", "y/", "http://127.0.0.1:9", True, "k", "s", "t",
            attempts=7, retry_mode="adaptive",
        )  # fmt: skip
        assert source.bucket == expected
        assert target.bucket == replace(expected, touch=5400.0)
        assert (target.mode, target.parallel) == ("min", 8)
        assert source.name == "s3://b/p/main"
        assert "secret" not in repr(target)

    @pytest.mark.parametrize(
        ("key", "message", "hint"),
        [
            ("retry_max_attempts=0", "retry_max_attempts=0 is no number from 1 to 100", "write retry_max_attempts=4"),
            ("upload_parallelism=x", "upload_parallelism=x is no number from 1 to 100", "write upload_parallelism=4"),
            ("touch_refresh=day", "touch_refresh=day is no time", "write touch_refresh=24h"),
            ("retry_mode=legacy", "unknown retry_mode 'legacy'", "it is standard or adaptive"),
            (
                "disable_accept_encoding=true",
                "disable_accept_encoding is not for --cache-to here",
                "leave it out: Accept-Encoding is not among the headers that are signed here",
            ),
        ],
    )
    def test_what_is_wrong_is_told(self, key: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_to([f"type=s3,bucket=b,{key}"])

        assert (caught.value.message, caught.value.hint) == (
            f"invalid --cache-to 'type=s3,bucket=b,{key}': {message}",
            hint,
        )

    @pytest.mark.parametrize("key", ["touch_refresh=1h", "upload_parallelism=2"])
    def test_what_is_for_writing_is_told_where_it_is_read(self, key: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_from([f"type=s3,bucket=b,{key}"])

        assert "is not for --cache-from here" in caught.value.message
        assert str(caught.value.hint).startswith("leave it out: it is for --cache-to")

    def test_the_environment_says_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_BUCKET", "ours")
        monkeypatch.setenv("AWS_REGION", "eu-1")

        assert caches_from(["type=s3"])[0].bucket == Bucket("ours", region="eu-1")

    def test_no_secret_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_BUCKET", raising=False)

        with pytest.raises(UsageError) as caught:
            caches_to(["type=s3,secret_access_key=hush,session_token=quiet"])

        assert caught.value.message == (
            "invalid --cache-to 'type=s3,secret_access_key=***,session_token=***': it has no bucket"
        )


class TestContainers:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("URL", "NAME"):
            monkeypatch.delenv(f"BUILDKIT_AZURE_STORAGE_ACCOUNT_{name}", raising=False)
        for name in ("CONTAINER", "PREFIX"):
            monkeypatch.delenv(f"BUILDKIT_AZURE_STORAGE_{name}", raising=False)

    def test_the_keys_are_buildkits(self) -> None:
        url = "https://ours.blob.example"
        text = (
            f"type=azblob,account_url={url},account_name=other,secret_access_key=aHVzaA==,container=c,name=main;dev,"
            "prefix=p,blobs_prefix=x,manifests_prefix=y"
        )

        (source,), (target,) = caches_from([text]), caches_to([f"{text},mode=min"])

        expected = Container(url, "other", "aHVzaA==", "c", ("main", "dev"), "p", "x", "y")
        assert source.container == target.container == expected
        assert (target.mode, target.name) == ("min", "azblob:other/c/p/main")
        assert "aHVzaA==" not in repr(target)

    def test_the_environment_says_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BUILDKIT_AZURE_STORAGE_ACCOUNT_URL", "https://ours.blob.example?sig=hush")
        monkeypatch.setenv("BUILDKIT_AZURE_STORAGE_CONTAINER", "c")
        monkeypatch.setenv("BUILDKIT_AZURE_STORAGE_PREFIX", "p")

        (source,) = caches_from(["type=azblob"])

        assert source.container == Container("https://ours.blob.example?sig=hush", "ours", container="c", prefix="p")
        assert "hush" not in repr(source)

    @pytest.mark.parametrize(
        ("text", "shown", "message", "hint"),
        [
            ("type=azblob", "type=azblob", "it has no account_url", "write account_url=https://NAME.blob"),
            (
                "type=azblob,account_url=https://a",
                "type=azblob,account_url=https://a",
                "it has no secret_access_key",
                "give the account's key, or an account_url with a shared access signature",
            ),
            (
                "type=azblob,account_url=https://a?sv=1&sig=hush,contaner=x",
                "type=azblob,account_url=https://a?sv=1&sig=***,contaner=x",
                "unknown key 'contaner' of type=azblob",
                "did you mean container?",
            ),
        ],
    )
    def test_what_is_wrong_is_told_without_a_secret(self, text: str, shown: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_from([text])

        assert caught.value.message == f"invalid --cache-from '{shown}': {message}"
        assert str(caught.value.hint).startswith(hint)


class TestActions:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("ACTIONS_RESULTS_URL", "ACTIONS_RUNTIME_TOKEN"):
            monkeypatch.delenv(name, raising=False)

    def test_the_keys_are_buildkits(self) -> None:
        text = "type=gha,url_v2=http://127.0.0.1:9/,token=hush,scope=app,version=2"

        (source,), (target,) = caches_from([text]), caches_to([f"{text},mode=min,ignore-error=true"])

        assert source.service == target.service == Service("http://127.0.0.1:9/", "hush", "app")
        assert (source.name, target.name, target.mode, target.ignore_error) == ("gha:app", "gha:app", "min", True)
        assert "hush" not in repr(target)

    def test_the_environment_says_the_rest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ACTIONS_RESULTS_URL", "http://127.0.0.1:9/")
        monkeypatch.setenv("ACTIONS_RUNTIME_TOKEN", "hush")

        assert caches_from(["type=gha"])[0].service == Service("http://127.0.0.1:9/", "hush")

    @pytest.mark.parametrize(
        ("text", "shown", "message", "hint"),
        [
            ("type=gha", "type=gha", "it has no url_v2", "an action such as crazy-max/ghaction-github-runtime shows"),
            ("type=gha,url_v2=x", "type=gha,url_v2=x", "it has no token", "an action such as"),
            ("type=gha,version=1,token=t", "type=gha,version=1,token=***", "there is only version=2 any more", "leave"),
            (
                "type=gha,url=x",
                "type=gha,url=x",
                "url is not for --cache-from here",
                "leave it out: GitHub has switched",
            ),
            ("type=gha,ghtoken=x", "type=gha,ghtoken=***", "ghtoken is not for --cache-from here", "leave them out: "),
            (
                "type=gha,repository=x",
                "type=gha,repository=x",
                "repository is not for --cache-from here",
                "leave them out",
            ),
            (
                "type=gha,timeout=1m",
                "type=gha,timeout=1m",
                "timeout is not for --cache-from here",
                "leave it out: an import",
            ),
        ],
    )
    def test_what_is_wrong_is_told_without_a_secret(self, text: str, shown: str, message: str, hint: str) -> None:
        with pytest.raises(UsageError) as caught:
            caches_from([text])

        assert caught.value.message == f"invalid --cache-from '{shown}': {message}"
        assert str(caught.value.hint).startswith(hint)
